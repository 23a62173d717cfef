#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/matte/frame_prediction.h"
#include "src/video/matte/motion.h"

namespace peel::video {

struct BlendBlock;  // steady_kernels.h

// How much of a say neighbours have.
struct SteadyOptions {
  static constexpr int kMostReach = 8;
  int reach = 4;  // frames to either side, at most kMostReach
  // Of the frames next to it, and of those beyond.
  std::array<float, kMostReach> weights = {1.0f, 0.8f, 0.6f, 0.4f, 0.4f, 0.4f, 0.4f, 0.4f};
  // Mean differences of luma (levels of 255) around a pixel up to which a neighbour is trusted
  // fully, and from which on not at all.
  float trusted = 4, distrusted = 16;
  bool mend = true;  // MODNet's rule
};

// The mattes of a film's frames at the network's size, each with its neighbours' say. Every frame
// gets the weighted mean of its own matte and those of some frames before and after it, moved to
// where its blocks are seen in them (motion.h): looked for in two frames to either side, and found
// in those beyond by going on from there. A neighbour counts as far as its moved picture
// is like the frame's, and as far as the way there and back leads to the same place. Only blocks in
// which any of these mattes is undecided, or in which they differ, are looked at. A value that
// both neighbours agree about and the frame does not is first replaced by theirs (Ke and others,
// "MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition", 2022: one-frame
// delay). Windows are symmetric, so that nothing lags; they end at cuts.
class Steadier {
 public:
  Steadier(const SteadyOptions& options, ThreadPool* pool) : options_(options), pool_(pool) {}

  // The next frame's prediction. All have one size.
  void Add(std::shared_ptr<const FramePrediction> prediction);
  // How many frames, from the first one not taken yet on, have all the neighbours they will get;
  // all of them once `ended`.
  int Ready(bool ended) const;
  // Takes the first one: its matte and its subject's score, both steadied.
  Result<FramePrediction> Take();

 private:
  static constexpr int kSearched = 2;  // frames to either side that blocks are looked for in

  struct Entry {
    std::shared_ptr<const FramePrediction> prediction;
    MotionPyramid pyramid;
    std::vector<uint8_t> open;  // blocks that are undecided, one a block
    std::vector<uint8_t> side;  // of the others: 0 background, 1 subject
    bool cut = false;           // a new scene begins
    // To the frames before (1, 2) and after (3, 4).
    std::array<MotionField, size_t{2} * kSearched> fields;
  };
  // Field of an entry for a neighbour, by its offset (-2 … 2, not 0).
  static MotionField& Field(Entry& entry, int offset) {
    return entry.fields[static_cast<size_t>(offset < 0 ? -offset - 1 : kSearched + offset - 1)];
  }
  static const MotionField& Field(const Entry& entry, int offset) {
    return entry.fields[static_cast<size_t>(offset < 0 ? -offset - 1 : kSearched + offset - 1)];
  }
  // Where a block is in a neighbour, and how far to trust that.
  struct Way {
    MotionField::Motion motion;
    float missed = 1;
  };
  Way Hop(size_t i, int offset, int column, int row) const;
  Way WayTo(size_t i, int offset, int column, int row) const;
  // Entries from the first to the last of the scene within reach of entry i.
  void Window(size_t i, int* before, int* after) const;
  void Blend(size_t i, ImageF32& matte) const;
  bool Describe(size_t i, int before, int after, int column, int row, BlendBlock& block) const;

  const SteadyOptions options_;
  ThreadPool* const pool_;
  std::deque<Entry> entries_;
  size_t next_ = 0;  // of entries_, the first one not taken
};

// Whether a new scene begins with the second of two frames: their colours and their pictures differ
// a lot.
bool IsCut(const FramePrediction& before, const FramePrediction& after);

}  // namespace peel::video
