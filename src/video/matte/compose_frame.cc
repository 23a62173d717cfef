#include "src/video/matte/compose_frame.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "src/image/composite.h"
#include "src/image/rows.h"
#include "src/video/matte/backdrop.h"
#include "src/video/matte/colour_code.h"
#include "src/video/matte/frame_blocks.h"
#include "src/video/matte/subject_colours.h"

namespace peel::video {
namespace {

// What each alpha becomes as a sample from `low` to `high`.
std::array<uint16_t, 256> Ramp(int low, int high) {
  std::array<uint16_t, 256> ramp{};
  for (int a = 0; a < 256; ++a) {
    ramp[static_cast<size_t>(a)] = static_cast<uint16_t>(low + ((high - low) * a + 127) / 255);
  }
  return ramp;
}

// A matte as samples, from column `x` of a plane of the frame on.
void PutMatte(const ImageU8& alpha, const std::array<uint16_t, 256>& ramp, int plane, int x,
              Frame& frame, ThreadPool* pool) {
  const bool same = ramp[1] == 1 && ramp[255] == 255;
  ForRowBands(alpha.height(), pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* from = alpha.row(y);
      uint8_t* row = frame.plane(plane) + static_cast<size_t>(y) * frame.row_bytes(plane);
      if (frame.layout().depth > 8) {
        auto* to = reinterpret_cast<uint16_t*>(row) + x;
        for (int i = 0; i < alpha.width(); ++i) to[i] = ramp[from[i]];
      } else if (same) {
        std::copy_n(from, alpha.width(), row + x);
      } else {
        for (int i = 0; i < alpha.width(); ++i) row[x + i] = static_cast<uint8_t>(ramp[from[i]]);
      }
    }
  });
}

// Every sample of a plane.
void FillPlane(int value, int plane, Frame& frame) {
  const size_t bytes = frame.row_bytes(plane) * static_cast<size_t>(frame.plane_height(plane));
  if (frame.layout().depth > 8) {
    auto* to = reinterpret_cast<uint16_t*>(frame.plane(plane));
    std::fill_n(to, bytes / 2, static_cast<uint16_t>(value));
  } else {
    std::memset(frame.plane(plane), value, bytes);
  }
}

// A plane's rows to the left of another frame's.
void CopyPlane(const Frame& from, int plane, Frame& to) {
  for (int y = 0; y < from.plane_height(plane); ++y) {
    std::memcpy(to.plane(plane) + static_cast<size_t>(y) * to.row_bytes(plane),
                from.plane(plane) + static_cast<size_t>(y) * from.row_bytes(plane),
                from.row_bytes(plane));
  }
}

// The film's own alpha into the matte.
void MultiplyAlpha(const Frame& frame, ImageU8& alpha, ThreadPool* pool) {
  ForRowBands(alpha.height(), pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* a = alpha.row(y);
      const uint8_t* row = frame.plane(3) + static_cast<size_t>(y) * frame.row_bytes(3);
      if (frame.layout().depth > 8) {
        const auto* own = reinterpret_cast<const uint16_t*>(row);
        const uint32_t top = (1u << frame.layout().depth) - 1;
        for (int x = 0; x < alpha.width(); ++x) {
          a[x] = static_cast<uint8_t>((a[x] * std::min<uint32_t>(own[x], top) + top / 2) / top);
        }
      } else {
        for (int x = 0; x < alpha.width(); ++x) {
          a[x] = static_cast<uint8_t>(MulDiv255(a[x], row[x]));
        }
      }
    }
  });
}

class Composer final : public FrameComposer {
 public:
  Composer(const FrameFormat& in, Composed what, Backdrop backdrop, bool decontaminate,
           ThreadPool* pool)
      : in_(in),
        out_(ComposedFormat(in, what)),
        code_(ColourCodeOf(in)),
        what_(what),
        backdrop_(std::move(backdrop)),
        decontaminate_(decontaminate),
        pool_(pool) {}

  Status Prepare() {
    if (what_ != Composed::kOver) return OkStatus();
    switch (backdrop_.kind) {
      case Backdrop::Kind::kColour: {
        PEEL_ASSIGN_OR_RETURN(behind_, ColourFrame(in_, backdrop_.colour));
        return OkStatus();
      }
      case Backdrop::Kind::kPicture: {
        PEEL_ASSIGN_OR_RETURN(behind_,
                              PictureFrame(in_, std::as_const(backdrop_.picture).view(), pool_));
        backdrop_.picture = {};
        return OkStatus();
      }
      case Backdrop::Kind::kBlur:
        if (!(backdrop_.blur > 0 && backdrop_.blur <= kMostBlur)) {
          return InvalidArgument("the background's blur must be above 0 and at most " +
                                 std::to_string(kMostBlur));
        }
        return OkStatus();
      case Backdrop::Kind::kFrames:
        return OkStatus();
    }
    return OkStatus();
  }

  Result<Frame> Compose(MattedFrame matted, const Frame* behind) const override {
    Frame& frame = matted.frame;
    ImageU8& alpha = matted.alpha;
    PEEL_RETURN_IF_ERROR(Check(matted, behind));
    const int64_t pts = frame.pts;
    std::optional<Frame> blurred;  // before colours change
    if (what_ == Composed::kOver && backdrop_.kind == Backdrop::Kind::kBlur) {
      PEEL_ASSIGN_OR_RETURN(blurred, BlurredFrame(frame, backdrop_.blur, pool_));
      behind = &*blurred;
    }
    // Before the film's own alpha comes in: that says nothing of a mixture with a background.
    if (decontaminate_ && what_ != Composed::kMask) {
      PEEL_RETURN_IF_ERROR(TakeSubjectColours(alpha, frame, pool_));
    }
    if (frame.layout().alpha) MultiplyAlpha(frame, alpha, pool_);
    PEEL_ASSIGN_OR_RETURN(Frame out, Make(std::move(frame), alpha, behind));
    out.pts = pts;
    return out;
  }

 private:
  static constexpr double kMostBlur = 1000;

  Status Check(const MattedFrame& matted, const Frame* behind) const {
    const Frame& frame = matted.frame;
    if (!(frame.layout() == in_.layout) || frame.width() != in_.width ||
        frame.height() != in_.height || matted.alpha.width() != in_.width ||
        matted.alpha.height() != in_.height) {
      return InvalidArgument("a frame or its matte is not of the film's format");
    }
    if (what_ != Composed::kOver || backdrop_.kind != Backdrop::Kind::kFrames) return OkStatus();
    FrameLayout layout = in_.layout;
    if (behind != nullptr) layout.alpha = behind->layout().alpha;
    if (behind == nullptr || !(behind->layout() == layout) || behind->width() != in_.width ||
        behind->height() != in_.height) {
      return InvalidArgument("the film behind needs a frame of the same size and samples");
    }
    return OkStatus();
  }

  Result<Frame> Make(Frame frame, const ImageU8& alpha, const Frame* behind) const {
    const Levels levels = LevelsOf(code_);
    const int top = (1 << out_.layout.depth) - 1;
    if (what_ == Composed::kOver) {
      BlendOver(alpha, behind != nullptr ? *behind : behind_, frame, pool_);
    } else if (what_ != Composed::kMask) {
      ClearHidden(alpha, code_, frame, pool_);
    }
    if (what_ == Composed::kAlpha) {
      PEEL_RETURN_IF_ERROR(frame.AddAlpha());
      PutMatte(alpha, Ramp(0, top), 3, 0, frame, pool_);
      return frame;
    }
    if (what_ == Composed::kOver) {
      frame.DropAlpha();
      return frame;
    }

    PEEL_ASSIGN_OR_RETURN(Frame out, Frame::Allocate(out_.layout, out_.width, out_.height));
    FillPlane(levels.neutral, 1, out);
    FillPlane(levels.neutral, 2, out);
    int column = 0;
    if (what_ == Composed::kSideBySide) {
      for (int p = 0; p < 3; ++p) CopyPlane(frame, p, out);
      column = frame.width();
    }
    PutMatte(alpha, Ramp(levels.black, levels.white), 0, column, out, pool_);
    return out;
  }

  const FrameFormat in_, out_;
  const ColourCode code_;
  const Composed what_;
  Backdrop backdrop_;
  const bool decontaminate_;
  ThreadPool* const pool_;
  Frame behind_;  // of a colour or picture
};

}  // namespace

FrameFormat ComposedFormat(const FrameFormat& in, Composed what) {
  FrameFormat out = in;
  out.layout.alpha = what == Composed::kAlpha;
  if (what == Composed::kSideBySide) out.width *= 2;
  return out;
}

Result<std::unique_ptr<FrameComposer>> FrameComposer::Create(const FrameFormat& in, Composed what,
                                                             Backdrop backdrop, bool decontaminate,
                                                             ThreadPool* pool) {
  if (ComposedFormat(in, what).width > Frame::kMaxSide) {
    return LimitExceeded("side by side, frames would be " + std::to_string(2 * in.width) +
                         " pixels wide; at most " + std::to_string(Frame::kMaxSide) +
                         " can be made: scale the film down");
  }
  auto composer = std::make_unique<Composer>(in, what, std::move(backdrop), decontaminate, pool);
  PEEL_RETURN_IF_ERROR(composer->Prepare());
  return std::unique_ptr<FrameComposer>(std::move(composer));
}

}  // namespace peel::video
