#pragma once

#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/epilogue.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// y = activation(x). input may be output. Blocked channels past the last stay zero. The errors of
// the transcendental ones are those of math-inl.h: a few units in the last place.
void RunActivation(Activation activation, float alpha, float beta, Layout layout,
                   const Shape4& shape, ConstSlice input, Slice output, ThreadPool& pool);

enum class UnaryOp : uint8_t { kExp, kLog, kSqrt, kReciprocal, kNeg, kAbs, kErf, kFloor, kCeil };
void RunUnary(UnaryOp op, Layout layout, const Shape4& shape, ConstSlice input, Slice output,
              ThreadPool& pool);

// a op b, element by element.
enum class BinaryOp : uint8_t { kAdd, kSub, kMul, kDiv, kMin, kMax };

// How the second operand stretches over the first.
enum class Broadcast : uint8_t {
  kSame,        // the first's shape and layout
  kScalar,      // one float
  kPerChannel,  // [C] or [N,C,1,1]: C dense floats an image (b.batch_stride 0: the same for all)
  kSpatial,     // [H,W] or [N,1,H,W]: spatial_step floats from pixel to pixel
};

// One elementwise operation on two tensors.
struct BinaryProblem {
  BinaryOp op = BinaryOp::kAdd;
  Layout layout = Layout::kBlocked;
  Shape4 shape;  // of the first operand and of the result
  Broadcast broadcast = Broadcast::kSame;
  bool swapped = false;  // computes b op a instead of a op b
  // kSpatial: 1 where b is plain, 16 where it is a blocked tensor of one channel.
  int spatial_step = 1;
  Epilogue epilogue;  // activation of the result; residual must be false
};

// Why RunBinary cannot do it; empty where it can.
std::string RejectBinary(const BinaryProblem& problem);
// output may be a, or with kSame b.
void RunBinary(const BinaryProblem& problem, ConstSlice a, ConstSlice b, Slice output,
               ThreadPool& pool);

}  // namespace peel::engine
