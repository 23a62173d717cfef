#include "src/pipeline/cut/cutter.h"

#include <algorithm>
#include <future>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "src/base/caught.h"
#include "src/base/sentences.h"
#include "src/base/thread_pool.h"
#include "src/codec/animation_encode.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/cut/cut_animation.h"
#include "src/pipeline/cut/cut_pixels.h"
#include "src/pipeline/cut/decode_plan.h"
#include "src/pipeline/cut/encode_plan.h"
#include "src/pipeline/model/model_loader.h"

namespace peel {
namespace {

// The workers that calls share, each of which brings a thread of its own.
int WorkersFor(const ModelOptions& options) {
  int threads = options.threads;
  if (options.executor != nullptr) {
    const int most = options.executor->max_concurrency();
    threads = threads > 0 ? std::min(threads, most) : most;
  } else if (threads <= 0) {
    threads = AvailableCpus();
  }
  return std::max(1, threads - std::max(options.jobs, 1) + 1);
}

class CutterImpl final : public Cutter {
 public:
  explicit CutterImpl(ModelOptions options) : pool_(options.executor, WorkersFor(options)) {
    const auto load = [this, options]() -> Result<LoadedModel> {
      return Caught("the model", [&] {
        auto loaded = LoadModel(options, pool_);
        if (loaded.ok()) AddSentence(pool_.Shortage(), &loaded->info.warning);
        return loaded;
      });
    };
    // A host that lends its threads wants no other: there the first who asks loads.
    const auto when = options.executor != nullptr ? std::launch::deferred : std::launch::async;
    try {
      model_ = std::async(when, load).share();
    } catch (const std::system_error&) {  // no thread to be had: load here, later
      model_ = std::async(std::launch::deferred, load).share();
    }
  }

  Status Wait() const override { return Model().status(); }
  const ModelInfo& info() const override { return Model().value().info; }

  Result<EncodedCut> CutBytes(std::span<const uint8_t> bytes,
                              const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    PEEL_RETURN_IF_ERROR(CheckEncoding(options.encode));
    StageTimes times;
    const int frames = options.decode.animate ? AnimationFrames(bytes, options) : 1;
    if (frames > 1 && CanAnimate(options.encode.format) && !options.rembg()) {
      return CutAllFrames(bytes, options);
    }
    PEEL_RETURN_IF_ERROR(EnterStage("decode", 0, options.control));
    Stopwatch watch(&times);
    PEEL_ASSIGN_OR_RETURN(
        Picture picture,
        DecoderOr(options.decode.decoder).Decode(bytes, PlanDecodingOf(bytes, options, pool_)));
    watch.Mark("decode");
    if (frames > 1) picture.AddWarning(FirstOf(frames, options));
    return std::visit([&](auto& pixels) { return CutAndEncode(picture, pixels, options, times); },
                      picture.pixels);
  }

  Result<EncodedCut> CutPicture(Picture picture, const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    PEEL_RETURN_IF_ERROR(CheckEncoding(options.encode));
    StageTimes times;
    return std::visit([&](auto& pixels) { return CutAndEncode(picture, pixels, options, times); },
                      picture.pixels);
  }

  DecodeOptions DecodeOptionsFor(const CutOptions& options) const override {
    return PlanDecoding(options, pool_);
  }

  Result<Cut> CutPixels(ImageView<const uint8_t> pixels, const CutOptions& options) const override {
    return CutCopyOf(pixels, options);
  }
  Result<Cut16> CutPixels(ImageView<const uint16_t> pixels,
                          const CutOptions& options) const override {
    if (options.rembg()) return InvalidArgument("rembg's pixels have 8 bits");
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
  const Result<LoadedModel>& Model() const { return model_.get(); }

  ModelSource Matting() const {
    return [this]() -> Result<const MattingModel*> {
      const Result<LoadedModel>& model = Model();
      if (!model.ok()) return model.status();
      return model.value().matting.get();
    };
  }

  // `pixels` are the picture's.
  template <typename T>
  Result<EncodedCut> CutAndEncode(const Picture& picture, Image<T>& pixels,
                                  const CutOptions& options, StageTimes& times) const {
    EncodedCut result;
    PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, CutDecoded(picture, pixels, options, times));

    PEEL_RETURN_IF_ERROR(EnterStage("encode", 0.8, options.control));
    Stopwatch watch(&times);
    const Metadata metadata =
        MetadataToWrite(picture, {cut.pixels.width(), cut.pixels.height()}, options, &cut.warning);
    const bool keep = options.encode.keep_metadata && !options.rembg();
    PEEL_ASSIGN_OR_RETURN(result.bytes,
                          Encode(std::as_const(cut.pixels).view(),
                                 EncodingFor(options.encode, keep ? &metadata : nullptr, &pool_)));
    watch.Mark("encode");
    result.width = cut.pixels.width();
    result.height = cut.pixels.height();
    result.channels = cut.pixels.channels();
    result.bits = 8 * sizeof(T);
    cut.times = std::move(times);
    result.matte = std::move(cut.matte);
    result.info = static_cast<CutInfo&&>(cut);
    PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options.control));
    return result;
  }

  Result<EncodedCut> CutAllFrames(std::span<const uint8_t> bytes, const CutOptions& options) const {
    DecodeOptions decode = DecodeOptionsFor(options);
    decode.reduce_to_8_bits = true;
    AnimationSource source;
    source.open = [&] { return DecoderOr(options.decode.decoder).OpenFrames(bytes, decode); };
    source.cut = [&](Picture& picture, const CutOptions& used, StageTimes& times) {
      return CutDecoded(picture, *picture.u8(), used, times);
    };
    source.pool = &pool_;
    return CutAnimation(source, options);
  }

  // From a decoded picture, whose `pixels` may be taken apart, to the result's pixels.
  template <typename T>
  Result<CutOf<T>> CutDecoded(const Picture& picture, Image<T>& pixels, const CutOptions& options,
                              StageTimes& times) const {
    if (options.rembg() && picture.was_grey && !picture.has_alpha) {
      return CutColours(picture, pixels, ForGreyPicture(options), times);
    }
    return CutColours(picture, pixels, options, times);
  }

  template <typename T>
  Result<CutOf<T>> CutColours(const Picture& picture, Image<T>& pixels, const CutOptions& options,
                              StageTimes& times) const {
    std::string warning = picture.warning;
    std::optional<Background> converted;
    const Background& background =
        InProfile(options, CarriesMetadata(options) ? picture.metadata.icc : std::vector<uint8_t>(),
                  &converted, &warning);
    Size input = {picture.stored_width, picture.stored_height};
    if (picture.orientation >= 5) std::swap(input.width, input.height);
    const Composition how = {options, background, options.encode.format == Format::kJpeg, input};
    PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, CutUpright(pixels, how, Matting(), &pool_, times));
    AddSentence(cut.warning, &warning);
    cut.warning = std::move(warning);
    return cut;
  }

  template <typename T>
  Result<CutOf<T>> CutCopyOf(ImageView<const T> pixels, const CutOptions& options) const {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    StageTimes times;
    std::string warning;
    std::optional<Background> converted;
    const Composition how = {options, InProfile(options, {}, &converted, &warning)};
    PEEL_ASSIGN_OR_RETURN(Image<T> copy, Clone(pixels));
    PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, CutUpright(copy, how, Matting(), &pool_, times));
    AddSentence(warning, &cut.warning);
    cut.times = std::move(times);
    PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options.control));
    return cut;
  }

  // The background in the numbers of the profile that the result will carry: the options' own one,
  // or *converted.
  const Background& InProfile(const CutOptions& options, std::span<const uint8_t> icc,
                              std::optional<Background>* converted, std::string* warning) const {
    const Background& given = options.compose.background;
    if (given.is_none() || options.rembg()) return given;
    auto background = given.InProfile(icc, &pool_);
    if (!background.ok()) {
      AddSentence("the background's colours stay as they are: " + background.status().message(),
                  warning);
      return given;
    }
    return converted->emplace(*std::move(background));
  }

  mutable ThreadPool pool_;
  std::shared_future<Result<LoadedModel>> model_;
};

}  // namespace

std::unique_ptr<Cutter> Cutter::Start(const ModelOptions& options) {
  return std::make_unique<CutterImpl>(options);
}

}  // namespace peel
