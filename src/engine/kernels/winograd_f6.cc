#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/winograd_f6.cc"
#include <hwy/foreach_target.h>
//
#include "src/engine/kernels/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {

void RunF6(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  RunWinograd<6>(problem, args, pool);
}

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "src/base/cpu.h"
#include "src/engine/kernels/winograd_host.h"

namespace peel::engine {
namespace {

HWY_EXPORT(RunF6);

void Run(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  InitCpu();
  HWY_DYNAMIC_DISPATCH(RunF6)(problem, args, pool);
  FinishEpilogue(problem, args, pool, /*residual_added=*/IsClamp(problem.epilogue));
}
double Cost(const ConvProblem& problem, int threads) { return WinogradCost(problem, 6, threads); }
size_t PackedBytes(const ConvProblem& problem) { return WinogradPackedBytes(problem, 6); }
void Pack(const ConvProblem& problem, const float* weights, const float* bias, void* packed) {
  PackWinograd(problem, 6, weights, bias, packed);
}
size_t ScratchBytes(const ConvProblem& problem, int threads) {
  return WinogradScratchBytes(problem, 6, threads);
}

}  // namespace

const ConvKernel kWinogradF6 = {"winograd_f6", RejectWinograd, Cost, PackedBytes,
                                Pack,          ScratchBytes,   Run};

}  // namespace peel::engine
#endif
