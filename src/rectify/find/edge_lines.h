#pragma once

#include <vector>

#include "src/rectify/find/segments.h"
#include "src/rectify/find/working_copy.h"
#include "src/rectify/plane.h"

namespace peel::quads {

// A straight line through the picture and how much of it edges cover: collinear segments together.
// What lies over the edge of a page breaks it into several, and so does a ground that is now
// brighter, now darker than the page.
class EdgeLine {
 public:
  // The part of it within a picture of this size.
  EdgeLine(const Line& line, int width, int height);

  // A segment's part of the line counts as covered.
  void Cover(const Segment& segment);
  void Finish();  // after the last one

  const Line& line() const { return line_; }
  // Where the line enters and leaves the picture; first >= last where it only touches it.
  double first() const { return first_; }
  double last() const { return last_; }
  double support() const { return covered_.back(); }  // pixels
  // Covered pixels between two places on the line.
  double Covered(double from, double to) const;

  // How much both sides of it differ over a wide band, 0 to 1: an edge of a sheet does, one of
  // letters does not.
  double step = 0;
  bool is_border = false;  // of the picture itself

 private:
  static constexpr double kBin = 4;
  Line line_;
  double first_ = 0, last_ = 0;
  std::vector<float> covered_;  // by bins, then the sums up to each one
};

// The lines of most weight, heaviest first, at most `most`; segments in the plane of the working
// copy. Does not look for lines closer to another than `apart` pixels at both ends.
std::vector<EdgeLine> FindEdgeLines(const std::vector<Segment>& segments, const WorkingCopy& copy,
                                    size_t most);

}  // namespace peel::quads
