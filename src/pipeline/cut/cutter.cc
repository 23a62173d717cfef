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
#include "src/codec/tiff/g4_encode.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/cut/cut_animation.h"
#include "src/pipeline/cut/cut_pixels.h"
#include "src/pipeline/cut/decode_plan.h"
#include "src/pipeline/cut/encode_plan.h"
#include "src/pipeline/cut/rectify_upright.h"
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
  const MattingModel& matting() const override { return *Model().value().matting; }

  Result<EncodedCut> CutBytes(std::span<const uint8_t> bytes,
                              const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    PEEL_RETURN_IF_ERROR(CheckEncoding(options.encode));
    const int frames = options.decode.animate ? AnimationFrames(bytes, options) : 1;
    if (frames > 1 && CanAnimate(options.encode.format) && !options.rembg() && !options.rectify) {
      return CutAllFrames(bytes, options);
    }
    std::optional<CutOptions> first;
    PEEL_ASSIGN_OR_RETURN(std::vector<EncodedCut> sheets,
                          CutFirstFrame(bytes, frames, FirstOnly(options, &first)));
    return std::move(sheets.front());
  }

  Result<EncodedCut> CutPicture(Picture picture, const CutOptions& options) const override {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    PEEL_RETURN_IF_ERROR(CheckEncoding(options.encode));
    std::optional<CutOptions> first;
    PEEL_ASSIGN_OR_RETURN(std::vector<EncodedCut> sheets,
                          CutAndEncode(picture, {}, FirstOnly(options, &first), {}));
    return std::move(sheets.front());
  }

  Result<std::vector<EncodedCut>> CutSheets(std::span<const uint8_t> bytes,
                                            const CutOptions& options) const override {
    if (!options.rectify) {
      PEEL_ASSIGN_OR_RETURN(EncodedCut cut, CutBytes(bytes, options));
      std::vector<EncodedCut> sheets;
      sheets.push_back(std::move(cut));
      return sheets;
    }
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    PEEL_RETURN_IF_ERROR(CheckEncoding(options.encode));
    const int frames = options.decode.animate ? AnimationFrames(bytes, options) : 1;
    return CutFirstFrame(bytes, frames, options);
  }

  DecodeOptions DecodeOptionsFor(const CutOptions& options) const override {
    return PlanDecoding(options, pool_);
  }

  Result<Cut> CutPixels(ImageView<const uint8_t> pixels, const CutOptions& options) const override {
    std::optional<CutOptions> first;
    PEEL_ASSIGN_OR_RETURN(std::vector<Cut> sheets, CutCopyOf(pixels, FirstOnly(options, &first)));
    return std::move(sheets.front());
  }
  Result<Cut16> CutPixels(ImageView<const uint16_t> pixels,
                          const CutOptions& options) const override {
    std::optional<CutOptions> first;
    PEEL_ASSIGN_OR_RETURN(std::vector<Cut16> sheets, CutCopyOf(pixels, FirstOnly(options, &first)));
    return std::move(sheets.front());
  }
  Result<std::vector<Cut>> CutSheets(ImageView<const uint8_t> pixels,
                                     const CutOptions& options) const override {
    return CutCopyOf(pixels, options);
  }
  Result<std::vector<Cut16>> CutSheets(ImageView<const uint16_t> pixels,
                                       const CutOptions& options) const override {
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

  // For the first of several sheets: the options, or a copy in *first.
  static const CutOptions& FirstOnly(const CutOptions& options, std::optional<CutOptions>* first) {
    if (!options.rectify || !options.rectify->all) return options;
    first->emplace(options).rectify->all = false;
    return **first;
  }

  // Of a file with so many frames the first.
  Result<std::vector<EncodedCut>> CutFirstFrame(std::span<const uint8_t> bytes, int frames,
                                                const CutOptions& options) const {
    StageTimes times;
    PEEL_RETURN_IF_ERROR(EnterStage("decode", 0, options.control));
    Stopwatch watch(&times);
    PEEL_ASSIGN_OR_RETURN(
        Picture picture,
        DecoderOr(options.decode.decoder).Decode(bytes, PlanDecodingOf(bytes, options, pool_)));
    watch.Mark("decode");
    if (frames > 1) picture.AddWarning(FirstOf(frames, options));
    return CutAndEncode(picture, bytes, options, std::move(times));
  }

  // `file` is what the picture was decoded from, where it is all of it. Times up to here are the
  // first sheet's.
  Result<std::vector<EncodedCut>> CutAndEncode(Picture& picture, std::span<const uint8_t> file,
                                               const CutOptions& options, StageTimes times) const {
    return std::visit(
        [&]<typename T>(Image<T>& pixels) -> Result<std::vector<EncodedCut>> {
          PEEL_ASSIGN_OR_RETURN(std::vector<CutOf<T>> cuts,
                                CutDecoded(picture, pixels, options, times));
          PEEL_RETURN_IF_ERROR(EnterStage("encode", 0.8, options.control));
          std::vector<EncodedCut> sheets;
          for (CutOf<T>& cut : cuts) {
            PEEL_ASSIGN_OR_RETURN(EncodedCut sheet,
                                  EncodeOne(picture, file, cut, options, std::exchange(times, {})));
            sheets.push_back(std::move(sheet));
          }
          PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options.control));
          return sheets;
        },
        picture.pixels);
  }

  template <typename T>
  Result<EncodedCut> EncodeOne(const Picture& picture, std::span<const uint8_t> file, CutOf<T>& cut,
                               const CutOptions& options, StageTimes times) const {
    EncodedCut result;
    Stopwatch watch(&times);
    if (!cut.pixels.empty()) {
      if (StaysInput(picture, file, cut, options)) {
        cut.rectify->is_input = true;
        result.bytes.assign(file.begin(), file.end());
        result.icc = picture.metadata.icc;
      } else {
        PEEL_RETURN_IF_ERROR(EncodePixels(picture, cut, options, result));
      }
      watch.Mark("encode");
    }
    result.width = cut.pixels.width();
    result.height = cut.pixels.height();
    result.channels = cut.pixels.channels();
    result.bits = 8 * sizeof(T);
    cut.times = std::move(times);
    result.matte = std::move(cut.matte);
    result.info = static_cast<CutInfo&&>(cut);
    return result;
  }

  template <typename T>
  Status EncodePixels(const Picture& picture, CutOf<T>& cut, const CutOptions& options,
                      EncodedCut& result) const {
    Metadata metadata = MetadataToWrite(picture, {cut.pixels.width(), cut.pixels.height()}, cut,
                                        options, &cut.warning);
    // It describes RGB pixels.
    if (options.rectify && cut.pixels.channels() == 1) metadata.icc.clear();
    const bool page = options.encode.pdf_page;
    const bool bilevel = options.rectify && options.rectify->enhance == Enhancement::kBilevel &&
                         cut.pixels.channels() == 1;
    if constexpr (sizeof(T) == 1) {
      if (page && bilevel) {
        result.coding = EncodedCut::Coding::kGroup4;
        PEEL_ASSIGN_OR_RETURN(result.bytes, EncodeG4(std::as_const(cut.pixels).view()));
        return OkStatus();
      }
    }
    if (page) result.icc = metadata.icc;
    const bool keep = options.encode.keep_metadata && !options.rembg() && !page;
    EncodeOptions encode = EncodingFor(options.encode, keep ? &metadata : nullptr, &pool_);
    encode.bilevel = bilevel;
    PEEL_ASSIGN_OR_RETURN(result.bytes, Encode(std::as_const(cut.pixels).view(), encode));
    return OkStatus();
  }

  // What could not be straightened and was to be kept: the file itself, where it has the format.
  template <typename T>
  bool StaysInput(const Picture& picture, std::span<const uint8_t> file, const CutOf<T>& cut,
                  const CutOptions& options) const {
    return cut.rectify && !cut.rectify->ok() && !options.rectify->cutout && !file.empty() &&
           picture.format == options.encode.format && options.encode.keep_metadata &&
           cut.pixels.width() == cut.full_width && !(options.encode.pdf_page && picture.was_cmyk);
  }

  Result<EncodedCut> CutAllFrames(std::span<const uint8_t> bytes, const CutOptions& options) const {
    DecodeOptions decode = DecodeOptionsFor(options);
    decode.reduce_to_8_bits = true;
    AnimationSource source;
    source.open = [&] { return DecoderOr(options.decode.decoder).OpenFrames(bytes, decode); };
    source.cut = [&](Picture& picture, const CutOptions& used, StageTimes& times) -> Result<Cut> {
      PEEL_ASSIGN_OR_RETURN(std::vector<Cut> cuts, CutDecoded(picture, *picture.u8(), used, times));
      return std::move(cuts.front());
    };
    source.pool = &pool_;
    return CutAnimation(source, options);
  }

  // From a decoded picture, whose `pixels` may be taken apart, to the results' pixels: one alone,
  // but for sheets.
  template <typename T>
  Result<std::vector<CutOf<T>>> CutDecoded(const Picture& picture, Image<T>& pixels,
                                           const CutOptions& options, StageTimes& times) const {
    if (options.rembg() && picture.was_grey && !picture.has_alpha) {
      return CutColours(picture, pixels, ForGreyPicture(options), times);
    }
    return CutColours(picture, pixels, options, times);
  }

  template <typename T>
  Result<std::vector<CutOf<T>>> CutColours(const Picture& picture, Image<T>& pixels,
                                           const CutOptions& options, StageTimes& times) const {
    std::string warning = picture.warning;
    std::optional<Background> converted;
    const Background& background =
        InProfile(options, CarriesMetadata(options) ? picture.metadata.icc : std::vector<uint8_t>(),
                  &converted, &warning);
    Size input = {picture.stored_width, picture.stored_height};
    if (picture.orientation >= 5) std::swap(input.width, input.height);
    const Composition how = {options, background, options.encode.format == Format::kJpeg, input};
    PEEL_ASSIGN_OR_RETURN(std::vector<CutOf<T>> cuts,
                          MakeAll(pixels, how, picture.focal_px, times));
    AddSentence(cuts.front().warning, &warning);
    cuts.front().warning = std::move(warning);
    return cuts;
  }

  template <typename T>
  Result<std::vector<CutOf<T>>> MakeAll(Image<T>& pixels, const Composition& how, double focal_px,
                                        StageTimes& times) const {
    if (how.options.rectify) {
      return RectifyUpright(pixels, how, focal_px, Matting(), &pool_, times);
    }
    PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, CutUpright(pixels, how, Matting(), &pool_, times));
    std::vector<CutOf<T>> cuts;
    cuts.push_back(std::move(cut));
    return cuts;
  }

  template <typename T>
  Result<std::vector<CutOf<T>>> CutCopyOf(ImageView<const T> pixels,
                                          const CutOptions& options) const {
    PEEL_RETURN_IF_ERROR(CheckOptions(options));
    if (sizeof(T) > 1 && options.rembg()) return InvalidArgument("rembg's pixels have 8 bits");
    if (sizeof(T) > 1 && options.rectify && options.rectify->draw) {
      return InvalidArgument("a drawing of quads has 8 bits");
    }
    StageTimes times;
    std::string warning;
    std::optional<Background> converted;
    const Composition how = {options, InProfile(options, {}, &converted, &warning)};
    PEEL_ASSIGN_OR_RETURN(Image<T> copy, Clone(pixels));
    PEEL_ASSIGN_OR_RETURN(std::vector<CutOf<T>> cuts, MakeAll(copy, how, 0, times));
    AddSentence(warning, &cuts.front().warning);
    cuts.front().times = std::move(times);
    PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options.control));
    return cuts;
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
