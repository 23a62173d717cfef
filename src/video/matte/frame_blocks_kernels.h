#pragma once

#include <cstddef>
#include <cstdint>

// What frame_blocks.h looks at first, one implementation an instruction set.
namespace peel::video {

inline constexpr int kBlendBlock = 16;

// The alphas of a block: all 0, all 255, some of them 0, or others.
enum class BlockAlpha : uint8_t { kHidden, kOpaque, kPartHidden, kVisible };

// Of each block of kBlendBlock columns (the last one may have fewer) and `rows` rows, at least one.
void ClassifyBlocks(const uint8_t* alpha, ptrdiff_t stride, int rows, int width, BlockAlpha* kinds);

}  // namespace peel::video
