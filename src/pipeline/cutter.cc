#include "src/pipeline/cutter.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <new>
#include <system_error>
#include <utility>

#include "src/base/cpu.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/metadata.h"
#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/matte/compat_rembg.h"
#include "src/matte/cutout.h"
#include "src/matte/matte.h"
#include "src/pipeline/compose.h"
#include "src/pipeline/model_loader.h"

namespace peel {
namespace {

using Clock = std::chrono::steady_clock;

// Times stages: each call of Mark closes one.
class Stopwatch {
 public:
  explicit Stopwatch(StageTimes* times) : times_(times), last_(Clock::now()) {}
  void Mark(std::string_view stage) {
    const Clock::time_point now = Clock::now();
    times_->emplace_back(stage, std::chrono::duration<double, std::milli>(now - last_).count());
    last_ = now;
  }

 private:
  StageTimes* times_;
  Clock::time_point last_;
};

Status CheckOptions(const CutOptions& options) {
  if (options.edges == EdgeMode::kMatting) {
    return Unsupported("--edges matting is not in this version yet; use refine or auto");
  }
  if (options.quality < 0 || options.quality > 100) {
    return InvalidArgument("the quality is a number from 1 to 100");
  }
  if (options.compat_rembg && !options.background.is_none() &&
      options.background.kind() != Background::Kind::kColour) {
    return InvalidArgument("--compat rembg knows a colour as the only --background");
  }
  return OkStatus();
}

// An upright picture of width x height scaled down to the longest side allowed.
Size TargetSize(int width, int height, const CutOptions& options) {
  return FitWithin({width, height}, options.max_size);
}

DecodeOptions DecodeOptionsFor(std::span<const uint8_t> bytes, const CutOptions& options) {
  DecodeOptions decode;
  decode.limits = options.limits;
  decode.reduce_to_8_bits = true;
  decode.keep_metadata = options.keep_metadata && !options.mask_only && !options.compat_rembg;
  if (options.max_size <= 0 || options.compat_rembg) return decode;
  const auto info = Probe(bytes);
  if (!info.ok()) return decode;  // Decode says what is wrong
  Size size = {info.value().width, info.value().height};
  if (info.value().orientation >= 5) std::swap(size.width, size.height);
  const Size target = TargetSize(size.width, size.height, options);
  if (target == size) return decode;
  decode.min_width = target.width;
  decode.min_height = target.height;
  return decode;
}

Result<ImageU8> ScaleTo(const ImageU8& picture, Size size, ThreadPool* pool) {
  if (picture.channels() == 4) {
    return ResizeRgba(picture.view(), size.width, size.height, ResizeFilter::kLanczos, pool);
  }
  return ResizeFast(picture.view(), size.width, size.height, pool);
}

class CutterImpl final : public Cutter {
 public:
  explicit CutterImpl(ModelOptions options)
      : pool_([&] {
          const int threads = options.threads > 0 ? options.threads : AvailableCpus();
          return std::max(1, threads - std::max(options.jobs, 1) + 1);
        }()) {
    options.threads = pool_.size();
    const auto load = [options]() -> Result<LoadedModel> {
      try {
        return LoadModel(options);
      } catch (const std::bad_alloc&) {
        return OutOfMemory("there is not enough memory for the model");
      }
    };
    try {
      model_ = std::async(std::launch::async, load).share();
    } catch (const std::system_error&) {  // no thread to be had: load here, later
      model_ = std::async(std::launch::deferred, load).share();
    }
  }

  Status Wait() const override { return Model().status(); }
  const ModelInfo& info() const override { return Model().value().info; }

  Result<EncodedCut> CutBytes(std::span<const uint8_t> bytes,
                              const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    EncodedCut result;
    StageTimes times;
    Stopwatch watch(&times);
    PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(bytes, DecodeOptionsFor(bytes, options)));
    ImageU8* pixels = picture.u8();
    if (pixels == nullptr) return Internal("a picture was not decoded to 8 bits");
    watch.Mark("decode");

    PEEL_ASSIGN_OR_RETURN(Cut cut, CutUpright(*pixels, options, /*encode=*/true, times));
    cut.input_width = picture.stored_width;
    cut.input_height = picture.stored_height;
    if (picture.orientation >= 5) std::swap(cut.input_width, cut.input_height);
    cut.warning = picture.warning;

    PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
    watch = Stopwatch(&times);
    const Metadata metadata =
        MetadataForOutput(picture.metadata, cut.pixels.width(), cut.pixels.height());
    EncodeOptions encode;
    encode.format = options.format;
    encode.quality = options.quality;
    encode.lossless = options.lossless;
    if (options.keep_metadata && !options.mask_only && !options.compat_rembg) {
      encode.metadata = &metadata;
    }
    encode.pool = &pool_;
    PEEL_ASSIGN_OR_RETURN(result.bytes, Encode(std::as_const(cut.pixels).view(), encode));
    watch.Mark("encode");
    result.width = cut.pixels.width();
    result.height = cut.pixels.height();
    result.channels = cut.pixels.channels();
    cut.pixels = ImageU8();
    cut.times = std::move(times);
    result.info = std::move(cut);
    return result;
  }

  Result<Cut> CutPixels(ImageView<const uint8_t> pixels, const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    StageTimes times;
    PEEL_ASSIGN_OR_RETURN(ImageU8 copy, Clone(pixels));
    PEEL_ASSIGN_OR_RETURN(Cut cut, CutUpright(copy, options, /*encode=*/false, times));
    cut.input_width = pixels.width;
    cut.input_height = pixels.height;
    cut.times = std::move(times);
    return cut;
  }

  Result<Cut> ComposePixels(ImageView<const uint8_t> pixels, ImageView<const uint8_t> matte,
                            const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    return ComposeGiven(pixels, matte, options, &pool_);
  }

 private:
  const Result<LoadedModel>& Model() const { return model_.get(); }

  // From upright pixels to the result's pixels. `picture` may be taken apart.
  Result<Cut> CutUpright(ImageU8& picture, const CutOptions& options, bool encode,
                         StageTimes& times) const {
    PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
    Stopwatch watch(&times);
    const Size target = TargetSize(picture.width(), picture.height(), options);
    if (target != Size{picture.width(), picture.height()}) {
      PEEL_ASSIGN_OR_RETURN(picture, ScaleTo(picture, target, &pool_));
      watch.Mark("scale");
    }
    const Result<LoadedModel>& model = Model();
    if (!model.ok()) return model.status();
    const Matter& matter = *model.value().matter;
    watch.Mark("model");

    PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
    const ImageView<const uint8_t> full = std::as_const(picture).view();
    ImageU8 reduced;
    ImageView<const uint8_t> view = full;
    const Size work = FitWithin({full.width, full.height}, options.work_size);
    if (work != Size{full.width, full.height}) {
      PEEL_ASSIGN_OR_RETURN(reduced, ScaleTo(picture, work, &pool_));
      view = std::as_const(reduced).view();
      watch.Mark("reduce");
    }
    PEEL_ASSIGN_OR_RETURN(const Prediction prediction, matter.Predict(view, &pool_));
    watch.Mark("network");

    PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
    MatteOptions matte_options;
    matte_options.mode = options.compat_rembg ? MatteMode::kRembg : MatteMode::kDefault;
    matte_options.edges = options.edges == EdgeMode::kOff      ? Edges::kOff
                          : options.edges == EdgeMode::kRefine ? Edges::kRefine
                                                               : Edges::kAuto;
    PEEL_ASSIGN_OR_RETURN(Matte matte, matter.ToMatte(prediction, view, matte_options, &pool_));
    if (view.data != full.data) {
      for (ImageU8& alpha : matte.alphas) {
        PEEL_ASSIGN_OR_RETURN(
            alpha, MatteToPictureSize(std::as_const(alpha).view(), full, options, &pool_));
      }
    }
    watch.Mark("matte");

    PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
    const bool opaque = encode && options.format == Format::kJpeg;
    auto cut = options.compat_rembg ? ComposeLikeRembg(full, matte, options, opaque, &pool_)
                                    : Compose(full, matte, options, opaque, &pool_);
    watch.Mark("compose");
    return cut;
  }

  mutable ThreadPool pool_;
  std::shared_future<Result<LoadedModel>> model_;
};

}  // namespace

std::unique_ptr<Cutter> Cutter::Start(const ModelOptions& options) {
  InitCpu();
  return std::make_unique<CutterImpl>(options);
}

}  // namespace peel
