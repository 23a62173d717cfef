#pragma once

#include <cstddef>
#include <cstdint>

// Row kernels of enhance.cc, one implementation an instruction set, in whole numbers throughout:
// the same on every processor.
namespace peel::even {

// Gains in 1/8192: at most 65535, almost 8 times. What is paper becomes white (255, or 65535).
inline constexpr int kGainBits = 13;

// How dark a pixel stays, by its darkest channel's distance from white, in 1/8160 of white: up to
// `nothing` it becomes white, from `nothing` + 8192 * 8192 / `slope` on it is as dark as it was
// times `stretch` (in 1/16384, less than 2), in between the share rises evenly. All channels get
// the same share, so that colours keep their hue.
struct Curve {
  uint16_t nothing = 0;
  uint16_t slope = 65535;
  uint16_t stretch = 16384;
};

// `across` values that belong to the centres of blocks of 1 << shift pixels, at every pixel of a
// row: linear in between, the ends extended.
void ExpandRow(const uint16_t* at_blocks, int across, int shift, size_t length, uint16_t* out);

// Pixels of 3 or 4 channels (the fourth is copied) times their gains, then along the curve as far
// as `writing` says, 0 to 8192. out: as many channels as in, or 1: the luma, without alpha.
void EvenRow(const uint8_t* in, int channels, const uint16_t* const gains[3],
             const uint16_t* writing, const Curve& curve, size_t length, int out_channels,
             uint8_t* out);
void EvenRow16(const uint16_t* in, int channels, const uint16_t* const gains[3],
               const uint16_t* writing, const Curve& curve, size_t length, int out_channels,
               uint16_t* out);

}  // namespace peel::even
