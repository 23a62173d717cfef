#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/video/matte/frame_matting.h"
#include "src/video/media/frame.h"
#include "src/video/media/frame_reader.h"

namespace peel::video {

// What becomes of a frame and its matte.
enum class Composed {
  kAlpha,       // the frame with an alpha plane
  kMask,        // the matte as a grey film
  kSideBySide,  // colours left, matte right, twice as wide
  kOver,        // opaque, on a background
};

// What lies behind: a colour, a still picture of the frame's size, the frame itself blurred, or the
// frame of another film.
struct Backdrop {
  enum class Kind { kColour, kPicture, kBlur, kFrames };
  Kind kind = Kind::kColour;
  std::array<uint8_t, 3> colour{};  // RGB, as it looks on a screen
  ImageU8 picture;                  // RGB, of the frame's size
  double blur = 0;                  // sigma in pixels
};

// The format of what comes out of Compose for frames of `in`.
FrameFormat ComposedFormat(const FrameFormat& in, Composed what);

class FrameComposer {
 public:
  static Result<std::unique_ptr<FrameComposer>> Create(const FrameFormat& in, Composed what,
                                                       Backdrop backdrop, bool decontaminate,
                                                       ThreadPool* pool);
  virtual ~FrameComposer() = default;
  // behind: of the format of `in`, for Kind::kFrames; otherwise null.
  virtual Result<Frame> Compose(MattedFrame frame, const Frame* behind) const = 0;
};

}  // namespace peel::video
