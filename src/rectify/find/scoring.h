#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/rectify/find/edge_map.h"
#include "src/rectify/find/working_copy.h"
#include "src/rectify/plane.h"

namespace peel::quads {

// What a quad is judged by. Shares and likenesses from 0 to 1 unless it says otherwise.
struct Evidence {
  enum Name {
    kCover,        // share of the sides, as far as seen, with a gradient along their normal
    kLeastCover,   // of the side that has least
    kWeakerCover,  // mean over both pairs of opposite sides of the weaker one's
    kStep,         // colour difference of bands inside and outside against its scatter: mean
    kLeastStep,    // of the side that has least
    kWeakerStep,   // as kWeakerCover
    kContrast,     // logarithm of that difference in levels
    kOneSign,      // how far all sides agree whether the inside is brighter
    kBeyond,       // share with edges where sides are prolonged beyond their corners: of a floor
    kCornerCover,  // as kCover, of the outer sixths of the sides
    kArea,         // square root of the share of the picture
    kAngles,       // largest cosine of a corner's angle
    kOpposite,     // how unlike opposite sides are in length, logarithm, the worse pair
    kUnseen,       // share of the sides that the picture does not show or that are its borders
    kAlike,        // likeness of the colours just inside along all four sides
    kAround,       // likeness of the colours just outside
    kMatte,        // soft overlap with the matte; 0 without one
    kMatteSides,   // mean step of the matte across the sides; 0 without one
    kHasMatte,
    kEnclosed,  // strength of the strongest other candidate around it: it may be a table in a page
    kEncloses,  // strength of the strongest other candidate within it
    kSkew,      // as a rectangle in space: see Perspective
    kOdd,
    kLength,
    kFacing,
    kKnown,
    kOffCentre,  // distance of its middle from the picture's, in the picture's width and height
    kMiddle,     // how far within it the picture's middle is, -1 to 1: 1 a quarter of the diagonal
    kRival,      // strength of the strongest candidate beside it, times its share of both areas
    kExtended,   // strength of the strongest larger candidate that has three sides in common
    kShortened,  // strength of the strongest smaller one
    kCount,
  };
  std::array<double, kCount> values{};
  double& operator[](Name name) { return values[static_cast<size_t>(name)]; }
  double operator[](Name name) const { return values[static_cast<size_t>(name)]; }
};

class Scorer {
 public:
  // The matte (of the size of the working copy) may be empty; focal is the lens's, in pixels of the
  // working copy, 0: not known. Borrows the first three.
  Scorer(const WorkingCopy& copy, const EdgeMap& edges, ImageView<const uint8_t> matte,
         double focal = 0);

  // For a convex clockwise quad in the plane of the working copy: all but what LookAround adds.
  Evidence Look(const Quad& quad) const;

 private:
  void LookAtSides(const Quad& quad, Evidence& evidence) const;
  void LookAtMatte(const Quad& quad, Evidence& evidence) const;
  void LookAtShape(const Quad& quad, Evidence& evidence) const;

  const WorkingCopy& copy_;
  const EdgeMap& edges_;
  ImageView<const uint8_t> matte_;
  double focal_;
  std::vector<uint32_t> matte_sums_;  // of each row, up to each column
  double matte_total_ = 0;
};

}  // namespace peel::quads
