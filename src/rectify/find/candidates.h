#pragma once

#include <cstddef>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/rectify/find/edge_lines.h"
#include "src/rectify/plane.h"

namespace peel::quads {

struct Candidate {
  Quad quad;           // clockwise, in the plane of the working copy
  double promise = 0;  // a first, cheap judgement, for choosing whom to look at closely
};

// Quads from four lines, every two opposite ones within 45 degrees of each other: those of most
// promise first, at most `most`, none much like another. Corners may lie outside of the picture of
// this size; sides without any edge may be the picture's borders, for sheets that leave it.
std::vector<Candidate> CombineLines(const std::vector<EdgeLine>& lines, int width, int height,
                                    size_t most, ThreadPool* pool);

// What candidates have in common, whatever found them: convex, of a sensible size, seen enough of.
bool IsSensible(const Quad& quad, int width, int height);

// Takes away candidates whose corners are nearer than that to those of one before them, and what is
// left beyond the first `most`.
void RemoveDoubles(std::vector<Candidate>& candidates, double distance, size_t most);

}  // namespace peel::quads
