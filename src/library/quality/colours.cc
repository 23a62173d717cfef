#include "src/library/quality/colours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace peel::library {
namespace {

constexpr size_t kClusters = 7;  // before near ones are joined
constexpr size_t kMostColours = 5;
constexpr int kRounds = 8;
constexpr double kNear = 0.07;  // in OKLab
constexpr double kLeastShare = 0.02;

using Lab = std::array<double, 3>;

double Linear(double level) {
  const double v = level / 255;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

double Level(double v) {
  const double c = std::clamp(v, 0.0, 1.0);
  return 255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055);
}

// Björn Ottosson, "A perceptual color space for image processing", 2020.
Lab ToOklab(double red, double green, double blue) {
  const double r = Linear(red), g = Linear(green), b = Linear(blue);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

std::array<uint8_t, 3> ToRgb8(const Lab& lab) {
  const auto cube = [](double v) { return v * v * v; };
  const double l = cube(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]);
  const double m = cube(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]);
  const double s = cube(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2]);
  const auto level = [](double v) { return static_cast<uint8_t>(std::lround(Level(v))); };
  return {level(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          level(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          level(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

double Distance2(const Lab& a, const Lab& b) {
  const double l = a[0] - b[0], p = a[1] - b[1], q = a[2] - b[2];
  return l * l + p * p + q * q;
}

struct Weighted {
  Lab lab;
  double weight;
};

// The picture's coarse colours, four bits a channel.
std::vector<Weighted> CoarseColours(const ImageView<const uint8_t>& rgb) {
  struct Bin {
    int64_t count = 0, red = 0, green = 0, blue = 0;
  };
  std::vector<Bin> bins(4096);
  for (int y = 0; y < rgb.height; ++y) {
    const uint8_t* p = rgb.row(y);
    for (int x = 0; x < rgb.width; ++x, p += 3) {
      Bin& bin = bins[static_cast<size_t>((p[0] >> 4) << 8 | (p[1] >> 4) << 4 | p[2] >> 4)];
      ++bin.count;
      bin.red += p[0];
      bin.green += p[1];
      bin.blue += p[2];
    }
  }
  std::vector<Weighted> colours;
  for (const Bin& bin : bins) {
    if (bin.count == 0) continue;
    const auto n = static_cast<double>(bin.count);
    colours.push_back({ToOklab(static_cast<double>(bin.red) / n, static_cast<double>(bin.green) / n,
                               static_cast<double>(bin.blue) / n),
                       n});
  }
  return colours;
}

// The heaviest colour, then again and again that whose weight times its distance to the nearest
// seed is greatest.
std::vector<Lab> Seeds(const std::vector<Weighted>& colours) {
  const auto heaviest =
      std::max_element(colours.begin(), colours.end(),
                       [](const Weighted& a, const Weighted& b) { return a.weight < b.weight; });
  std::vector<Lab> seeds = {heaviest->lab};
  std::vector<double> distance(colours.size(), std::numeric_limits<double>::infinity());
  while (seeds.size() < std::min(kClusters, colours.size())) {
    size_t next = 0;
    double most = 0;
    for (size_t i = 0; i < colours.size(); ++i) {
      distance[i] = std::min(distance[i], Distance2(colours[i].lab, seeds.back()));
      if (distance[i] * colours[i].weight > most) {
        most = distance[i] * colours[i].weight;
        next = i;
      }
    }
    if (most == 0) break;
    seeds.push_back(colours[next].lab);
  }
  return seeds;
}

std::vector<Weighted> Cluster(const std::vector<Weighted>& colours) {
  std::vector<Lab> centres = Seeds(colours);
  std::vector<Weighted> sums;
  for (int round = 0; round < kRounds; ++round) {
    sums.assign(centres.size(), {{0, 0, 0}, 0});
    for (const Weighted& colour : colours) {
      size_t best = 0;
      for (size_t c = 1; c < centres.size(); ++c) {
        if (Distance2(colour.lab, centres[c]) < Distance2(colour.lab, centres[best])) best = c;
      }
      for (size_t k = 0; k < 3; ++k) sums[best].lab[k] += colour.weight * colour.lab[k];
      sums[best].weight += colour.weight;
    }
    for (size_t c = 0; c < centres.size(); ++c) {
      if (sums[c].weight == 0) continue;
      for (size_t k = 0; k < 3; ++k) centres[c][k] = sums[c].lab[k] / sums[c].weight;
    }
  }
  std::vector<Weighted> clusters;
  for (size_t c = 0; c < centres.size(); ++c) {
    if (sums[c].weight > 0) clusters.push_back({centres[c], sums[c].weight});
  }
  return clusters;
}

// Joins the nearest two as long as they are too near to be told apart.
void JoinNear(std::vector<Weighted>* clusters) {
  while (clusters->size() > 1) {
    size_t first = 0, second = 0;
    double nearest = kNear * kNear;
    for (size_t a = 0; a < clusters->size(); ++a) {
      for (size_t b = a + 1; b < clusters->size(); ++b) {
        const double distance = Distance2((*clusters)[a].lab, (*clusters)[b].lab);
        if (distance < nearest) {
          nearest = distance;
          first = a;
          second = b;
        }
      }
    }
    if (first == second) return;
    Weighted& into = (*clusters)[first];
    const Weighted& other = (*clusters)[second];
    const double weight = into.weight + other.weight;
    for (size_t k = 0; k < 3; ++k) {
      into.lab[k] = (into.lab[k] * into.weight + other.lab[k] * other.weight) / weight;
    }
    into.weight = weight;
    clusters->erase(clusters->begin() + static_cast<ptrdiff_t>(second));
  }
}

}  // namespace

float ColourfulnessOf(const ImageView<const uint8_t>& rgb) {
  // Twice yellow against blue, so that all are whole numbers.
  int64_t sum_rg = 0, sum_yb = 0, squares_rg = 0, squares_yb = 0;
  for (int y = 0; y < rgb.height; ++y) {
    const uint8_t* p = rgb.row(y);
    for (int x = 0; x < rgb.width; ++x, p += 3) {
      const int64_t rg = p[0] - p[1], yb = p[0] + p[1] - 2 * p[2];
      sum_rg += rg;
      sum_yb += yb;
      squares_rg += rg * rg;
      squares_yb += yb * yb;
    }
  }
  const double n = static_cast<double>(rgb.width) * rgb.height;
  if (n <= 0) return 0;
  const double mean_rg = static_cast<double>(sum_rg) / n;
  const double mean_yb = static_cast<double>(sum_yb) / n / 2;
  const double variance_rg = static_cast<double>(squares_rg) / n - mean_rg * mean_rg;
  const double variance_yb = static_cast<double>(squares_yb) / n / 4 - mean_yb * mean_yb;
  return static_cast<float>(std::sqrt(std::max(0.0, variance_rg + variance_yb)) +
                            0.3 * std::sqrt(mean_rg * mean_rg + mean_yb * mean_yb));
}

std::vector<DominantColour> DominantColours(const ImageView<const uint8_t>& rgb) {
  const std::vector<Weighted> coarse = CoarseColours(rgb);
  if (coarse.empty()) return {};
  std::vector<Weighted> clusters = Cluster(coarse);
  JoinNear(&clusters);
  std::stable_sort(clusters.begin(), clusters.end(),
                   [](const Weighted& a, const Weighted& b) { return a.weight > b.weight; });
  const double all = static_cast<double>(rgb.width) * rgb.height;
  std::vector<DominantColour> colours;
  for (const Weighted& cluster : clusters) {
    const double share = cluster.weight / all;
    if (colours.size() == kMostColours || share < kLeastShare) break;
    colours.push_back({ToRgb8(cluster.lab), static_cast<float>(share)});
  }
  return colours;
}

}  // namespace peel::library
