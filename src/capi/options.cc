#include "src/capi/options.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "src/capi/handles.h"
#include "src/capi/option_table.h"
#include "src/capi/pixels.h"
#include "src/matte/matting/trimap.h"

namespace peel {
namespace {

constexpr std::pair<peel_format, Format> kFormats[] = {{PEEL_PNG, Format::kPng},
                                                       {PEEL_JPEG, Format::kJpeg},
                                                       {PEEL_WEBP, Format::kWebp},
                                                       {PEEL_TIFF, Format::kTiff},
                                                       {PEEL_AVIF, Format::kAvif}};
constexpr std::pair<peel_edges, Edges> kEdges[] = {{PEEL_EDGES_AUTO, Edges::kAuto},
                                                   {PEEL_EDGES_OFF, Edges::kOff},
                                                   {PEEL_EDGES_REFINE, Edges::kRefine},
                                                   {PEEL_EDGES_MATTING, Edges::kMatting}};
constexpr std::pair<peel_device, Device> kDevices[] = {{PEEL_DEVICE_AUTO, Device::kAuto},
                                                       {PEEL_DEVICE_CPU, Device::kCpu},
                                                       {PEEL_DEVICE_CUDA, Device::kCuda},
                                                       {PEEL_DEVICE_TENSORRT, Device::kTensorRt},
                                                       {PEEL_DEVICE_OPENVINO, Device::kOpenVino}};
constexpr std::pair<peel_precision, engine::Precision> kPrecisions[] = {
    {PEEL_PRECISION_AUTO, engine::Precision::kAuto},
    {PEEL_PRECISION_FP32, engine::Precision::kFp32},
    {PEEL_PRECISION_BF16, engine::Precision::kBf16},
    {PEEL_PRECISION_INT8, engine::Precision::kInt8},
    {PEEL_PRECISION_FP16, engine::Precision::kFp16}};

constexpr std::pair<peel_quad_kind, QuadKind> kQuadKinds[] = {
    {PEEL_QUAD_AUTO, QuadKind::kAuto},
    {PEEL_QUAD_DOCUMENT, QuadKind::kDocument},
    {PEEL_QUAD_PRODUCT, QuadKind::kProduct},
    {PEEL_QUAD_SCREEN, QuadKind::kScreen}};
constexpr std::pair<peel_enhance, Enhancement> kEnhancements[] = {
    {PEEL_ENHANCE_NONE, Enhancement::kNone},
    {PEEL_ENHANCE_AUTO, Enhancement::kAuto},
    {PEEL_ENHANCE_COLOR, Enhancement::kColour},
    {PEEL_ENHANCE_GRAY, Enhancement::kGrey},
    {PEEL_ENHANCE_BW, Enhancement::kBilevel}};
constexpr std::pair<peel_filter, WarpFilter> kFilters[] = {
    {PEEL_FILTER_BICUBIC, WarpFilter::kBicubic},
    {PEEL_FILTER_BILINEAR, WarpFilter::kBilinear},
    {PEEL_FILTER_LANCZOS, WarpFilter::kLanczos}};

using R = peel_rectify_options;
constexpr std::tuple kRectifyTable = {
    Take<&R::kind>([](peel_quad_kind kind, RectifyChoices& to) {
      return ReadChoice(kind, kQuadKinds, "kind is none of peel_quad_kind", &to.kind);
    }),
    Take<&R::corners>([](const double* corners, RectifyChoices& to) {
      if (corners == nullptr) return;
      Quad& quad = to.corners.emplace();
      for (size_t i = 0; i < 4; ++i) quad.corners[i] = {corners[2 * i], corners[2 * i + 1]};
    }),
    Take<&R::focal_px>([](double pixels, RectifyChoices& to) { to.focal_px = pixels; }),
    Take<&R::ratio>([](const char* ratio, RectifyChoices& to) -> Status {
      if (ratio == nullptr) return OkStatus();
      auto choice = ParseRatio(ratio);
      if (!choice.ok()) return std::move(choice).status().WithContext("ratio");
      to.size.ratio = *choice;
      return OkStatus();
    }),
    Take<&R::width, &R::height>([](int width, int height, RectifyChoices& to) -> Status {
      if (width < 0 || height < 0) return InvalidArgument("width and height are not negative");
      to.size.size = {width, height};
      return OkStatus();
    }),
    Take<&R::dpi>([](double dpi, RectifyChoices& to) { to.size.dpi = dpi; }),
    Take<&R::enhance>([](peel_enhance enhance, RectifyChoices& to) {
      return ReadChoice(enhance, kEnhancements, "enhance is none of peel_enhance", &to.enhance);
    }),
    Take<&R::turn>([](int turn, RectifyChoices& to) {
      if (turn != -1) to.turn = turn;
    }),
    Take<&R::margin>([](const char* margin, RectifyChoices& to) -> Status {
      if (margin == nullptr) return OkStatus();
      auto length = ParseLength(margin);
      if (!length.ok()) return std::move(length).status().WithContext("margin");
      to.margin = *length;
      return OkStatus();
    }),
    Take<&R::cutout>([](int on, RectifyChoices& to) { to.cutout = on != 0; }),
    Take<&R::filter>([](peel_filter filter, RectifyChoices& to) {
      return ReadChoice(filter, kFilters, "filter is none of peel_filter", &to.filter);
    }),
    Take<&R::all>([](int on, RectifyChoices& to) { to.all = on != 0; }),
    Take<&R::draw>([](int on, RectifyChoices& to) { to.draw = on != 0; }),
};
static_assert(HasAllMembers<peel_rectify_options>(kRectifyTable),
              "a member has no row, or has two");

// In the order in which they are read: alpha_matting looks at the edges, the background's picture
// keeps to max_pixels.
using C = peel_cut_options;
constexpr std::tuple kCutTable = {
    Take<&C::format>([](peel_format format, CutOptions& to) {
      return ReadChoice(format, kFormats, "format is none of peel_format", &to.encode.format);
    }),
    Take<&C::edges>([](peel_edges edges, CutOptions& to) {
      return ReadChoice(edges, kEdges, "edges is none of peel_edges", &to.matte.model.edges);
    }),
    Take<&C::quality>([](int quality, CutOptions& to) { to.encode.quality = quality; }),
    Take<&C::lossless>([](int on, CutOptions& to) { to.encode.lossless = on != 0; }),
    Take<&C::mask_only>([](int on, CutOptions& to) { to.compose.mask_only = on != 0; }),
    Take<&C::compat_rembg>([](int on, CutOptions& to) {
      to.matte.model.mode = on != 0 ? MatteMode::kRembg : MatteMode::kDefault;
    }),
    Take<&C::post_process_mask>(
        [](int on, CutOptions& to) { to.compose.rembg.post_process_mask = on != 0; }),
    Take<&C::putalpha>([](int on, CutOptions& to) { to.compose.rembg.putalpha = on != 0; }),
    Take<&C::decontaminate>(
        [](int on, CutOptions& to) { to.compose.rembg.decontaminate = on != 0; }),
    Take<&C::alpha_matting>([](int on, CutOptions& to) -> Status {
      Edges& edges = to.matte.model.edges;
      if (on == 0) return OkStatus();
      if (edges != Edges::kAuto && edges != Edges::kMatting) {
        return InvalidArgument("alpha_matting and edges that are not matting exclude each other");
      }
      edges = Edges::kMatting;
      return OkStatus();
    }),
    Take<&C::alpha_matting_foreground_threshold>(
        [](int value, CutOptions& to) { to.matte.model.matting.foreground = value; }),
    Take<&C::alpha_matting_background_threshold>(
        [](int value, CutOptions& to) { to.matte.model.matting.background = value; }),
    Take<&C::alpha_matting_erode_size>(
        [](int value, CutOptions& to) { to.matte.model.matting.erode = value; }),
    Take<&C::crop_margin>([](int margin, CutOptions& to) {
      if (margin >= 0) to.frame.crop_margin = Length(margin);
    }),
    Take<&C::max_size>([](int size, CutOptions& to) -> Status {
      if (size < 0) return InvalidArgument("max_size is not negative");
      to.decode.max_size = size;
      return OkStatus();
    }),
    Take<&C::work_size>([](int size, CutOptions& to) -> Status {
      if (size < 0) return InvalidArgument("work_size is not negative");
      to.matte.work_size = size;
      return OkStatus();
    }),
    Take<&C::max_pixels>([](uint64_t pixels, CutOptions& to) {
      if (pixels > 0) to.decode.limits.max_pixels = pixels;
    }),
    Take<&C::drop_metadata>([](int on, CutOptions& to) { to.encode.keep_metadata = on == 0; }),
    Take<&C::cancel>([](const peel_cancel* cancel, CutOptions& to) {
      if (cancel != nullptr) to.control.cancel = &cancel->token;
    }),
    Take<&C::progress, &C::progress_data>([](peel_progress tell, void* data, CutOptions& to) {
      if (tell == nullptr) return;
      to.control.progress = [tell, data](const char* stage, double fraction) {
        return tell(data, stage, fraction) == 0;
      };
    }),
    Take<&C::trimap>([](const peel_pixels* pixels, CutOptions& to) -> Status {
      if (pixels == nullptr) return OkStatus();
      PEEL_ASSIGN_OR_RETURN(const auto drawn, ReadPlane(pixels, "a trimap"));
      PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ReadTrimap(drawn));
      to.matte.trimap = std::make_shared<const ImageU8>(std::move(trimap));
      return OkStatus();
    }),
    Take<&C::hints>([](const peel_pixels* pixels, CutOptions& to) -> Status {
      if (pixels == nullptr) return OkStatus();
      PEEL_ASSIGN_OR_RETURN(ImageU8 hints, ReadColours(pixels, "hints"));
      to.matte.hints = std::make_shared<const ImageU8>(std::move(hints));
      return OkStatus();
    }),
    Take<&C::rectify>([](const peel_rectify_options* given, CutOptions& to) -> Status {
      if (given == nullptr) return OkStatus();
      PEEL_ASSIGN_OR_RETURN(to.rectify, ToRectifyChoices(given));
      to.rectify->cutout = true;
      to.rectify->keep = true;
      return OkStatus();
    }),
    Take<&C::background>([](const char* text, CutOptions& to) -> Status {
      if (text == nullptr) return OkStatus();
      auto background = Background::Parse(text, to.decode.limits);
      if (!background.ok()) return std::move(background).status().WithContext("background");
      to.compose.background = *std::move(background);
      return OkStatus();
    }),
};
static_assert(HasAllMembers<peel_cut_options>(kCutTable), "a member has no row, or has two");

// runtime_folders comes behind runtime_options, which sets all of the runtime.
using E = peel_engine_options;
constexpr std::tuple kEngineTable = {
    Take<&E::model>([](const char* model, EngineChoices& to) {
      if (model != nullptr) to.model.model = model;
    }),
    Take<&E::family>([](const char* family, EngineChoices& to) {
      if (family != nullptr) to.model.family = family;
    }),
    Take<&E::threads>([](int threads, EngineChoices& to) -> Status {
      if (threads < 0 || threads > 1024) return InvalidArgument("threads is from 0 to 1024");
      to.model.threads = threads;
      return OkStatus();
    }),
    Take<&E::strict>([](int on, EngineChoices& to) { to.model.strict = on != 0; }),
    Take<&E::device>([](peel_device device, EngineChoices& to) {
      return ReadChoice(device, kDevices, "device is none of peel_device", &to.model.device);
    }),
    Take<&E::precision>([](peel_precision precision, EngineChoices& to) {
      return ReadChoice(precision, kPrecisions, "precision is none of peel_precision",
                        &to.model.precision);
    }),
    Take<&E::backend>([](const char* backend, EngineChoices& to) -> Status {
      PEEL_ASSIGN_OR_RETURN(to.model.backend, ParseBackend(backend != nullptr ? backend : "auto"));
      return OkStatus();
    }),
    Take<&E::runtime_options>([](const char* text, EngineChoices& to) -> Status {
      PEEL_ASSIGN_OR_RETURN(to.model.runtime, ParseRuntime(text != nullptr ? text : ""));
      return OkStatus();
    }),
    Take<&E::runtime_folders>([](const char* folders, EngineChoices& to) {
      if (folders != nullptr) to.model.runtime.folders = folders;
    }),
    Take<&E::model_data, &E::model_size>(
        [](const void* data, size_t size, EngineChoices& to) -> Status {
          if ((data != nullptr) != (size > 0)) {
            return InvalidArgument("model_data and model_size go together");
          }
          to.model.bytes = {static_cast<const uint8_t*>(data), size};
          return OkStatus();
        }),
    Take<&E::jobs>([](int jobs, EngineChoices& to) -> Status {
      if (jobs < 0 || jobs > 1024) return InvalidArgument("jobs is from 0 to 1024");
      to.model.jobs = std::max(jobs, 1);
      return OkStatus();
    }),
    Take<&E::executor>([](const peel_executor* given, EngineChoices& to) -> Status {
      if (given == nullptr) return OkStatus();
      PEEL_ASSIGN_OR_RETURN(const peel_executor c, CopyOptions(given, peel_executor{}));
      if (c.run == nullptr) return InvalidArgument("the executor has no run");
      if (c.max_concurrency < 1 || c.max_concurrency > 1024) {
        return InvalidArgument("the executor's max_concurrency is from 1 to 1024");
      }
      to.executor = std::make_unique<HostExecutor>(c);
      to.model.executor = to.executor.get();
      return OkStatus();
    }),
    Take<&E::memory_limit>([](uint64_t bytes, EngineChoices& to) { to.memory_limit = bytes; }),
};
static_assert(HasAllMembers<peel_engine_options>(kEngineTable), "a member has no row, or has two");

}  // namespace

peel_cut_options DefaultCutOptions() {
  peel_cut_options options = {};
  const TrimapOptions usual;
  options.crop_margin = -1;
  options.alpha_matting_foreground_threshold = usual.foreground;
  options.alpha_matting_background_threshold = usual.background;
  options.alpha_matting_erode_size = usual.erode;
  return options;
}

peel_rectify_options DefaultRectifyOptions() {
  peel_rectify_options options = {};
  options.turn = -1;
  return options;
}

Result<RectifyChoices> ToRectifyChoices(const peel_rectify_options* given) {
  PEEL_ASSIGN_OR_RETURN(const peel_rectify_options c, CopyOptions(given, DefaultRectifyOptions()));
  RectifyChoices choices;
  PEEL_RETURN_IF_ERROR(ReadTable(kRectifyTable, c, choices));
  PEEL_RETURN_IF_ERROR(CheckRectify(choices));
  return choices;
}

Result<CutOptions> ToCutOptions(const peel_cut_options* given) {
  PEEL_ASSIGN_OR_RETURN(const peel_cut_options c, CopyOptions(given, DefaultCutOptions()));
  CutOptions options;
  PEEL_RETURN_IF_ERROR(ReadTable(kCutTable, c, options));
  return options;
}

Result<EngineChoices> ToEngineChoices(const peel_engine_options* given) {
  PEEL_ASSIGN_OR_RETURN(const peel_engine_options c, CopyOptions(given, peel_engine_options{}));
  EngineChoices choices;
  PEEL_RETURN_IF_ERROR(ReadTable(kEngineTable, c, choices));
  return choices;
}

}  // namespace peel
