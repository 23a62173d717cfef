#pragma once

#include <cstdint>

namespace peel::engine {

// The layout of float activations in memory.
//   kPlain:   [n][c][h][w]
//   kBlocked: [n][ceil(c/16)][h][w][16], channels past c are zero (every writer keeps that)
enum class Layout : uint8_t { kPlain, kBlocked };
constexpr int kBlock = 16;

}  // namespace peel::engine
