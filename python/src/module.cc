// peel._peel: the C interface as Python objects. The package around it checks and converts what
// users pass; this file only binds.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <peel/peel.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/src/pixels.h"
#include "python/src/run.h"

namespace peel::python {
namespace {

using namespace nb::literals;

// Stops calls from another thread; for once.
class Cancel {
 public:
  Cancel() : handle_(peel_cancel_create()) {
    if (!handle_) throw std::bad_alloc();
  }
  void Set() { peel_cancel_set(handle_.get()); }
  peel_cancel* get() const { return handle_.get(); }

 private:
  CancelHandle handle_;
};

// peel_cut_options with room for its text.
class Options {
 public:
  Options() { peel_cut_options_init(&c_, sizeof(c_)); }

  peel_cut_options WithCancel(peel_cancel* cancel) const {
    peel_cut_options c = c_;
    c.background = background_ ? background_->c_str() : nullptr;
    c.cancel = cancel;
    return c;
  }

  peel_cut_options c_;
  std::optional<std::string> background_;
};

// A result of the library; arrays made from it keep it alive.
class Output {
 public:
  Output(ResultHandle handle, bool bgr) : handle_(std::move(handle)) {
    if (bgr && stride() != 0) {
      SwapRedAndBlue(data(), width(), height(), channels(), stride());
    }
  }
  uint8_t* data() const { return const_cast<uint8_t*>(peel_result_data(handle_.get())); }
  int width() const { return peel_result_width(handle_.get()); }
  int height() const { return peel_result_height(handle_.get()); }
  int channels() const { return peel_result_channels(handle_.get()); }
  size_t stride() const { return peel_result_stride(handle_.get()); }
  peel_result* get() const { return handle_.get(); }

  nb::bytes Bytes() const { return nb::bytes(data(), peel_result_size(handle_.get())); }

 private:
  ResultHandle handle_;
};

// H x W x C, or H x W for one channel. Nothing is copied: the memory is the result's own.
nb::ndarray<nb::numpy, uint8_t> ArrayOf(nb::handle self) {
  const Output& output = nb::cast<const Output&>(self);
  if (output.stride() == 0) throw nb::value_error("an encoded result has no pixels");
  const size_t shape[] = {static_cast<size_t>(output.height()), static_cast<size_t>(output.width()),
                          static_cast<size_t>(output.channels())};
  const int64_t strides[] = {static_cast<int64_t>(output.stride()), output.channels(), 1};
  return {output.data(), output.channels() == 1 ? size_t{2} : size_t{3}, shape, self, strides};
}

// A loaded model. Usable from any number of threads, and after a fork, which leaves the child
// without the threads of the parent's engine: there the model is loaded anew at its first use.
class Engine {
 public:
  using Text = std::optional<std::string>;

  Engine(Text model, int device, int precision, int threads, bool strict, Text family, Text backend,
         Text runtime_options, Text runtime_folders)
      : model_(std::move(model)),
        family_(std::move(family)),
        backend_(std::move(backend)),
        runtime_options_(std::move(runtime_options)),
        runtime_folders_(std::move(runtime_folders)) {
    peel_engine_options_init(&options_, sizeof(options_));
    options_.device = static_cast<peel_device>(device);
    options_.precision = static_cast<peel_precision>(precision);
    options_.threads = threads;
    options_.strict = strict ? 1 : 0;
    options_.model = model_ ? model_->c_str() : nullptr;
    options_.family = family_ ? family_->c_str() : nullptr;
    options_.backend = backend_ ? backend_->c_str() : nullptr;
    options_.runtime_options = runtime_options_ ? runtime_options_->c_str() : nullptr;
    options_.runtime_folders = runtime_folders_ ? runtime_folders_->c_str() : nullptr;
    Load();
  }
  // In a child the parent's engine is left alone: its threads, which freeing it would wait for, do
  // not exist there.
  ~Engine() {
    if (process_ != getpid()) return;
    nb::gil_scoped_release release;
    peel_engine_free(engine_);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // With the GIL held, which keeps two threads of a child from loading at once.
  const peel_engine* Get() {
    if (process_ != getpid()) Load();
    return engine_;
  }

 private:
  void Load() {
    peel_engine* engine = peel_engine_create(&options_);
    const peel_status status = peel_engine_status(engine);
    if (status != PEEL_OK) {
      const std::string text = peel_engine_error(engine);
      peel_engine_free(engine);
      Throw(status, text.c_str());
    }
    engine_ = engine;
    process_ = getpid();
  }

  Text model_, family_, backend_, runtime_options_, runtime_folders_;
  peel_engine_options options_ = {};
  peel_engine* engine_ = nullptr;
  pid_t process_ = -1;
};

// Calls work(options) with a cancel token: the caller's or one of the call's own, for Ctrl-C.
template <typename Work>
Output* Call(const Options& options, Cancel* cancel, bool bgr, Work work) {
  std::unique_ptr<Cancel> own;
  if (cancel == nullptr) {
    own = std::make_unique<Cancel>();
    cancel = own.get();
  }
  const peel_cut_options c = options.WithCancel(cancel->get());
  return new Output(Run(cancel->get(), [&] { return work(&c); }), bgr);
}

Output* CutBytes(Engine& self, const nb::bytes& data, const Options& options, Cancel* cancel) {
  const peel_engine* engine = self.Get();
  return Call(options, cancel, false, [&](const peel_cut_options* c) {
    return peel_cut(engine, data.data(), data.size(), c);
  });
}

Output* CutPixels(Engine& self, const ArrayIn& pixels, const Options& options, bool bgr,
                  Cancel* cancel) {
  const peel_engine* engine = self.Get();
  return Call(options, cancel, bgr, [&](const peel_cut_options* c) {
    const PixelsIn in(pixels, bgr, c->max_pixels);
    return peel_cut_pixels(engine, in.get(), c);
  });
}

// engine None: on one thread.
Output* Compose(Engine* engine, const ArrayIn& picture, const ArrayIn& matte,
                const Options& options, bool bgr, Cancel* cancel) {
  const peel_engine* handle = engine != nullptr ? engine->Get() : nullptr;
  return Call(options, cancel, bgr, [&](const peel_cut_options* c) {
    const PixelsIn in(picture, bgr, c->max_pixels), matte_in(matte, false, c->max_pixels);
    return peel_compose_pixels(handle, in.get(), matte_in.get(), c);
  });
}

std::vector<std::pair<std::string, std::string>> Models() {
  const std::unique_ptr<peel_model_list, decltype(&peel_model_list_free)> list(
      peel_models(), &peel_model_list_free);
  if (!list) throw std::bad_alloc();
  std::vector<std::pair<std::string, std::string>> models;
  for (int i = 0; i < peel_model_list_count(list.get()); ++i) {
    models.emplace_back(peel_model_list_name(list.get(), i), peel_model_list_path(list.get(), i));
  }
  return models;
}

// An option that is a number, a truth or an enumeration in C.
#define PEEL_OPTION(name)                                                      \
  def_prop_rw(                                                                 \
      #name, [](const Options& o) { return static_cast<int64_t>(o.c_.name); }, \
      [](Options& o, int64_t value) { o.c_.name = static_cast<decltype(o.c_.name)>(value); })

}  // namespace

NB_MODULE(_peel, m) {
  nb::set_leak_warnings(false);
  m.doc() = "Peel's C interface; use the package peel.";
  m.def("version", [] { return std::string(peel_version()); });
  m.def("status_name",
        [](int status) { return std::string(peel_status_name(static_cast<peel_status>(status))); });
  m.def("models", &Models, "Names and paths; the path is empty where the model is not here.");

  nb::class_<Cancel>(m, "Cancel", "Stops calls from another thread; for once.")
      .def(nb::init<>())
      .def("set", &Cancel::Set, "Calls given this token stop after their present stage.");

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
      .def_prop_ro("warning",
                   [](const Output& o) { return std::string(peel_result_warning(o.get())); });

  nb::class_<Engine>(m, "Engine", "A loaded model; any number of threads may use it.")
      .def(nb::init<Engine::Text, int, int, int, bool, Engine::Text, Engine::Text, Engine::Text,
                    Engine::Text>(),
           "model"_a.none() = nb::none(), "device"_a = 0, "precision"_a = 0, "threads"_a = 0,
           "strict"_a = false, "family"_a.none() = nb::none(), "backend"_a.none() = nb::none(),
           "runtime_options"_a.none() = nb::none(), "runtime_folders"_a.none() = nb::none())
      .def_prop_ro("backend", [](Engine& e) { return std::string(peel_engine_backend(e.Get())); })
      .def_prop_ro("device_asked",
                   [](Engine& e) { return std::string(peel_engine_device_asked(e.Get())); })
      .def_prop_ro("device_reason",
                   [](Engine& e) { return std::string(peel_engine_device_reason(e.Get())); })
      .def_prop_ro("model", [](Engine& e) { return std::string(peel_engine_model(e.Get())); })
      .def_prop_ro("device", [](Engine& e) { return std::string(peel_engine_device(e.Get())); })
      .def_prop_ro("precision",
                   [](Engine& e) { return std::string(peel_engine_precision(e.Get())); })
      .def_prop_ro("warning", [](Engine& e) { return std::string(peel_engine_warning(e.Get())); })
      .def_prop_ro("threads", [](Engine& e) { return peel_engine_threads(e.Get()); })
      .def("cut_bytes", &CutBytes, "data"_a, "options"_a, "cancel"_a.none() = nb::none())
      .def("cut_pixels", &CutPixels, "pixels"_a.noconvert(), "options"_a, "bgr"_a = false,
           "cancel"_a.none() = nb::none());

  m.def("compose", &Compose, "engine"_a.none(), "picture"_a.noconvert(), "matte"_a.noconvert(),
        "options"_a, "bgr"_a = false, "cancel"_a.none() = nb::none());
}

}  // namespace peel::python
