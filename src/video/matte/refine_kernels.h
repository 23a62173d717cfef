#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "src/matte/edges/guided.h"

// The inner loop of refine_frame.h, one implementation an instruction set, with the same results.
namespace peel::video {

// Pixels of one row whose alpha the guided filter's model gives.
struct GuidedRun {
  // Rows of the model above and below, from grid column 0 on, and the share of the lower one.
  std::array<const float*, GuidedModel::kPlanes> upper{}, lower{};
  float share = 0;
  int first_column = 0, last_column = 0;  // of the grid, inclusive
  // The model between both, a row a plane, each of `grid` floats; scratch.
  float* lines = nullptr;
  size_t grid = 0;
  // For every pixel: its grid column, the share of the next one, and the guide's samples. Readable
  // for kGuidedPadding beyond the last, columns being valid there too.
  const int32_t* left = nullptr;
  const float* right_share = nullptr;
  std::array<const float*, 3> samples{};
  size_t count = 0;
  uint8_t* out = nullptr;
};
inline constexpr size_t kGuidedPadding = 64;

void GuideRun(const GuidedRun& run);

}  // namespace peel::video
