#pragma once

#include <functional>
#include <memory>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/codec/frames.h"
#include "src/codec/picture.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/cut_result.h"

namespace peel {

// What CutAnimation works with.
struct AnimationSource {
  // Begins at the first frame; of 8 bits, as DecodeOptions for these options say.
  std::function<Result<std::unique_ptr<FrameReader>>()> open;
  // A frame's pixels, which may be taken apart, to the result's; appends to the times.
  std::function<Result<Cut>(Picture&, const CutOptions&, StageTimes&)> cut;
  ThreadPool* pool = nullptr;
};

// Cuts out every frame and puts the results together again with delays, number of plays and canvas
// as they were; encode.format is one that CanAnimate. Of all frames one is held at a time, and
// what the others take in the file.
// - A crop is one box for all: around what is subject in any frame. All mattes are made once
//   before.
// - What cannot be decoded, and all that follows it, is left out with a warning; an error where it
//   is the first frame.
// In the info has_subject is true and subject_score the highest where any frame has a subject;
// coverage is the mean; frames says how many there are.
Result<EncodedCut> CutAnimation(const AnimationSource& source, const CutOptions& options);

}  // namespace peel
