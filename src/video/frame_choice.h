#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/video/media/frame.h"

namespace peel::video {

// Which frames of a film are taken out of it (`peel video --frames`).
struct FrameChoice {
  enum class Kind {
    kEverySeconds,  // the first frame of every so many seconds
    kEveryFrames,   // the first of every so many frames
    kSpread,        // so many, spread evenly over the film
    kScene,         // the first of every scene
    kKey,           // those that are coded by themselves
  };
  Kind kind = Kind::kEverySeconds;
  double seconds = 1;
  int64_t number = 1;
};

// "every=2s" (also 0.5s, 500ms), "every=30", "12", "scene", "key". kInvalidArgument names them.
Result<FrameChoice> ParseFrameChoice(std::string_view text);

// Asked about every frame in turn.
class FrameChooser {
 public:
  // from, to: seconds of the film that frames come from; `to` is wanted for kSpread alone, which
  // without it is kInvalidArgument: the film does not tell how long it is.
  static Result<FrameChooser> Create(const FrameChoice& choice, double from,
                                     std::optional<double> to);

  // seconds: the frame's time.
  bool Takes(const Frame& frame, double seconds);

 private:
  FrameChooser(const FrameChoice& choice, double from, double to)
      : choice_(choice), from_(from), to_(to) {}
  bool BeginsScene(const Frame& frame);

  FrameChoice choice_;
  double from_ = 0, to_ = 0;
  int64_t frames_ = 0, taken_ = 0;
  // For scenes: the last frame's luma in small, its histogram, and how much frames have changed of
  // late.
  std::vector<uint8_t> small_;
  std::vector<int> histogram_;
  double usual_ = 0;
  int64_t since_ = 0;
};

}  // namespace peel::video
