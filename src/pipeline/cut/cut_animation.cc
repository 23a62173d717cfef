#include "src/pipeline/cut/cut_animation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/sentences.h"
#include "src/codec/animation_encode.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/decode_plan.h"
#include "src/pipeline/cut/encode_plan.h"

namespace peel {
namespace {

Result<ImageU8> WithAlpha(ImageView<const uint8_t> rgb) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 rgba, ImageU8::Allocate(rgb.width, rgb.height, 4));
  for (int y = 0; y < rgb.height; ++y) {
    const uint8_t* from = rgb.row(y);
    uint8_t* to = rgba.row(y);
    for (int x = 0; x < rgb.width; ++x, from += 3, to += 4) {
      std::copy_n(from, 3, to);
      to[3] = 255;
    }
  }
  return rgba;
}

// The box around both; an empty one adds nothing.
Box Around(const Box& a, const Box& b) {
  if (a.width == 0) return b;
  const int x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
          std::max(a.y + a.height, b.y + b.height) - y};
}

class AnimationCut {
 public:
  AnimationCut(const AnimationSource& source, const CutOptions& options)
      : source_(source), options_(options) {
    passes_ = options.frame.crop_margin || options.frame.scale ? 2 : 1;
  }

  Result<EncodedCut> Run() {
    std::optional<Box> crop;
    if (passes_ > 1) {
      PEEL_ASSIGN_OR_RETURN(crop, FindCrop());
    }
    CutOptions options = options_;
    options.frame.crop_box = crop;
    EncodedCut result;
    std::unique_ptr<AnimationEncoder> encoder;
    Metadata metadata;
    double coverage = 0;
    int without = 0;
    const auto use = [&](const Picture& picture, Cut cut) -> Status {
      // Blurred, a frame without alpha is opaque, the next one may have some.
      if (options.compose.background.kind() == Background::Kind::kBlur &&
          cut.pixels.channels() == 3) {
        PEEL_ASSIGN_OR_RETURN(cut.pixels, WithAlpha(std::as_const(cut.pixels).view()));
      }
      if (encoder == nullptr) {
        metadata = MetadataToWrite(picture, {cut.pixels.width(), cut.pixels.height()}, cut,
                                   options_, &warning_);
        PEEL_ASSIGN_OR_RETURN(
            encoder,
            StartAnimation(EncodingFor(options_.encode, &metadata, source_.pool), picture.plays));
        result.info = static_cast<const CutInfo&>(cut);
        result.width = cut.pixels.width();
        result.height = cut.pixels.height();
        result.channels = cut.pixels.channels();
        result.info.frames = 0;
        result.info.warning.clear();
      }
      ++result.info.frames;
      result.info.has_subject |= cut.has_subject;
      result.info.subject_score = std::max(result.info.subject_score, cut.subject_score);
      coverage += cut.coverage;
      without += !cut.has_subject;
      AddSentence(cut.warning, &warning_);
      const StageTimer timer("encode", times_);
      return encoder->Add(std::as_const(cut.pixels).view(), picture.delay_us);
    };
    PEEL_RETURN_IF_ERROR(ForFrames(options, passes_ - 1, use));
    CutInfo& info = result.info;
    info.coverage = coverage / info.frames;
    if (info.has_subject && without > 0) {
      AddSentence("no subject found in " + std::to_string(without) + " of " +
                      std::to_string(info.frames) + " frames, which are empty",
                  &warning_);
    }
    {
      const StageTimer timer("encode", times_);
      PEEL_ASSIGN_OR_RETURN(result.bytes, encoder->Finish());
    }
    info.warning = std::move(warning_);
    info.times = std::move(times_);
    PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options_.control));
    return result;
  }

 private:
  // One box for all frames: around their subjects, with the margin. nullopt where there is none.
  Result<std::optional<Box>> FindCrop() {
    CutOptions options = options_;
    options.compose.mask_only = true;
    options.compose.background = {};
    options.frame.shadow.reset();
    options.frame.canvas.reset();
    options.frame.scale.reset();
    options.frame.position = {};
    options.frame.crop_margin = Length(0);
    Box all;
    Size size;
    const auto use = [&](const Picture& picture, const Cut& cut) {
      size = TargetSize(picture.width(), picture.height(), options_);
      if (cut.has_subject) {
        all = Around(all, {cut.x, cut.y, cut.pixels.width(), cut.pixels.height()});
      }
      return OkStatus();
    };
    PEEL_RETURN_IF_ERROR(ForFrames(options, 0, use));
    if (all.width == 0) return std::optional<Box>();
    return std::optional<Box>(
        WithMargins(all, options_.frame.crop_margin.value_or(Margins()), size));
  }

  // Calls use(picture, cut) for every frame that can be decoded; the picture's pixels may be gone.
  template <typename Use>
  Status ForFrames(CutOptions options, int pass, Use use) {
    std::unique_ptr<FrameReader> frames;
    PEEL_RETURN_IF_ERROR(
        EnterStage("decode", static_cast<double>(pass) / passes_, options_.control));
    {
      const StageTimer timer("decode", times_);
      PEEL_ASSIGN_OR_RETURN(frames, source_.open());
    }
    const int count = frames->count();
    for (int frame = 0; frame < count; ++frame) {
      // A frame's share of the work.
      const auto overall = [&](double fraction) {
        return (pass + (frame + fraction) / count) / passes_;
      };
      PEEL_RETURN_IF_ERROR(CheckCancelled(options_.control.stop));
      PEEL_RETURN_IF_ERROR(EnterStage("decode", overall(0), options_.control));
      if (options_.control.progress) {
        options.control.progress = [&](const char* stage, double fraction) {
          return options_.control.progress(stage, overall(fraction));
        };
      }
      Result<Picture> picture = Internal("");
      {
        const StageTimer timer("decode", times_);
        picture = frames->Next();
      }
      const std::string number =
          "frame " + std::to_string(frame + 1) + " of " + std::to_string(count);
      if (!picture.ok()) {
        if (frame == 0) return std::move(picture).status().WithContext(number);
        AddSentence("the animation ends before " + number + ": " + picture.status().message(),
                    &warning_);
        break;
      }
      StageTimes times;
      auto cut = source_.cut(*picture, options, times);
      if (!cut.ok()) return std::move(cut).status().WithContext(number);
      for (const auto& [stage, milliseconds] : times) AddTime(stage, milliseconds, times_);
      PEEL_RETURN_IF_ERROR(use(*picture, *std::move(cut)));
    }
    return OkStatus();
  }

  const AnimationSource& source_;
  const CutOptions& options_;
  int passes_ = 1;
  std::string warning_;
  StageTimes times_;
};

}  // namespace

Result<EncodedCut> CutAnimation(const AnimationSource& source, const CutOptions& options) {
  return AnimationCut(source, options).Run();
}

}  // namespace peel
