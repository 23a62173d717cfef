#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/engine/graph/graph.h"
#include "src/engine/kernels/conv/conv.h"

namespace peel::engine {

// What the steps of one run see besides what they captured.
struct RunEnv {
  // Start of every storage of the program: arena slots, constants, fed inputs.
  const std::vector<uint8_t*>* base = nullptr;
  uint8_t* scratch = nullptr;  // as large as the most demanding step asks, 64-byte aligned
  ThreadPool* pool = nullptr;
  struct Bound;
  std::vector<Bound>* bound = nullptr;  // per operation; filled for reference operators only
};

// Tensors over the run's memory for an operator that takes tensors rather than pointers.
struct RunEnv::Bound {
  std::vector<Tensor> in, out;
  std::vector<const Tensor*> in_pointers;  // null where left out
};

// One operand as a kernel gets it.
struct Operand {
  bool present = false;
  int storage = -1;
  uint64_t offset = 0;       // bytes into the storage
  int64_t batch_stride = 0;  // elements from one item of the batch to the next
  Layout layout = Layout::kPlain;
  DataType type = DataType::kUndefined;
  Shape shape;
  const Tensor* constant = nullptr;  // where the value is known before any run

  template <typename T = float>
  T* At(const RunEnv& env) const {
    return reinterpret_cast<T*>((*env.base)[static_cast<size_t>(storage)] + offset);
  }
};

using RunFunction = std::function<Status(const RunEnv&)>;

class PackedWeights;
class WeightBatch;

// What a variant gets to make its step from, once memory is laid out.
struct EmitArgs {
  const Node& node;
  size_t operation;  // index into RunEnv::bound
  std::vector<Operand> in, out;
  std::vector<char> in_place;  // Concat: this part already lies in its slice of the output
  int threads;
  WeightBatch& weights;
};

struct Emitted {
  RunFunction run;  // empty: nothing is left to do
  size_t scratch_bytes = 0;
  bool bind_tensors = false;  // wants RunEnv::Bound
  std::vector<std::shared_ptr<const PackedWeights>> packed;
};

// One way to compute a node.
struct Variant {
  enum class Kind : uint8_t {
    kCompute,
    kView,    // output 0 is the bytes of input 0 under another shape
    kConcat,  // output 0 is its parts side by side along the channels or the outermost real axis
  };
  std::string kernel;
  Kind kind = Kind::kCompute;
  std::vector<Layout> in;  // one per input of the node
  Layout out = Layout::kPlain;
  double cost = 0;  // milliseconds, estimated or timed
  bool timed = false;
  uint32_t may_overwrite = 0;  // bit i: the output may take over the memory of input i
  bool strided = false;        // inputs and output may have batch strides of their own
  bool reference = false;      // a plain reference operator
  std::function<Result<Emitted>(EmitArgs&)> emit;
  // Variants that can be timed (tune.h): what names the timing, and what takes it.
  std::string timing_key;
  std::function<std::optional<double>(ThreadPool&)> measure;
};

struct Rejection {
  std::string kernel, reason;
};

// Every way to compute one node, and why others cannot.
struct Choices {
  std::vector<Variant> variants;
  std::vector<Rejection> rejections;
  int chosen = 0;
};

// A value in one layout.
struct PlannedTensor {
  enum class Kind : uint8_t { kArena, kConstant, kInput };
  ValueId value = kNone;
  Layout layout = Layout::kPlain;
  Kind kind = Kind::kArena;
  DataType type = DataType::kUndefined;
  Shape shape;
  uint64_t bytes = 0;
  int input = -1;  // kInput: which of the graph's
  // Placement: the storage and where in it.
  int storage = -1;
  uint64_t offset = 0;
  int64_t batch_stride = 0;
  bool is_output = false;  // fetched: stays alive to the end
};

// A node, or a change of layout that the plan put in (node == kNone).
struct Operation {
  NodeId node = kNone;
  std::vector<int> in, out;  // tensors; -1 where left out
  Variant variant;
  std::vector<char> in_place;  // kConcat, per part: already in its slice
  int overwrites = -1;         // input whose memory the output took over
  bool eliminated = false;     // a view that costs nothing
};

// Memory that tensors lie in.
struct Storage {
  PlannedTensor::Kind kind = PlannedTensor::Kind::kArena;
  uint64_t bytes = 0;
  int first = 0, last = 0;  // operations between which it must be kept (kArena)
  uint64_t offset = 0;      // into the arena
  int tensor = -1;          // kConstant, kInput: the tensor it is
};

struct Program {
  std::shared_ptr<const Graph> graph;
  std::vector<PlannedTensor> tensors;
  std::vector<Operation> operations;
  std::vector<Storage> storages;
  std::vector<int> outputs;  // tensors, in the order of the fetches
  uint64_t arena_bytes = 0;
};

// Bytes of a tensor of this shape in this layout (blocked: channels rounded up to kBlock); kLimit
// where it overflows.
Result<uint64_t> LayoutBytes(DataType type, const Shape& shape, Layout layout);

}  // namespace peel::engine
