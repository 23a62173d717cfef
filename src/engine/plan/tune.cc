#include "src/engine/plan/tune.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "src/base/aligned_buffer.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {
namespace {

// What is estimated to take longer than this times the least estimate is not worth a timing.
constexpr double kHopeless = 2.0;
// Runs of a kernel, and the time after which no further one starts.
constexpr int kRuns = 6;
constexpr double kEnoughMs = 60;

// Numbers of ordinary size: zeros, infinities and denormals would run at another speed.
Result<AlignedBuffer> Filled(size_t bytes) {
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(bytes));
  float* to = buffer.as<float>();
  for (size_t i = 0; i < bytes / sizeof(float); ++i) to[i] = 0.01f * static_cast<float>(i % 17);
  return buffer;
}

}  // namespace

std::string TimingKey(const ConvKernel& kernel, const ConvProblem& p) {
  std::string key = kernel.name;
  const Epilogue& e = p.epilogue;
  for (const int x : {p.batch,
                      p.in_channels,
                      p.in_height,
                      p.in_width,
                      p.out_channels,
                      p.out_height,
                      p.out_width,
                      p.kernel_h,
                      p.kernel_w,
                      p.stride_h,
                      p.stride_w,
                      p.dilation_h,
                      p.dilation_w,
                      p.pad_top,
                      p.pad_left,
                      p.groups,
                      static_cast<int>(p.in_layout),
                      static_cast<int>(p.out_layout),
                      static_cast<int>(e.activation),
                      int{e.residual},
                      int{e.residual_after}}) {
    key += ' ';
    key += std::to_string(x);
  }
  if (p.max_pool) key += " max_pool";
  return key;
}

double WeightPrice(const ConvKernel& kernel, const ConvProblem& p) {
  const int group_channels = p.in_channels / p.groups;
  const double plain = 4.0 * p.out_channels * group_channels * p.kernel_h * p.kernel_w;
  return 5e-8 * std::max(static_cast<double>(kernel.packed_bytes(p)) - plain, 0.0);
}

std::optional<double> TimeConv(const ConvKernel& kernel, const ConvProblem& p, ThreadPool& pool) {
  using Clock = std::chrono::steady_clock;
  const Shape4 in{p.batch, p.in_channels, p.in_height, p.in_width};
  const Shape4 out{p.batch, p.out_channels, p.out_height, p.out_width};
  const auto bytes = [](int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); };
  auto input = Filled(bytes(TensorFloats(p.in_layout, in)));
  auto output = AlignedBuffer::Allocate(bytes(TensorFloats(p.out_layout, out)));
  auto residual = Filled(p.epilogue.residual || p.epilogue.residual_after
                             ? bytes(TensorFloats(p.out_layout, out))
                             : 0);
  auto weights =
      Filled(bytes(int64_t{p.out_channels} * (p.in_channels / p.groups) * p.kernel_h * p.kernel_w));
  auto packed = AlignedBuffer::Allocate(kernel.packed_bytes(p));
  auto scratch = AlignedBuffer::Allocate(kernel.scratch_bytes(p, pool.size()));
  for (const auto* buffer : {&input, &output, &residual, &weights, &packed, &scratch}) {
    if (!buffer->ok()) return std::nullopt;
  }
  kernel.pack(p, weights->as<float>(), nullptr, packed->data());
  ConvArgs args;
  args.input = input->as<float>();
  args.input_batch_stride = ImageFloats(p.in_layout, in);
  args.packed = packed->data();
  args.residual = residual->as<float>();
  args.output = output->as<float>();
  args.output_batch_stride = args.residual_batch_stride = ImageFloats(p.out_layout, out);
  args.scratch = scratch->data();
  double best = std::numeric_limits<double>::infinity(), sum = 0;
  for (int i = 0; i <= kRuns && (i < 2 || sum < kEnoughMs); ++i) {
    const auto start = Clock::now();
    kernel.run(p, args, pool);
    const std::chrono::duration<double, std::milli> took = Clock::now() - start;
    sum += took.count();
    if (i > 0) best = std::min(best, took.count());  // the first one brings in pages and caches
  }
  return best;
}

void TakeTimings(Choices& choices, Timings& timings, Timings::Mode mode, ThreadPool& pool) {
  if (mode == Timings::Mode::kOff) return;
  std::vector<Variant>& variants = choices.variants;
  // A kernel competes with those that take and give the same layouts.
  const auto same = [](const Variant& a, const Variant& b) {
    return !a.in.empty() && !b.in.empty() && a.in[0] == b.in[0] && a.out == b.out;
  };
  std::vector<double> estimates;
  estimates.reserve(variants.size());
  for (const Variant& variant : variants) estimates.push_back(variant.cost);
  for (size_t i = 0; i < variants.size(); ++i) {
    Variant& variant = variants[i];
    if (variant.timing_key.empty()) continue;
    std::optional<double> known = timings.Find(variant.timing_key);
    if (!known && mode == Timings::Mode::kTime) {
      bool rival = false, hopeless = false;
      for (size_t k = 0; k < variants.size(); ++k) {
        if (k == i || variants[k].timing_key.empty() || !same(variant, variants[k])) continue;
        rival = rival || estimates[k] < kHopeless * estimates[i];
        hopeless = hopeless || estimates[i] > kHopeless * estimates[k];
      }
      if (rival && !hopeless) known = variant.measure(pool);
      if (known) timings.Add(variant.timing_key, *known);
    }
    if (!known) continue;
    variant.cost = *known;
    variant.timed = true;
  }
  // How far off the estimate of the most promising one was.
  double least = std::numeric_limits<double>::infinity(), scale = 1;
  for (size_t i = 0; i < variants.size(); ++i) {
    if (!variants[i].timed || estimates[i] >= least) continue;
    least = estimates[i];
    scale = variants[i].cost / estimates[i];
  }
  for (Variant& variant : variants) {
    if (!variant.timing_key.empty() && !variant.timed) variant.cost *= scale;
  }
}

}  // namespace peel::engine
