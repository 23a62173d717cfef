#include "src/pipeline/cut/cutter.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <system_error>
#include <utility>

#include "src/base/caught.h"
#include "src/codec/animation_encode.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/frames.h"
#include "src/codec/metadata/metadata.h"
#include "src/image/colour.h"
#include "src/image/fill_hidden.h"
#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/matte/compat_rembg.h"
#include "src/matte/cutout.h"
#include "src/matte/matte.h"
#include "src/matte/transparency.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/cut/cut_animation.h"
#include "src/pipeline/model/model_loader.h"

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

// Scaling keeps the aspect, so that a picture decoded smaller than it is still fits its trimap.
Status CheckTrimap(int width, int height, const ImageU8& trimap) {
  const double x = static_cast<double>(trimap.width()) / width;
  const double y = static_cast<double>(trimap.height()) / height;
  if (x >= 1 && std::abs(trimap.width() / y - width) < 1.5 + width * 1e-3 && (x > 1 || y == 1)) {
    return OkStatus();
  }
  return InvalidArgument("the trimap has " + std::to_string(trimap.width()) + "x" +
                         std::to_string(trimap.height()) + " pixels, the picture " +
                         std::to_string(width) + "x" + std::to_string(height) +
                         "; they must be of one size");
}

Edges MatteEdges(EdgeMode mode) {
  switch (mode) {
    case EdgeMode::kOff:
      return Edges::kOff;
    case EdgeMode::kRefine:
      return Edges::kRefine;
    case EdgeMode::kMatting:
      return Edges::kMatting;
    case EdgeMode::kAuto:
      break;
  }
  return Edges::kAuto;
}

// An upright picture of width x height scaled down to the longest side allowed.
Size TargetSize(int width, int height, const CutOptions& options) {
  return FitWithin({width, height}, options.max_size);
}

DecodeOptions PlainDecodeOptions(const CutOptions& options, int threads) {
  DecodeOptions decode;
  decode.threads = threads;
  decode.limits = options.limits;
  decode.cancel = options.cancel;
  decode.reduce_to_8_bits =
      options.mask_only || options.compat_rembg || !HoldsDeepColour(options.format);
  decode.keep_metadata = options.keep_metadata && !options.compat_rembg;
  return decode;
}

// A JPEG need not be decoded larger than its result.
DecodeOptions ScaledDecodeOptions(std::span<const uint8_t> bytes, const CutOptions& options,
                                  DecodeOptions decode) {
  if (options.max_size <= 0 || options.compat_rembg) return decode;
  const auto info = DecoderOr(options.decoder).Probe(bytes, options.cancel);
  if (!info.ok()) return decode;  // Decode says what is wrong
  Size size = {info.value().width, info.value().height};
  if (info.value().orientation >= 5) std::swap(size.width, size.height);
  const Size target = TargetSize(size.width, size.height, options);
  if (target == size) return decode;
  decode.min_width = target.width;
  decode.min_height = target.height;
  return decode;
}

Result<ImageU8> ScaleTo(ImageView<const uint8_t> picture, Size size, ThreadPool* pool) {
  if (picture.channels == 4) {
    return ResizeRgba(picture, size.width, size.height, ResizeFilter::kLanczos, pool);
  }
  return ResizeFast(picture, size.width, size.height, pool);
}

Result<ImageU16> ScaleTo(ImageView<const uint16_t> picture, Size size, ThreadPool* pool) {
  return Resize(picture, size.width, size.height, ResizeFilter::kLanczos, pool);
}

// Of a picture that is cut out already: all of it, since its own alpha is multiplied in later. As a
// mask, which is the matte alone, it is that alpha.
Result<Matte> WholeMatte(ImageView<const uint8_t> rgba, bool as_mask) {
  Matte matte;
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, ImageU8::Allocate(rgba.width, rgba.height, 1));
  for (int y = 0; y < alpha.height(); ++y) {
    std::fill_n(alpha.row(y), static_cast<size_t>(alpha.width()), uint8_t{255});
  }
  if (as_mask) MultiplyByOwnAlpha(rgba, alpha.view());
  matte.alphas.push_back(std::move(alpha));
  matte.subject_score = 1;
  matte.subject_found = true;
  matte.coverage = 1;
  return matte;
}

// How many frames follow each other in time; 1 for everything else, broken files too.
int AnimationFrames(std::span<const uint8_t> bytes, const CutOptions& options) {
  const Format format = Sniff(bytes);
  if (!CanAnimate(format) && format != Format::kAvif) return 1;
  const auto info = DecoderOr(options.decoder).Probe(bytes, options.cancel);
  return info.ok() && IsAnimation(*info) ? info->frames : 1;
}

std::string FirstOf(int frames, const CutOptions& options) {
  const char* why = options.compat_rembg ? ", as rembg takes it"
                                         : "; as png, webp or gif all of them would be cut out";
  return "this is the first of " + std::to_string(frames) + " frames" + why;
}

void AddWarning(const std::string& text, std::string* warning) {
  if (text.empty()) return;
  if (!warning->empty()) *warning += ". ";
  *warning += text;
}

class CutterImpl final : public Cutter {
 public:
  explicit CutterImpl(ModelOptions options)
      : pool_([&] {
          const int threads = options.threads > 0 ? options.threads : AvailableCpus();
          return std::max(1, threads - std::max(options.jobs, 1) + 1);
        }()) {
    options.threads = pool_.size();
    const auto load = [this, options]() -> Result<LoadedModel> {
      return Caught("the model", [&] {
        auto loaded = LoadModel(options);
        if (loaded.ok()) AddWarning(pool_.Shortage(), &loaded->info.warning);
        return loaded;
      });
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
    PEEL_RETURN_IF_ERROR(CheckEncoding(options));
    StageTimes times;
    const int frames = options.animate ? AnimationFrames(bytes, options) : 1;
    if (frames > 1 && CanAnimate(options.format) && !options.compat_rembg) {
      return CutAllFrames(bytes, options);
    }
    PEEL_RETURN_IF_ERROR(EnterStage("decode", 0, options));
    Stopwatch watch(&times);
    PEEL_ASSIGN_OR_RETURN(
        Picture picture,
        DecoderOr(options.decoder)
            .Decode(bytes, ScaledDecodeOptions(bytes, options, DecodeOptionsFor(options))));
    watch.Mark("decode");
    if (frames > 1) AddWarning(FirstOf(frames, options), &picture.warning);
    return std::visit([&](auto& pixels) { return CutAndEncode(picture, pixels, options, times); },
                      picture.pixels);
  }

  Result<EncodedCut> CutPicture(Picture picture, const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    PEEL_RETURN_IF_ERROR(CheckEncoding(options));
    StageTimes times;
    return std::visit([&](auto& pixels) { return CutAndEncode(picture, pixels, options, times); },
                      picture.pixels);
  }

  DecodeOptions DecodeOptionsFor(const CutOptions& options) const override {
    return PlainDecodeOptions(options, pool_.size());
  }

  // `pixels` are the picture's.
  template <typename T>
  Result<EncodedCut> CutAndEncode(const Picture& picture, Image<T>& pixels,
                                  const CutOptions& options, StageTimes& times) const {
    EncodedCut result;
    PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, CutDecoded(picture, pixels, options, times));

    PEEL_RETURN_IF_ERROR(EnterStage("encode", 0.8, options));
    Stopwatch watch(&times);
    const Metadata metadata =
        MetadataToWrite(picture, {cut.pixels.width(), cut.pixels.height()}, options, &cut.warning);
    EncodeOptions encode;
    encode.format = options.format;
    encode.quality = options.quality;
    encode.lossless = options.lossless;
    if (options.keep_metadata && !options.compat_rembg) encode.metadata = &metadata;
    encode.pool = &pool_;
    PEEL_ASSIGN_OR_RETURN(result.bytes, Encode(std::as_const(cut.pixels).view(), encode));
    watch.Mark("encode");
    result.width = cut.pixels.width();
    result.height = cut.pixels.height();
    result.channels = cut.pixels.channels();
    result.bits = 8 * sizeof(T);
    cut.times = std::move(times);
    result.info = static_cast<CutInfo&&>(cut);
    PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options));
    return result;
  }

  static Metadata MetadataToWrite(const Picture& picture, Size size, const CutOptions& options,
                                  std::string* warning) {
    Metadata metadata = MetadataForOutput(picture.metadata, size.width, size.height);
    // A mask has no colours and shows no photo, but the size of its pixels.
    if (options.mask_only) {
      const Resolution resolution = metadata.resolution;
      metadata = {};
      metadata.resolution = resolution;
    }
    AddWarning(FitMetadata(options.format, &metadata), warning);
    return metadata;
  }

  static bool CarriesMetadata(const CutOptions& options) {
    return options.keep_metadata && !options.mask_only && !options.compat_rembg;
  }

  Result<EncodedCut> CutAllFrames(std::span<const uint8_t> bytes, const CutOptions& options) const {
    DecodeOptions decode = DecodeOptionsFor(options);
    decode.reduce_to_8_bits = true;
    AnimationSource source;
    source.open = [&] { return DecoderOr(options.decoder).OpenFrames(bytes, decode); };
    source.cut = [&](Picture& picture, const CutOptions& used, StageTimes& times) {
      return CutDecoded(picture, *picture.u8(), used, times);
    };
    source.metadata = [&](const Picture& picture, Size size, std::string* warning) {
      return MetadataToWrite(picture, size, options, warning);
    };
    source.pool = &pool_;
    return CutAnimation(source, options);
  }

  // From a decoded picture, whose `pixels` may be taken apart, to the result's pixels.
  template <typename T>
  Result<CutOf<T>> CutDecoded(const Picture& picture, Image<T>& pixels, const CutOptions& options,
                              StageTimes& times) const {
    std::string warning = picture.warning;
    CutOptions used =
        InProfile(options, CarriesMetadata(options) ? picture.metadata.icc : std::vector<uint8_t>(),
                  &warning);
    if (picture.was_grey && !picture.has_alpha) used = ForGreyPicture(std::move(used));
    PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, CutUpright(pixels, used, /*encode=*/true, times));
    cut.input_width = picture.stored_width;
    cut.input_height = picture.stored_height;
    if (picture.orientation >= 5) std::swap(cut.input_width, cut.input_height);
    AddWarning(cut.warning, &warning);
    cut.warning = std::move(warning);
    return cut;
  }

  Result<Cut> CutPixels(ImageView<const uint8_t> pixels, const CutOptions& options) const override {
    return CutCopyOf(pixels, options);
  }
  Result<Cut16> CutPixels(ImageView<const uint16_t> pixels,
                          const CutOptions& options) const override {
    if (options.compat_rembg) return InvalidArgument("rembg's pixels have 8 bits");
    return CutCopyOf(pixels, options);
  }

  Result<Cut> ComposePixels(ImageView<const uint8_t> pixels, ImageView<const uint8_t> matte,
                            const CutOptions& options) const override {
    return ComposeGiven(pixels, matte, options, &pool_);
  }
  Result<Cut16> ComposePixels(ImageView<const uint16_t> pixels, ImageView<const uint8_t> matte,
                              const CutOptions& options) const override {
    return ComposeGiven(pixels, matte, options, &pool_);
  }

  void TrimMemory() const override {
    const Result<LoadedModel>& model = Model();
    if (model.ok()) model.value().matting->TrimMemory();
  }

 private:
  template <typename T>
  Result<CutOf<T>> CutCopyOf(ImageView<const T> pixels, const CutOptions& options) const {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    StageTimes times;
    std::string warning;
    const CutOptions in_profile = InProfile(options, {}, &warning);
    PEEL_ASSIGN_OR_RETURN(Image<T> copy, Clone(pixels));
    PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, CutUpright(copy, in_profile, /*encode=*/false, times));
    AddWarning(warning, &cut.warning);
    cut.input_width = pixels.width;
    cut.input_height = pixels.height;
    cut.times = std::move(times);
    PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options));
    return cut;
  }

  const Result<LoadedModel>& Model() const { return model_.get(); }

  // The options with their background in the numbers of the profile that the result will carry.
  CutOptions InProfile(const CutOptions& options, std::span<const uint8_t> icc,
                       std::string* warning) const {
    CutOptions converted = options;
    if (options.background.is_none() || options.compat_rembg) return converted;
    auto background = options.background.InProfile(icc, &pool_);
    if (background.ok()) {
      converted.background = *std::move(background);
    } else {
      AddWarning("the background's colours stay as they are: " + background.status().message(),
                 warning);
    }
    return converted;
  }

  Result<Matte> MatteByModel(ImageView<const uint8_t> full, const CutOptions& options,
                             Stopwatch& watch) const {
    const Result<LoadedModel>& model = Model();
    if (!model.ok()) return model.status();
    const MattingModel& matting = *model.value().matting;
    watch.Mark("model");

    PEEL_RETURN_IF_ERROR(EnterStage("network", 0.2, options));
    ImageU8 reduced;
    ImageView<const uint8_t> view = full;
    const Size work = FitWithin({full.width, full.height}, options.work_size);
    if (work != Size{full.width, full.height}) {
      PEEL_ASSIGN_OR_RETURN(reduced, ScaleTo(full, work, &pool_));
      view = std::as_const(reduced).view();
      watch.Mark("reduce");
    }
    PEEL_ASSIGN_OR_RETURN(const Prediction prediction, matting.Predict(view, &pool_));
    watch.Mark("network");

    PEEL_RETURN_IF_ERROR(EnterStage("matte", 0.5, options));
    MatteOptions matte_options;
    matte_options.mode = options.compat_rembg ? MatteMode::kRembg : MatteMode::kDefault;
    matte_options.edges = MatteEdges(options.edges);
    matte_options.trimap = options.matting;
    PEEL_ASSIGN_OR_RETURN(Matte matte, matting.ToMatte(prediction, view, matte_options, &pool_));
    if (view.data != full.data) {
      for (ImageU8& alpha : matte.alphas) {
        PEEL_ASSIGN_OR_RETURN(
            alpha, MatteToPictureSize(std::as_const(alpha).view(), full, options, &pool_));
      }
    }
    watch.Mark("matte");
    return matte;
  }

  // The model has no say where a trimap is given.
  Result<Matte> MatteByTrimap(ImageView<const uint8_t> view, const CutOptions& options,
                              Stopwatch& watch) const {
    PEEL_RETURN_IF_ERROR(EnterStage("matte", 0.2, options));
    ImageU8 scaled;
    ImageView<const uint8_t> trimap = options.trimap->view();
    if (trimap.width != view.width || trimap.height != view.height) {
      PEEL_ASSIGN_OR_RETURN(
          scaled, Resize(trimap, view.width, view.height, ResizeFilter::kNearest, &pool_));
      trimap = std::as_const(scaled).view();
    }
    PEEL_ASSIGN_OR_RETURN(Matte matte, MatteFromTrimap(view, trimap, &pool_));
    watch.Mark("matte");
    return matte;
  }

  // From upright pixels to the result's pixels. `picture` may be taken apart.
  template <typename T>
  Result<CutOf<T>> CutUpright(Image<T>& picture, const CutOptions& options, bool encode,
                              StageTimes& times) const {
    PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
    Stopwatch watch(&times);
    const Size target = TargetSize(picture.width(), picture.height(), options);
    if (options.trimap != nullptr) {
      PEEL_RETURN_IF_ERROR(CheckTrimap(picture.width(), picture.height(), *options.trimap));
    }
    // Whatever a file hides under alpha 0 has no say in anything. rembg lets it.
    const bool transparent =
        !options.compat_rembg && HasTransparency(std::as_const(picture).view());
    if (transparent) PEEL_RETURN_IF_ERROR(FillHidden(picture.view(), &pool_));
    if (target != Size{picture.width(), picture.height()}) {
      PEEL_ASSIGN_OR_RETURN(picture, ScaleTo(std::as_const(picture).view(), target, &pool_));
      watch.Mark("scale");
    }
    // The picture in 8 bits, and what of it the matte is made from.
    ImageU8 reduced, shown;
    ImageView<const uint8_t> view;
    if constexpr (sizeof(T) == 1) {
      view = std::as_const(picture).view();
    } else {
      PEEL_ASSIGN_OR_RETURN(reduced, ToU8(std::as_const(picture).view(), &pool_));
      view = std::as_const(reduced).view();
    }
    ImageView<const uint8_t> seen = view;
    const bool cut_out = transparent && options.trimap == nullptr && IsCutOut(view);
    // A model that is not there is not passed over because this picture does without.
    if (cut_out && !Model().ok()) return Model().status();
    if (transparent && !cut_out) {
      PEEL_ASSIGN_OR_RETURN(shown, OverContrast(view, &pool_));
      seen = std::as_const(shown).view();
    }
    PEEL_ASSIGN_OR_RETURN(Matte matte, cut_out ? WholeMatte(view, options.mask_only)
                                       : options.trimap != nullptr
                                           ? MatteByTrimap(seen, options, watch)
                                           : MatteByModel(seen, options, watch));

    PEEL_RETURN_IF_ERROR(EnterStage("compose", 0.7, options));
    const bool opaque = encode && options.format == Format::kJpeg;
    auto cut = [&] {
      if constexpr (sizeof(T) == 1) {
        return options.compat_rembg ? ComposeLikeRembg(view, matte, options, opaque, &pool_)
                                    : Compose(view, matte, options, opaque, &pool_);
      } else {
        return Compose(std::as_const(picture).view(), view, matte, options, opaque, &pool_);
      }
    }();
    watch.Mark("compose");
    if (cut.ok() && cut_out) cut->warning = "is cut out already; its own transparency is kept";
    return cut;
  }

  mutable ThreadPool pool_;
  std::shared_future<Result<LoadedModel>> model_;
};

}  // namespace

Status CheckOptions(const CutOptions& options) {
  if (options.quality < 0 || options.quality > 100) {
    return InvalidArgument("the quality is a number from 1 to 100");
  }
  if (options.compat_rembg && !options.background.is_none() &&
      options.background.kind() != Background::Kind::kColour) {
    return InvalidArgument("--compat rembg knows a colour as the only --background");
  }
  if (options.compat_rembg && options.edges == EdgeMode::kRefine) {
    return InvalidArgument("--compat rembg knows --edges off and matting, not refine");
  }
  if (!options.compat_rembg &&
      (options.post_process_mask || options.putalpha || options.decontaminate)) {
    return InvalidArgument(
        "post_process_mask, putalpha and decontaminate are steps of rembg's: they need its pixels "
        "(compat_rembg)");
  }
  if (options.mask_only && (!options.background.is_none() || options.shadow)) {
    return InvalidArgument("a mask has no --background and no --shadow");
  }
  if (options.trimap != nullptr && options.edges != EdgeMode::kAuto &&
      options.edges != EdgeMode::kMatting) {
    return InvalidArgument("a --trimap means --edges matting");
  }
  if (options.trimap != nullptr && options.work_size != 0) {
    return InvalidArgument("a trimap is of the picture's size: it goes without work_size");
  }
  if (options.compat_rembg && (options.trimap != nullptr || options.canvas || options.shadow ||
                               options.keep_largest || options.fill_holes)) {
    return InvalidArgument(
        "--compat rembg goes without --trimap, --size, --shadow, --keep largest and --fill-holes");
  }
  return OkStatus();
}

Status CheckEncoding(const CutOptions& options) {
  const bool either = options.format == Format::kWebp || options.format == Format::kAvif;
  if (options.format == Format::kGif && (options.lossless || options.quality > 0)) {
    return InvalidArgument(
        "a GIF has at most 256 colours a frame and knows neither lossless nor a quality; choose "
        "webp, or png");
  }
  if (options.lossless && options.format == Format::kJpeg) {
    return InvalidArgument("a JPEG cannot be lossless; choose png, tiff, webp or avif");
  }
  if (options.quality > 0 && !either && options.format != Format::kJpeg) {
    return InvalidArgument(std::string(FormatName(options.format)) +
                           " is lossless and knows no quality; choose jpg, webp or avif");
  }
  if (options.quality > 0 && options.lossless) {
    return InvalidArgument("lossless and a quality exclude each other");
  }
  return OkStatus();
}

Status EnterStage(const char* stage, double fraction, const CutOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
  if (options.progress && !options.progress(stage, fraction)) {
    return Cancelled("stopped before it was done");
  }
  return OkStatus();
}

CutOptions ForGreyPicture(CutOptions options) {
  if (options.compat_rembg && options.edges == EdgeMode::kMatting) {
    options.edges = EdgeMode::kOff;
    options.decontaminate = true;
  }
  return options;
}

std::unique_ptr<Cutter> Cutter::Start(const ModelOptions& options) {
  return std::make_unique<CutterImpl>(options);
}

Result<EdgeMode> ParseEdges(std::string_view text) {
  if (text == "auto") return EdgeMode::kAuto;
  if (text == "off") return EdgeMode::kOff;
  if (text == "refine") return EdgeMode::kRefine;
  if (text == "matting") return EdgeMode::kMatting;
  return InvalidArgument("--edges: \"" + std::string(text) +
                         "\" is none of auto, off, refine, matting");
}

}  // namespace peel
