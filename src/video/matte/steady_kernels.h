#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "src/video/matte/motion_kernels.h"
#include "src/video/matte/steady.h"

// The inner loops of steadying (steady.h), one implementation an instruction set, with the same
// results.
namespace peel::video {

// What steadying sees of one frame: its matte and its luma, of one size.
struct SeenFrame {
  const float* matte = nullptr;
  const uint8_t* luma = nullptr;
  ptrdiff_t matte_stride = 0, luma_stride = 0;  // samples
  int width = 0, height = 0;
};

// One block and what its neighbours have to say about it.
struct BlendBlock {
  static constexpr size_t kMost = size_t{2} * SteadyOptions::kMostReach;

  struct Neighbour {
    SeenFrame frame;
    float motion_x = 0, motion_y = 0;  // to add to a pixel's place
    float weight = 0;                  // of its matte, where it is trusted fully
    float missed = 1;                  // what remains of the trust
  };
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;  // at most kMotionBlock a side
  std::array<Neighbour, kMost> neighbours{};
  size_t count = 0;
  // Which of them are next to the frame, before and after it; -1: none.
  int before = -1, after = -1;
};

// Mixes every block of `to`, which begins as a copy of own's matte and has its stride.
void BlendBlocks(const SteadyOptions& options, const SeenFrame& own, const BlendBlock* blocks,
                 size_t count, float* to);

}  // namespace peel::video
