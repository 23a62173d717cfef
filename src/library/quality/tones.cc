#include "src/library/quality/tones.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace peel::library {
namespace {

constexpr size_t kDarkestMidTone = 64, kBrightestMidTone = 200;
constexpr double kMidToneShare = 0.35;
constexpr double kTail = 0.05;

double Share(const Histogram& tones, size_t first, size_t last, double all) {
  return static_cast<double>(std::accumulate(tones.begin() + static_cast<ptrdiff_t>(first),
                                             tones.begin() + static_cast<ptrdiff_t>(last) + 1,
                                             int64_t{0})) /
         all;
}

double All(const Histogram& tones) {
  return static_cast<double>(std::accumulate(tones.begin(), tones.end(), int64_t{0}));
}

// The tone below which `share` of the pixels are.
double Quantile(const Histogram& tones, double share, double all) {
  double sum = 0;
  for (size_t tone = 0; tone < tones.size(); ++tone) {
    sum += static_cast<double>(tones[tone]);
    if (sum > share * all) return static_cast<double>(tone);
  }
  return 255;
}

}  // namespace

Histogram CountTones(const ImageView<const uint8_t>& luma, const ImageView<const uint8_t>* mask) {
  // Four histograms, since pixels of one tone lie side by side and would wait for each other.
  std::array<std::array<uint32_t, 256>, 4> counts{};
  Histogram tones{};
  for (int y = 0; y < luma.height; ++y) {
    const uint8_t* row = luma.row(y);
    if (mask != nullptr) {
      const uint8_t* here = mask->row(y);
      for (int x = 0; x < luma.width; ++x) {
        counts[static_cast<size_t>(x & 3)][row[x]] += here[x] != 0 ? 1 : 0;
      }
    } else {
      for (int x = 0; x < luma.width; ++x) ++counts[static_cast<size_t>(x & 3)][row[x]];
    }
  }
  for (const auto& part : counts) {
    for (size_t tone = 0; tone < tones.size(); ++tone) tones[tone] += part[tone];
  }
  return tones;
}

float ExposureOf(const Histogram& tones) {
  const double all = All(tones);
  if (all == 0) return 0;
  const double middle = Share(tones, kDarkestMidTone, kBrightestMidTone, all);
  if (middle >= kMidToneShare) return 0;
  const double dark = Share(tones, 0, kDarkestMidTone - 1, all);
  const double bright = Share(tones, kBrightestMidTone + 1, 255, all);
  return static_cast<float>((bright - dark) * (1 - middle / kMidToneShare));
}

float ContrastOf(const Histogram& tones) {
  const double all = All(tones);
  if (all == 0) return 0;
  return static_cast<float>((Quantile(tones, 1 - kTail, all) - Quantile(tones, kTail, all)) / 255);
}

}  // namespace peel::library
