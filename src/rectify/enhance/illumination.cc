#include "src/rectify/enhance/illumination.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "src/rectify/enhance/fill_holes.h"

namespace peel {
namespace {

constexpr float kFlat = 0.42f;          // of a block's pixels that have the paper's level
constexpr float kStep = 0.05f;          // between neighbours, of the brighter one's level
constexpr float kCast = 0.06f;          // by which colours of neighbours may differ, likewise
constexpr int kReach = 3;               // blocks that count as neighbours, across writing
constexpr float kSameLevel = 0.06f;     // between a region and the paper expected there
constexpr float kShadowCast = 0.12f;    // by which a shadow may change the paper's colour
constexpr float kDeepestShadow = 0.3f;  // of the paper's level
constexpr float kBrightestLight = 1.5f;
constexpr size_t kShadowBlocks = 8;    // smaller ones are taken for something else
constexpr float kLeastPaper = 0.08f;   // of the page, for it to be a page
constexpr float kDarkestPaper = 0.4f;  // of the brightest twentieth of the page
constexpr float kFaintest = 0.1f;      // darkness of writing
constexpr size_t kPictureBlocks = 18;  // in the midst of others that are no paper: a picture
constexpr float kMaxGain = 2;          // where there is no paper

bool IsCandidate(const PageBlock& b) { return b.seen && b.flat >= kFlat && b.level >= 24; }

bool SameColour(const float* a, float level_a, const float* b, float level_b, float tolerance) {
  for (int c = 0; c < 3; ++c) {
    if (std::abs(a[c] / level_a - b[c] / level_b) > tolerance) return false;
  }
  return true;
}

bool Continues(const PageBlock& a, const PageBlock& b) {
  return std::abs(a.level - b.level) <= kStep * std::max(a.level, b.level) + 2 &&
         SameColour(a.bright, a.level, b.bright, b.level, kCast);
}

// Sets of blocks that can be joined (Tarjan's disjoint sets).
class Regions {
 public:
  explicit Regions(size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0u); }
  uint32_t Find(uint32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(uint32_t a, uint32_t b) {
    a = Find(a);
    b = Find(b);
    if (a != b) parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<uint32_t> parent_;
};

// What is known of a region of candidates.
struct Region {
  std::vector<uint32_t> blocks;
  double level = 0, bright[3] = {0, 0, 0};  // means
  bool at_border = false;
};

std::vector<Region> FindRegions(const PageBlocks& page) {
  const auto n = static_cast<uint32_t>(page.blocks.size());
  Regions sets(n);
  for (int y = 0; y < page.down; ++y) {
    for (int x = 0; x < page.across; ++x) {
      const auto here = static_cast<uint32_t>(y * page.across + x);
      if (!IsCandidate(page.blocks[here])) continue;
      for (const bool down : {false, true}) {
        for (int d = 1; d <= kReach && (down ? y : x) + d < (down ? page.down : page.across); ++d) {
          const auto there = here + static_cast<uint32_t>(down ? d * page.across : d);
          if (!IsCandidate(page.blocks[there])) continue;
          if (Continues(page.blocks[here], page.blocks[there])) sets.Join(here, there);
          break;
        }
      }
    }
  }
  std::vector<int> number(n, -1);
  std::vector<Region> regions;
  for (uint32_t i = 0; i < n; ++i) {
    const PageBlock& block = page.blocks[i];
    if (!IsCandidate(block)) continue;
    int& index = number[sets.Find(i)];
    if (index < 0) {
      index = static_cast<int>(regions.size());
      regions.emplace_back();
    }
    Region& region = regions[static_cast<size_t>(index)];
    region.blocks.push_back(i);
    region.level += double{block.level};
    for (int c = 0; c < 3; ++c) region.bright[c] += double{block.bright[c]};
    const int x = static_cast<int>(i) % page.across, y = static_cast<int>(i) / page.across;
    region.at_border |= x == 0 || y == 0 || x == page.across - 1 || y == page.down - 1;
  }
  for (Region& region : regions) {
    const auto count = static_cast<double>(region.blocks.size());
    region.level /= count;
    for (double& v : region.bright) v /= count;
  }
  return regions;
}

float Quantile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// Where no paper is found: at most kMaxGain, and no colour cast is removed.
void Even(const PageBlocks& page, Illumination* light) {
  std::vector<float> levels;
  for (const PageBlock& b : page.blocks) {
    if (b.seen) levels.push_back(b.level);
  }
  const float white = levels.empty() ? 255 : std::max(Quantile(levels, 0.99), 255 / kMaxGain);
  for (auto& channel : light->paper) channel.assign(page.blocks.size(), white);
  light->writing.assign(page.blocks.size(), 0);
}

// Blocks that are no paper and hang together in large numbers are pictures: with their neighbours.
std::vector<float> FindWriting(const PageBlocks& page, const std::vector<bool>& is_paper) {
  const size_t n = page.blocks.size();
  std::vector<float> writing(n, 1);
  std::vector<bool> visited(n, false);
  std::vector<uint32_t> hole;
  const auto for_each_neighbour = [&](uint32_t i, auto f) {
    const int x = static_cast<int>(i) % page.across, y = static_cast<int>(i) / page.across;
    for (int v = std::max(y - 1, 0); v <= std::min(y + 1, page.down - 1); ++v) {
      for (int u = std::max(x - 1, 0); u <= std::min(x + 1, page.across - 1); ++u) {
        f(static_cast<uint32_t>(v * page.across + u));
      }
    }
  };
  // A line of a table is thin: only what lies in the midst of other such blocks makes a picture.
  std::vector<bool> inner(n, false);
  for (uint32_t i = 0; i < n; ++i) {
    bool all = !is_paper[i];
    for_each_neighbour(i, [&](uint32_t j) { all = all && !is_paper[j]; });
    inner[i] = all;
  }
  for (uint32_t i = 0; i < n; ++i) {
    if (!inner[i] || visited[i]) continue;
    hole.assign(1, i);
    visited[i] = true;
    for (size_t k = 0; k < hole.size(); ++k) {
      for_each_neighbour(hole[k], [&](uint32_t j) {
        if (!inner[j] || visited[j]) return;
        visited[j] = true;
        hole.push_back(j);
      });
    }
    if (hole.size() < kPictureBlocks) continue;
    for (const uint32_t j : hole) {
      for_each_neighbour(j, [&](uint32_t k) { writing[k] = 0; });
    }
  }
  return writing;
}

// The paper while its regions are gathered.
struct Paper {
  std::vector<bool> is_paper;
  std::array<std::vector<float>, 3> known;   // colours of its blocks, 0 elsewhere
  std::array<std::vector<float>, 3> filled;  // everywhere

  explicit Paper(size_t blocks) : is_paper(blocks, false) {
    for (auto& channel : known) channel.assign(blocks, 0);
  }
  void Take(const PageBlocks& page, const Region& region) {
    for (const uint32_t i : region.blocks) {
      is_paper[i] = true;
      for (size_t c = 0; c < 3; ++c) known[c][i] = page.blocks[i].bright[c];
    }
  }
  void Fill(const PageBlocks& page) {
    filled = known;
    for (auto& channel : filled) FillHoles(page.across, page.down, is_paper, &channel);
  }
};

// Whether a region has the colour and level of the paper expected there, or is a shadow on it.
bool IsPaperToo(const Region& region, const Paper& paper) {
  float expected[3], here[3];
  for (size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (const uint32_t i : region.blocks) sum += double{paper.filled[c][i]};
    expected[c] = static_cast<float>(sum / static_cast<double>(region.blocks.size()));
    here[c] = static_cast<float>(region.bright[c]);
  }
  const float expected_level = 0.299f * expected[0] + 0.587f * expected[1] + 0.114f * expected[2];
  const auto level = static_cast<float>(region.level);
  const float ratio = level / expected_level;
  if (std::abs(ratio - 1) <= kSameLevel &&
      SameColour(here, level, expected, expected_level, kCast)) {
    return true;
  }
  // Or a place that more light falls on.
  return region.at_border && region.blocks.size() >= kShadowBlocks && ratio >= kDeepestShadow &&
         ratio <= kBrightestLight && SameColour(here, level, expected, expected_level, kShadowCast);
}

// Noise, ink and share, from the blocks of paper.
void MeasurePaper(const PageBlocks& page, const std::vector<bool>& is_paper, size_t seen,
                  Illumination* light) {
  std::vector<float> noises, inks;
  size_t paper = 0;
  for (size_t i = 0; i < page.blocks.size(); ++i) {
    if (!is_paper[i]) continue;
    ++paper;
    const PageBlock& b = page.blocks[i];
    if (b.dark == 0) noises.push_back(b.spread / b.level);
  }
  light->noise = Quantile(noises, 0.5);
  // Of what stands out from the noise the darker part: the rest may shine through from behind.
  for (size_t i = 0; i < page.blocks.size(); ++i) {
    const float ink = page.blocks[i].ink;
    if (is_paper[i] && 1 - ink > kFaintest + 4 * light->noise) inks.push_back(ink);
  }
  light->ink = inks.empty() ? 0 : Quantile(inks, 0.25);
  light->share = static_cast<float>(paper) / static_cast<float>(std::max<size_t>(seen, 1));
}

}  // namespace

Illumination EstimateIllumination(const PageBlocks& page) {
  Illumination light;
  const std::vector<Region> regions = FindRegions(page);
  std::vector<float> levels;
  for (const PageBlock& b : page.blocks) {
    if (b.seen) levels.push_back(b.level);
  }
  const size_t seen = levels.size();
  const auto weight = [](const Region& r) {
    return static_cast<double>(r.blocks.size()) * r.level * r.level;
  };
  const auto main = std::ranges::max_element(regions, {}, weight);
  if (main == regions.end() ||
      static_cast<float>(main->blocks.size()) < kLeastPaper * static_cast<float>(seen) ||
      main->level < double{kDarkestPaper * Quantile(levels, 0.95)}) {
    Even(page, &light);
    return light;
  }
  light.found = true;
  Paper paper(page.blocks.size());
  paper.Take(page, *main);
  paper.Fill(page);
  for (auto region = regions.begin(); region != regions.end(); ++region) {
    if (region != main && IsPaperToo(*region, paper)) paper.Take(page, *region);
  }
  paper.Fill(page);
  MeasurePaper(page, paper.is_paper, seen, &light);
  light.paper = std::move(paper.filled);
  for (auto& channel : light.paper) {
    Smooth(page.across, page.down, &channel);
    for (float& v : channel) v = std::max(v, 1.0f);
  }
  light.writing = FindWriting(page, paper.is_paper);
  Smooth(page.across, page.down, &light.writing);
  return light;
}

}  // namespace peel
