#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/winograd_f4.cc"
#include <hwy/foreach_target.h>
//
#include "src/engine/kernels/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {

void RunF4(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  RunWinograd<4>(problem, args, pool);
}

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "src/base/cpu.h"
#include "src/engine/kernels/winograd_host.h"

namespace peel::engine {
namespace {

HWY_EXPORT(RunF4);

void Run(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  InitCpu();
  HWY_DYNAMIC_DISPATCH(RunF4)(problem, args, pool);
  FinishEpilogue(problem, args, pool, /*residual_added=*/IsClamp(problem.epilogue));
}
double Cost(const ConvProblem& problem, int threads) { return WinogradCost(problem, 4, threads); }
size_t PackedBytes(const ConvProblem& problem) { return WinogradPackedBytes(problem, 4); }
void Pack(const ConvProblem& problem, const float* weights, const float* bias, void* packed) {
  PackWinograd(problem, 4, weights, bias, packed);
}
size_t ScratchBytes(const ConvProblem& problem, int threads) {
  return WinogradScratchBytes(problem, 4, threads);
}

}  // namespace

const ConvKernel kWinogradF4 = {"winograd_f4", RejectWinograd, Cost, PackedBytes,
                                Pack,          ScratchBytes,   Run};

}  // namespace peel::engine
#endif
