#pragma once

#include <array>

#include "src/rectify/find/working_copy.h"
#include "src/rectify/plane.h"

namespace peel::quads {

// What the surface within a quad looks like. Shares from 0 to 1, levels from 0 to 1.
struct Surface {
  enum Name {
    kLight,        // mean lightness
    kCommon,       // share of the pixels that have the commonest lightness
    kCommonLight,  // that lightness
    kColour,       // mean distance from grey
    kContrast,     // standard deviation of lightness
    kRim,          // lightness in a narrow band around it, outside
    kRimInside,    // the same, inside
    kLong,         // logarithm of the longer side over the shorter one
    kArea,         // square root of the share of the picture
    kCount,
  };
  std::array<double, kCount> values{};
  double& operator[](Name name) { return values[static_cast<size_t>(name)]; }
  double operator[](Name name) const { return values[static_cast<size_t>(name)]; }
};

// For a convex clockwise quad in the plane of the working copy.
Surface LookAtSurface(const WorkingCopy& copy, const Quad& quad);

// The kind it looks like most; never kAuto.
QuadKind KindOf(const Surface& surface);

// How much it speaks for a kind, as a logarithm of odds against the other kinds.
double KindOdds(const Surface& surface, QuadKind kind);

}  // namespace peel::quads
