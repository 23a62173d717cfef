#include "src/rectify/warp/warp_filters.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace peel::warp {
namespace {

// Where growth begins, and where it has caught up with the scale.
constexpr double kFrom = 1.1, kTo = 1.4;

// So much of a smooth filter's end weighs too little for two more taps.
constexpr double kNegligible = 0.15;

int TapsFor(WarpFilter filter, double growth) {
  const double reach = FilterSupport(filter) * growth;
  const double spared = filter == WarpFilter::kBilinear ? 1e-9 : kNegligible;
  return 2 * static_cast<int>(std::ceil(reach - spared));
}

// The weights of one phase, normalised.
void WeightsAt(WarpFilter filter, double growth, double fraction, int before,
               std::vector<double>& weights) {
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] = FilterAt(filter, (static_cast<int>(i) - before - fraction) / growth);
    sum += weights[i];
  }
  for (double& w : weights) w /= sum;
}

// In units of 1 / 32768. The largest weight takes what rounding leaves over.
void ToFixed(const std::vector<double>& weights, std::vector<int>& fixed) {
  constexpr int kOne = 32768;
  int sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    fixed[i] = static_cast<int>(std::lround(weights[i] * kOne));
    sum += fixed[i];
  }
  int& largest = *std::max_element(fixed.begin(), fixed.end());
  largest = std::min(largest + kOne - sum, kOne - 1);
}

template <typename B>
std::unique_ptr<B> MakeBank(WarpFilter filter, int step, int phase_bits) {
  const double growth = std::exp2(static_cast<double>(step) / kStepsPerOctave);
  auto bank = std::make_unique<B>();
  bank->taps = TapsFor(filter, growth);
  bank->before = bank->taps / 2 - 1;
  bank->groups = (bank->taps + 3) / 4;
  bank->phase_bits = phase_bits;
  const size_t phases = size_t{1} << phase_bits, taps = static_cast<size_t>(bank->taps);
  const size_t across = 16 * static_cast<size_t>(bank->groups);
  bank->down.resize(phases * taps);
  bank->across.resize(phases * across);
  std::vector<double> weights(taps);
  std::vector<int> fixed(taps);
  for (size_t phase = 0; phase < phases; ++phase) {
    WeightsAt(filter, growth, static_cast<double>(phase) / static_cast<double>(phases),
              bank->before, weights);
    if constexpr (std::is_same_v<B, Bank>) ToFixed(weights, fixed);
    for (size_t i = 0; i < taps; ++i) {
      if constexpr (std::is_same_v<B, Bank>) {
        const auto half = static_cast<uint16_t>(static_cast<int16_t>(fixed[i]));
        bank->down[phase * taps + i] = static_cast<int32_t>(half * 0x10001u);
        std::fill_n(&bank->across[phase * across + 4 * i], 4, static_cast<int16_t>(fixed[i]));
      } else {
        bank->down[phase * taps + i] = static_cast<float>(weights[i]);
        std::fill_n(&bank->across[phase * across + 4 * i], 4, static_cast<float>(weights[i]));
      }
    }
  }
  return bank;
}

}  // namespace

int GrowthStep(double scale) {
  if (!(scale > kFrom)) return 0;
  const double growth = scale >= kTo ? scale : 1 + (scale - kFrom) * (kTo - 1) / (kTo - kFrom);
  const double step = std::round(kStepsPerOctave * std::log2(std::min(growth, kLargestGrowth)));
  return std::min(static_cast<int>(step), kSteps - 1);
}

double FilterAt(WarpFilter filter, double x) {
  x = std::abs(x);
  switch (filter) {
    case WarpFilter::kBilinear:
      return std::max(0.0, 1 - x);
    case WarpFilter::kBicubic:
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    case WarpFilter::kLanczos: {
      if (x >= 3) return 0;
      if (x == std::floor(x)) return x == 0 ? 1 : 0;  // sin leaves 1e-17 there
      const double t = std::numbers::pi * x;
      return 3 * std::sin(t) * std::sin(t / 3) / (t * t);
    }
  }
  return 0;
}

double FilterSupport(WarpFilter filter) {
  switch (filter) {
    case WarpFilter::kBilinear:
      return 1;
    case WarpFilter::kBicubic:
      return 2;
    case WarpFilter::kLanczos:
      return 3;
  }
  return 0;
}

// Wide filters are smooth, and fewer phases do; the tables stay in the nearest caches.
const Bank& Filters::Fixed(int step) {
  auto& slot = fixed_[step];
  std::call_once(slot.once, [&] {
    const double growth = std::exp2(static_cast<double>(step) / kStepsPerOctave);
    slot.bank = MakeBank<Bank>(filter_, step, TapsFor(filter_, growth) <= 6 ? 8 : 6);
  });
  return *slot.bank;
}

const BankF32& Filters::Float(int step) {
  auto& slot = float_[step];
  std::call_once(slot.once, [&] {
    const double growth = std::exp2(static_cast<double>(step) / kStepsPerOctave);
    const int taps = TapsFor(filter_, growth);
    slot.bank = MakeBank<BankF32>(filter_, step, taps <= 6 ? 10 : taps <= 16 ? 8 : 6);
  });
  return *slot.bank;
}

}  // namespace peel::warp
