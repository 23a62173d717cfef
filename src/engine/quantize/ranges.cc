#include "src/engine/quantize/ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace peel::engine {
namespace {

constexpr std::pair<RangeMethod, std::string_view> kNames[] = {
    {RangeMethod::kMinMax, "minmax"},
    {RangeMethod::kPercentile, "percentile"},
    {RangeMethod::kMse, "mse"},
    {RangeMethod::kEntropy, "entropy"},
};
constexpr double kTail = 1e-5;  // of kPercentile, on either side

// The mean square error as a function of the range is smooth with one valley: a coarse grid of
// shares of the whole range, then a finer one around the best.
ActivationCode SmallestError(const Histogram& seen) {
  double best = std::numeric_limits<double>::infinity();
  ActivationCode chosen = CodeForRange(seen.min(), seen.max());
  double best_low = 1, best_high = 1;
  const auto sides = [](double value) { return value == 0 ? 1 : 16; };
  const int low_steps = sides(seen.min()), high_steps = sides(seen.max());
  const auto search = [&](double from_low, double step_low, double from_high, double step_high) {
    for (int l = 0; l < low_steps; ++l) {
      for (int h = 0; h < high_steps; ++h) {
        const double share_low = from_low - l * step_low, share_high = from_high - h * step_high;
        if (share_low <= 0 || share_high <= 0 || share_low > 1 || share_high > 1) continue;
        const ActivationCode code = CodeForRange(seen.min() * share_low, seen.max() * share_high);
        const double error = MeanSquareError(seen, code);
        if (error < best) {
          best = error;
          chosen = code;
          best_low = share_low;
          best_high = share_high;
        }
      }
    }
  };
  constexpr double kCoarse = 1.0 / 16, kFine = kCoarse / 8;
  search(1, kCoarse, 1, kCoarse);
  search(best_low + kFine * 8, kFine, best_high + kFine * 8, kFine);
  return chosen;
}

// Kullback-Leibler divergence of the distribution clipped at each threshold from the same one after
// it was expressed by 128 levels (one side of 0, or both folded onto it), smallest over thresholds.
// Zeros are left out: they are exact under every code.
ActivationCode LeastInformationLost(const Histogram& seen) {
  constexpr int kSide = Histogram::kBins / 2, kMerge = 4, kCount = kSide / kMerge;
  const bool both_sides = seen.min() < 0;
  const int levels = both_sides ? 128 : 256;
  std::vector<double> counts(kCount);
  for (int i = 0; i < kSide; ++i) {
    counts[static_cast<size_t>(i / kMerge)] +=
        static_cast<double>(seen.bin(kSide + i) + seen.bin(kSide - 1 - i));
  }
  int used = kCount;
  while (used > 0 && counts[static_cast<size_t>(used - 1)] == 0) --used;
  if (used <= levels) return CodeForRange(seen.min(), seen.max());
  double beyond = 0, best = std::numeric_limits<double>::infinity();
  int best_end = used;
  std::vector<double> tails(static_cast<size_t>(used) + 1);
  for (int i = used; i-- > 0;) {
    tails[static_cast<size_t>(i)] = beyond += counts[static_cast<size_t>(i)];
  }
  for (int end = levels; end <= used; end += 4) {
    std::vector<double> p(counts.begin(), counts.begin() + end), q(static_cast<size_t>(end));
    p.back() += end < used ? tails[static_cast<size_t>(end)] : 0;
    for (int level = 0; level < levels; ++level) {
      const int from = level * end / levels, to = (level + 1) * end / levels;
      double sum = 0;
      int filled = 0;
      for (int i = from; i < to; ++i) {
        sum += counts[static_cast<size_t>(i)];
        filled += counts[static_cast<size_t>(i)] > 0;
      }
      for (int i = from; i < to && filled > 0; ++i) {
        if (counts[static_cast<size_t>(i)] > 0) q[static_cast<size_t>(i)] = sum / filled;
      }
    }
    double sum_p = 0, sum_q = 0, divergence = 0;
    for (const double v : p) sum_p += v;
    for (const double v : q) sum_q += v;
    if (sum_q == 0) continue;
    for (size_t i = 0; i < p.size(); ++i) {
      if (p[i] == 0) continue;
      // What only the clipped tail put into the last bin has no counterpart in q.
      const double share = std::max(q[i] / sum_q, 1e-12);
      divergence += p[i] / sum_p * std::log(p[i] / sum_p / share);
    }
    if (divergence < best) {
      best = divergence;
      best_end = end;
    }
  }
  const double threshold = best_end * kMerge * seen.bin_width();
  return CodeForRange(std::max<double>(seen.min(), -threshold),
                      std::min<double>(seen.max(), threshold));
}

}  // namespace

Result<RangeMethod> ParseRangeMethod(std::string_view text) {
  std::string choices;
  for (const auto& [method, name] : kNames) {
    if (text == name) return method;
    choices += (choices.empty() ? "" : ", ") + std::string(name);
  }
  return InvalidArgument("--ranges: \"" + std::string(text) + "\" is none of " + choices);
}

std::string_view RangeMethodName(RangeMethod method) {
  for (const auto& [known, name] : kNames) {
    if (method == known) return name;
  }
  return "";
}

ActivationCode CodeForRange(double low, double high) {
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  ActivationCode code;
  if (high - low < 1e-30) return code;
  code.scale = static_cast<float>((high - low) / 255.0);
  code.zero_point = static_cast<int>(std::lround(-low / code.scale));
  code.zero_point = std::clamp(code.zero_point, 0, 255);
  return code;
}

double MeanSquareError(const Histogram& seen, const ActivationCode& code) {
  if (seen.count() == 0) return 0;
  double sum = 0;
  const double scale = code.scale;
  for (int i = 0; i < Histogram::kBins; ++i) {
    if (seen.bin(i) == 0) continue;
    const double value = seen.Centre(i);
    const double level =
        std::clamp<double>(std::nearbyint(value / scale) + code.zero_point, 0, 255);
    const double error = (level - code.zero_point) * scale - value;
    sum += static_cast<double>(seen.bin(i)) * error * error;
  }
  return sum / static_cast<double>(seen.count());
}

ActivationCode ChooseCode(const Histogram& seen, RangeMethod method) {
  switch (method) {
    case RangeMethod::kPercentile:
      return CodeForRange(seen.min() < 0 ? seen.Quantile(kTail) : 0, seen.Quantile(1 - kTail));
    case RangeMethod::kMse:
      return SmallestError(seen);
    case RangeMethod::kEntropy:
      return LeastInformationLost(seen);
    case RangeMethod::kMinMax:
      break;
  }
  return CodeForRange(seen.min(), seen.max());
}

}  // namespace peel::engine
