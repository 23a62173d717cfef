#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// Block matching (motion.h) on one level, one implementation an instruction set, with the same
// results.
namespace peel::video {

// Grey pixels with kMotionPadding more on all sides, the border's repeated.
struct PaddedPlane {
  const uint8_t* data = nullptr;  // pixel (0, 0)
  ptrdiff_t stride = 0;
  int width = 0, height = 0;
};
inline constexpr int kMotionPadding = 32;

// Blocks are of 8 x 8 pixels and compared with 4 more on all sides.
inline constexpr int kMotionBlock = 8;
inline constexpr int kMotionWindow = 16;

struct Vector {
  int x = 0, y = 0;
  bool operator==(const Vector&) const = default;
};

struct BlockMatch {
  int x = 0, y = 0;  // of the block's first pixel
  // Vectors to try; the first is the one that is expected, and what differs from it costs more.
  std::array<Vector, 8> tries{};
  size_t count = 0;
  // What was found: the vector, with a fraction of a pixel to add, and the sum of absolute
  // differences over the window.
  Vector best;
  float fraction_x = 0, fraction_y = 0;
  uint32_t difference = 0;
};

// Finds each block of `from` in `to`: the best of its tries, then `reach` pixels in all directions
// from it, then step by step downhill. A pixel away from what is expected costs `price`.
void MatchBlocks(const PaddedPlane& from, const PaddedPlane& to, int reach, uint32_t price,
                 BlockMatch* blocks, size_t count);

}  // namespace peel::video
