// peel._peel: the C interface as Python objects. The package around it checks and converts what
// users pass; this file only binds.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <peel/peel.h>

#include <array>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/src/cancel.h"
#include "python/src/engine.h"
#include "python/src/gil.h"
#include "python/src/pixels.h"
#include "python/src/records.h"
#include "python/src/run.h"
#include "python/src/video.h"

namespace peel::python {
namespace {

using nb::literals::operator""_a;  // NOLINT(misc-unused-using-decls): argument names use it

// peel_rectify_options with room for what it points to.
class RectifyOptions {
 public:
  RectifyOptions() { peel_rectify_options_init(&c_, sizeof(c_)); }

  // Points into this object.
  peel_rectify_options Filled() const {
    peel_rectify_options c = c_;
    if (corners_) c.corners = corners_->data();
    if (ratio_) c.ratio = ratio_->c_str();
    if (margin_) c.margin = margin_->c_str();
    return c;
  }

  peel_rectify_options c_;
  std::optional<std::array<double, 8>> corners_;
  std::optional<std::string> ratio_, margin_;
};

// peel_cut_options with room for what it points to.
class Options {
 public:
  Options() { peel_cut_options_init(&c_, sizeof(c_)); }

  peel_cut_options c_;
  std::optional<std::string> background_;
  nb::object progress_;  // called as progress_(stage, fraction); or None
  std::optional<ArrayIn> trimap_, hints_;
  std::optional<RectifyOptions> rectify_;
};

// A call's Python function for progress, and what it raised.
class Progress {
 public:
  explicit Progress(const nb::object& function) : function_(function) {}

  static int Tell(void* self, const char* stage, double fraction) {
    return static_cast<Progress*>(self)->Tell(stage, fraction);
  }
  // With the GIL held, when the call has ended.
  void RethrowIfRaised() {
    if (raised_) std::rethrow_exception(std::exchange(raised_, nullptr));
  }

 private:
  int Tell(const char* stage, double fraction) {
    const TakeGil gil;
    try {
      function_(stage, fraction);
      return 0;
    } catch (...) {
      raised_ = std::current_exception();
      return 1;
    }
  }

  const nb::object& function_;
  std::exception_ptr raised_;
};

// A result of the library; arrays made from it keep it alive.
class Output {
 public:
  explicit Output(ResultHandle handle) : handle_(std::move(handle)) {}
  explicit Output(std::shared_ptr<peel_result> handle) : handle_(std::move(handle)) {}
  uint8_t* data() const { return const_cast<uint8_t*>(peel_result_data(handle_.get())); }
  int width() const { return peel_result_width(handle_.get()); }
  int height() const { return peel_result_height(handle_.get()); }
  int channels() const { return peel_result_channels(handle_.get()); }
  size_t stride() const { return peel_result_stride(handle_.get()); }
  peel_result* get() const { return handle_.get(); }

  nb::bytes Bytes() const { return nb::bytes(data(), peel_result_size(handle_.get())); }

  // The next sheet, which keeps this one; null after the last.
  Output* Next() const {
    auto* const next = const_cast<peel_result*>(peel_result_next(handle_.get()));
    return next == nullptr ? nullptr : new Output(std::shared_ptr<peel_result>(handle_, next));
  }
  // Numbers that there are none of where nothing was straightened.
  std::vector<double> Corners() const {
    std::vector<double> numbers(8);
    numbers.resize(static_cast<size_t>(peel_result_corners(get(), numbers.data())));
    return numbers;
  }
  std::vector<double> Homography() const {
    std::vector<double> numbers(9);
    numbers.resize(static_cast<size_t>(peel_result_homography(get(), numbers.data())));
    return numbers;
  }

 private:
  std::shared_ptr<peel_result> handle_;
};

// H x W x C, or H x W for one channel, of 8 or 16 bits. Nothing is copied: the memory is the
// result's own.
nb::ndarray<nb::numpy> ArrayOf(nb::handle self) {
  const Output& output = nb::cast<const Output&>(self);
  if (output.stride() == 0) throw nb::value_error("an encoded result has no pixels");
  const bool wide = peel_result_bits(output.get()) == 16;
  const size_t shape[] = {static_cast<size_t>(output.height()), static_cast<size_t>(output.width()),
                          static_cast<size_t>(output.channels())};
  const int64_t strides[] = {static_cast<int64_t>(output.stride()) / (wide ? 2 : 1),
                             output.channels(), 1};
  return {output.data(), output.channels() == 1 ? size_t{2} : size_t{3},     shape, self,
          strides,       wide ? nb::dtype<uint16_t>() : nb::dtype<uint8_t>()};
}

// Calls work(options) with a cancel token: the caller's or one of the call's own, for Ctrl-C.
template <typename Work>
Output* Call(const Options& options, Cancel* cancel, Work work) {
  std::unique_ptr<Cancel> own;
  if (cancel == nullptr) {
    own = std::make_unique<Cancel>();
    cancel = own.get();
  }
  peel_cut_options c = options.c_;
  c.cancel = cancel->get();
  if (options.background_) c.background = options.background_->c_str();
  peel_rectify_options rectify = {};
  if (options.rectify_) {
    rectify = options.rectify_->Filled();
    c.rectify = &rectify;
  }
  Progress progress(options.progress_);
  if (options.progress_.is_valid() && !options.progress_.is_none()) {
    c.progress = &Progress::Tell;
    c.progress_data = &progress;
  }
  const auto with_drawn = [&] {
    std::optional<PixelsIn> trimap, hints;
    if (options.trimap_) c.trimap = trimap.emplace(*options.trimap_, false, c.max_pixels).get();
    if (options.hints_) c.hints = hints.emplace(*options.hints_, false, c.max_pixels).get();
    return work(&c);
  };
  try {
    return new Output(Run(cancel->get(), with_drawn));
  } catch (const nb::python_error&) {
    progress.RethrowIfRaised();
    throw;
  }
}

// The engine is let go by the call itself: where it was closed meanwhile, freeing it waits for its
// threads, without the GIL.
Output* CutBytes(Engine& self, const nb::bytes& data, const Options& options, Cancel* cancel) {
  std::shared_ptr<peel_engine> engine = self.Get();
  return Call(options, cancel, [&](const peel_cut_options* c) {
    const std::shared_ptr<peel_engine> used = std::move(engine);
    return peel_cut(used.get(), data.data(), data.size(), c);
  });
}

Output* CutPixels(Engine& self, const ArrayIn& pixels, const Options& options, bool bgr,
                  Cancel* cancel) {
  std::shared_ptr<peel_engine> engine = self.Get();
  return Call(options, cancel, [&](const peel_cut_options* c) {
    const std::shared_ptr<peel_engine> used = std::move(engine);
    const PixelsIn in(pixels, bgr, c->max_pixels);
    return peel_cut_pixels(used.get(), in.get(), c);
  });
}

Output* RectifyBytes(Engine& self, const nb::bytes& data, const RectifyOptions& rectify,
                     const Options& options, Cancel* cancel) {
  std::shared_ptr<peel_engine> engine = self.Get();
  const peel_rectify_options filled = rectify.Filled();
  return Call(options, cancel, [&](const peel_cut_options* c) {
    const std::shared_ptr<peel_engine> used = std::move(engine);
    return peel_rectify(used.get(), data.data(), data.size(), &filled, c);
  });
}

Output* RectifyPixels(Engine& self, const ArrayIn& pixels, const RectifyOptions& rectify,
                      const Options& options, bool bgr, Cancel* cancel) {
  std::shared_ptr<peel_engine> engine = self.Get();
  const peel_rectify_options filled = rectify.Filled();
  return Call(options, cancel, [&](const peel_cut_options* c) {
    const std::shared_ptr<peel_engine> used = std::move(engine);
    const PixelsIn in(pixels, bgr, c->max_pixels);
    return peel_rectify_pixels(used.get(), in.get(), &filled, c);
  });
}

// engine None: on one thread.
Output* Compose(Engine* engine, const ArrayIn& picture, const ArrayIn& matte,
                const Options& options, bool bgr, Cancel* cancel) {
  std::shared_ptr<peel_engine> handle;
  if (engine != nullptr) handle = engine->Get();
  return Call(options, cancel, [&](const peel_cut_options* c) {
    const std::shared_ptr<peel_engine> used = std::move(handle);
    const PixelsIn in(picture, bgr, c->max_pixels), matte_in(matte, false, c->max_pixels);
    return peel_compose_pixels(used.get(), in.get(), matte_in.get(), c);
  });
}

std::vector<std::pair<std::string, std::string>> Models() {
  const std::unique_ptr<peel_model_list, decltype(&peel_model_list_free)> list(
      peel_models(), &peel_model_list_free);
  if (!list) throw std::bad_alloc();
  const int count = peel_model_list_count(list.get());
  std::vector<std::pair<std::string, std::string>> models;
  models.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    models.emplace_back(peel_model_list_name(list.get(), i), peel_model_list_path(list.get(), i));
  }
  return models;
}

struct FreeInfo {
  void operator()(peel_info* p) const { peel_info_free(p); }
};

// (format, width, height, orientation, frames, bits, channels, has_alpha)
nb::tuple Probe(const nb::bytes& data) {
  const std::unique_ptr<peel_info, FreeInfo> info(peel_probe(data.data(), data.size()));
  const peel_status status = peel_info_status(info.get());
  if (status != PEEL_OK) Throw(status, peel_info_error(info.get()));
  return nb::make_tuple(peel_info_format(info.get()), peel_info_width(info.get()),
                        peel_info_height(info.get()), peel_info_orientation(info.get()),
                        peel_info_frames(info.get()), peel_info_bits(info.get()),
                        peel_info_channels(info.get()), peel_info_has_alpha(info.get()) != 0);
}

// engine None: what the process keeps alone.
void TrimMemory(Engine* engine) {
  std::shared_ptr<peel_engine> handle;
  if (engine != nullptr) handle = engine->Get();
  const ReleaseGil release;
  peel_trim_memory(handle.get());
  handle.reset();
}

// The names that the package's functions take, in the order in which errors list them, with the
// numbers of peel.h.
using Choices = nb::typed<nb::dict, nb::str, nb::int_>;

Choices MakeChoices(std::initializer_list<std::pair<const char*, int>> rows) {
  nb::dict choices;
  for (const auto& [name, value] : rows) choices[name] = value;
  return nb::borrow<Choices>(choices);
}

Choices Formats() {
  return MakeChoices({{"png", PEEL_PNG},
                      {"jpg", PEEL_JPEG},
                      {"jpeg", PEEL_JPEG},
                      {"webp", PEEL_WEBP},
                      {"tif", PEEL_TIFF},
                      {"tiff", PEEL_TIFF},
                      {"avif", PEEL_AVIF}});
}

Choices EdgeModes() {
  return MakeChoices({{"auto", PEEL_EDGES_AUTO},
                      {"off", PEEL_EDGES_OFF},
                      {"refine", PEEL_EDGES_REFINE},
                      {"matting", PEEL_EDGES_MATTING}});
}

Choices Devices() {
  return MakeChoices({{"auto", PEEL_DEVICE_AUTO},
                      {"cpu", PEEL_DEVICE_CPU},
                      {"cuda", PEEL_DEVICE_CUDA},
                      {"tensorrt", PEEL_DEVICE_TENSORRT},
                      {"openvino", PEEL_DEVICE_OPENVINO}});
}

Choices Precisions() {
  return MakeChoices({{"auto", PEEL_PRECISION_AUTO},
                      {"fp32", PEEL_PRECISION_FP32},
                      {"bf16", PEEL_PRECISION_BF16},
                      {"int8", PEEL_PRECISION_INT8},
                      {"fp16", PEEL_PRECISION_FP16}});
}

Choices QuadKinds() {
  return MakeChoices({{"auto", PEEL_QUAD_AUTO},
                      {"document", PEEL_QUAD_DOCUMENT},
                      {"product", PEEL_QUAD_PRODUCT},
                      {"screen", PEEL_QUAD_SCREEN}});
}

Choices Enhancements() {
  return MakeChoices({{"none", PEEL_ENHANCE_NONE},
                      {"auto", PEEL_ENHANCE_AUTO},
                      {"color", PEEL_ENHANCE_COLOR},
                      {"gray", PEEL_ENHANCE_GRAY},
                      {"bw", PEEL_ENHANCE_BW}});
}

Choices Filters() {
  return MakeChoices({{"bicubic", PEEL_FILTER_BICUBIC},
                      {"bilinear", PEEL_FILTER_BILINEAR},
                      {"lanczos", PEEL_FILTER_LANCZOS}});
}

// An option that is a number, a truth or an enumeration in C.
#define PEEL_OPTION_OF(Class, name)                                          \
  def_prop_rw(                                                               \
      #name, [](const Class& o) { return static_cast<int64_t>(o.c_.name); }, \
      [](Class& o, int64_t value) { o.c_.name = static_cast<decltype(o.c_.name)>(value); })
#define PEEL_OPTION(name) PEEL_OPTION_OF(Options, name)
#define PEEL_RECTIFY_OPTION(name) PEEL_OPTION_OF(RectifyOptions, name)

}  // namespace

NB_MODULE(_peel, m) {
  nb::set_leak_warnings(false);
  AwaitCallsAtExit();
  m.doc() = "Peel's C interface; use the package peel.";
  m.def("version", [] { return std::string(peel_version()); });
  m.def("status_name",
        [](int status) { return std::string(peel_status_name(static_cast<peel_status>(status))); });
  m.def("probe", &Probe, "data"_a,
        nb::sig("def probe(data: bytes) -> tuple[str, int, int, int, int, int, int, bool]"),
        "Format, width, height, orientation, frames, bits, channels, has_alpha.");
  m.def("trim_memory", &TrimMemory, "engine"_a.none() = nb::none());
  m.def("formats", &Formats, "Names and numbers of peel_format.");
  m.def("edges", &EdgeModes, "Names and numbers of peel_edges.");
  m.def("devices", &Devices, "Names and numbers of peel_device.");
  m.def("precisions", &Precisions, "Names and numbers of peel_precision.");
  m.def("models", &Models, "Names and paths; the path is empty where the model is not here.");

  nb::class_<Cancel>(m, "Cancel", "Stops calls from another thread; for once.")
      .def(nb::init<>())
      .def("set", &Cancel::Set, "Calls given this token stop after their present stage.");

  m.def("quad_kinds", &QuadKinds, "Names and numbers of peel_quad_kind.");
  m.def("enhancements", &Enhancements, "Names and numbers of peel_enhance.");
  m.def("filters", &Filters, "Names and numbers of peel_filter.");

  nb::class_<RectifyOptions>(m, "RectifyOptions",
                             "How a picture is straightened: peel_rectify_options of peel.h.")
      .def(nb::init<>())
      .PEEL_RECTIFY_OPTION(kind)
      .PEEL_RECTIFY_OPTION(width)
      .PEEL_RECTIFY_OPTION(height)
      .PEEL_RECTIFY_OPTION(enhance)
      .PEEL_RECTIFY_OPTION(turn)
      .PEEL_RECTIFY_OPTION(cutout)
      .PEEL_RECTIFY_OPTION(filter)
      .PEEL_RECTIFY_OPTION(all)
      .PEEL_RECTIFY_OPTION(draw)
      .def_prop_rw(
          "focal_px", [](const RectifyOptions& o) { return o.c_.focal_px; },
          [](RectifyOptions& o, double value) { o.c_.focal_px = value; })
      .def_prop_rw(
          "dpi", [](const RectifyOptions& o) { return o.c_.dpi; },
          [](RectifyOptions& o, double value) { o.c_.dpi = value; })
      .def_prop_rw(
          "corners", [](const RectifyOptions& o) { return o.corners_; },
          [](RectifyOptions& o, std::optional<std::array<double, 8>> value) { o.corners_ = value; },
          nb::for_setter(nb::arg("value").none()))
      .def_prop_rw(
          "ratio", [](const RectifyOptions& o) { return o.ratio_; },
          [](RectifyOptions& o, std::optional<std::string> value) { o.ratio_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()))
      .def_prop_rw(
          "margin", [](const RectifyOptions& o) { return o.margin_; },
          [](RectifyOptions& o, std::optional<std::string> value) { o.margin_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()));

  nb::class_<Options>(m, "Options", "What to make of a picture: peel_cut_options of peel.h.")
      .def(nb::init<>())
      .PEEL_OPTION(format)
      .PEEL_OPTION(quality)
      .PEEL_OPTION(lossless)
      .PEEL_OPTION(mask_only)
      .PEEL_OPTION(edges)
      .PEEL_OPTION(compat_rembg)
      .PEEL_OPTION(crop_margin)
      .PEEL_OPTION(max_size)
      .PEEL_OPTION(work_size)
      .PEEL_OPTION(max_pixels)
      .PEEL_OPTION(drop_metadata)
      .PEEL_OPTION(post_process_mask)
      .PEEL_OPTION(putalpha)
      .PEEL_OPTION(decontaminate)
      .PEEL_OPTION(alpha_matting)
      .PEEL_OPTION(alpha_matting_foreground_threshold)
      .PEEL_OPTION(alpha_matting_background_threshold)
      .PEEL_OPTION(alpha_matting_erode_size)
      .def_prop_rw(
          "progress", [](const Options& o) { return o.progress_; },
          [](Options& o, nb::object value) { o.progress_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()))
      .def_prop_rw(
          "trimap", [](const Options& o) { return o.trimap_; },
          [](Options& o, std::optional<ArrayIn> value) { o.trimap_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()))
      .def_prop_rw(
          "hints", [](const Options& o) { return o.hints_; },
          [](Options& o, std::optional<ArrayIn> value) { o.hints_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()))
      .def_prop_rw(
          "rectify", [](const Options& o) { return o.rectify_; },
          [](Options& o, std::optional<RectifyOptions> value) { o.rectify_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()))
      .def_prop_rw(
          "background", [](const Options& o) { return o.background_; },
          [](Options& o, std::optional<std::string> value) { o.background_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()));

  nb::class_<Output>(m, "Output", "A result; its array shares its memory.")
      .def_prop_ro("bytes", &Output::Bytes, "The encoded file.")
      .def_prop_ro("array", &ArrayOf, "The pixels, H x W x C or H x W, without a copy.")
      .def_prop_ro("width", &Output::width)
      .def_prop_ro("height", &Output::height)
      .def_prop_ro("channels", &Output::channels)
      .def_prop_ro("x", [](const Output& o) { return peel_result_x(o.get()); })
      .def_prop_ro("y", [](const Output& o) { return peel_result_y(o.get()); })
      .def_prop_ro("has_subject",
                   [](const Output& o) { return peel_result_has_subject(o.get()) != 0; })
      .def_prop_ro("subject_score",
                   [](const Output& o) { return peel_result_subject_score(o.get()); })
      .def_prop_ro("coverage", [](const Output& o) { return peel_result_coverage(o.get()); })
      .def_prop_ro("has_data", [](const Output& o) { return peel_result_size(o.get()) > 0; })
      .def_prop_ro("straightened",
                   [](const Output& o) { return peel_result_straightened(o.get()) != 0; })
      .def_prop_ro("reason",
                   [](const Output& o) { return std::string(peel_result_reason(o.get())); })
      .def_prop_ro("confidence", [](const Output& o) { return peel_result_confidence(o.get()); })
      .def_prop_ro("quad_kind",
                   [](const Output& o) { return static_cast<int>(peel_result_quad_kind(o.get())); })
      .def_prop_ro("corners", &Output::Corners, "8 numbers, or none.")
      .def_prop_ro("homography", &Output::Homography, "9 numbers, or none.")
      .def_prop_ro("ratio", [](const Output& o) { return peel_result_ratio(o.get()); })
      .def_prop_ro("focal_px", [](const Output& o) { return peel_result_focal_px(o.get()); })
      .def_prop_ro("turn", [](const Output& o) { return peel_result_turn(o.get()); })
      .def_prop_ro("dpi_x", [](const Output& o) { return peel_result_dpi_x(o.get()); })
      .def_prop_ro("dpi_y", [](const Output& o) { return peel_result_dpi_y(o.get()); })
      .def_prop_ro("next", &Output::Next, nb::rv_policy::take_ownership, "The next sheet, or None.")
      .def_prop_ro("warning",
                   [](const Output& o) { return std::string(peel_result_warning(o.get())); });

  nb::class_<Engine>(m, "Engine", "A loaded model; any number of threads may use it.")
      .def(nb::init<Engine::Text, int, int, int, bool, Engine::Text, Engine::Text, Engine::Text,
                    Engine::Text, nb::object, int, uint64_t>(),
           "model"_a.none() = nb::none(), "device"_a = 0, "precision"_a = 0, "threads"_a = 0,
           "strict"_a = false, "family"_a.none() = nb::none(), "backend"_a.none() = nb::none(),
           "runtime_options"_a.none() = nb::none(), "runtime_folders"_a.none() = nb::none(),
           "model_data"_a.none() = nb::none(), "jobs"_a = 0, "memory_limit"_a = 0)
      .def_prop_ro("backend",
                   [](Engine& e) { return std::string(peel_engine_backend(e.Get().get())); })
      .def_prop_ro("device_asked",
                   [](Engine& e) { return std::string(peel_engine_device_asked(e.Get().get())); })
      .def_prop_ro("device_reason",
                   [](Engine& e) { return std::string(peel_engine_device_reason(e.Get().get())); })
      .def_prop_ro("model", [](Engine& e) { return std::string(peel_engine_model(e.Get().get())); })
      .def_prop_ro("device",
                   [](Engine& e) { return std::string(peel_engine_device(e.Get().get())); })
      .def_prop_ro("precision",
                   [](Engine& e) { return std::string(peel_engine_precision(e.Get().get())); })
      .def_prop_ro("warning",
                   [](Engine& e) { return std::string(peel_engine_warning(e.Get().get())); })
      .def_prop_ro("threads", [](Engine& e) { return peel_engine_threads(e.Get().get()); })
      .def("close", &Engine::Close, "Lets go of the model, once the calls under way have ended.")
      .def_prop_ro("closed", &Engine::closed)
      .def("cut_bytes", &CutBytes, "data"_a, "options"_a, "cancel"_a.none() = nb::none())
      .def("cut_pixels", &CutPixels, "pixels"_a.noconvert(), "options"_a, "bgr"_a = false,
           "cancel"_a.none() = nb::none())
      .def("rectify_bytes", &RectifyBytes, "data"_a, "rectify"_a, "options"_a,
           "cancel"_a.none() = nb::none())
      .def("rectify_pixels", &RectifyPixels, "pixels"_a.noconvert(), "rectify"_a, "options"_a,
           "bgr"_a = false, "cancel"_a.none() = nb::none());

  m.def("compose", &Compose, "engine"_a.none(), "picture"_a.noconvert(), "matte"_a.noconvert(),
        "options"_a, "bgr"_a = false, "cancel"_a.none() = nb::none());
  BindRecords(m);
  BindVideo(m);
}

}  // namespace peel::python
