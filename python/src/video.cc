// Films: the part of the C interface for them as Python objects.
#include "python/src/video.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <peel/peel.h>

#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "python/src/cancel.h"
#include "python/src/engine.h"
#include "python/src/gil.h"
#include "python/src/run.h"

namespace peel::python {
namespace {

using nb::literals::operator""_a;  // NOLINT(misc-unused-using-decls): argument names use it

// peel_video_options with room for what it points to.
class VideoOptions {
 public:
  VideoOptions() { peel_video_options_init(&c_, sizeof(c_)); }

  // Points into this object.
  peel_video_options Filled() const {
    peel_video_options c = c_;
    const auto text = [](const std::optional<std::string>& s) { return s ? s->c_str() : nullptr; };
    c.format = text(format_);
    c.codec = text(codec_);
    c.background = text(background_);
    c.fps = text(fps_);
    return c;
  }

  peel_video_options c_;
  std::optional<std::string> format_, codec_, background_, fps_;
  nb::object
      progress_;  // called as progress_(frames, all, frames_per_second, seconds_left); or None
};

// A film's Python function for progress, and what it raised.
class VideoProgress {
 public:
  explicit VideoProgress(const nb::object& function) : function_(function) {}

  static int Tell(void* self, int64_t frames, int64_t all, double rate, double left) {
    return static_cast<VideoProgress*>(self)->Tell(frames, all, rate, left);
  }
  // With the GIL held, when the call has ended.
  void RethrowIfRaised() {
    if (raised_) std::rethrow_exception(std::exchange(raised_, nullptr));
  }

 private:
  int Tell(int64_t frames, int64_t all, double rate, double left) {
    const TakeGil gil;
    try {
      const nb::object of = all > 0 ? nb::object(nb::int_(all)) : nb::none();
      const nb::object rest = left >= 0 ? nb::object(nb::float_(left)) : nb::none();
      function_(frames, of, rate, rest);
      return 0;
    } catch (...) {
      raised_ = std::current_exception();
      return 1;
    }
  }

  const nb::object& function_;
  std::exception_ptr raised_;
};

struct FreeVideo {
  void operator()(peel_video_result* p) const { peel_video_result_free(p); }
  void operator()(peel_video_info* p) const { peel_video_info_free(p); }
};

// (frames, seconds, width, height, bytes, format, codec, has_alpha, has_audio, has_subject,
// subject_score, coverage, warning)
nb::tuple CutVideo(Engine& self, const std::string& input, const std::string& output,
                   const VideoOptions& options, Cancel* cancel) {
  std::shared_ptr<peel_engine> engine = self.Get();
  std::unique_ptr<Cancel> own;
  if (cancel == nullptr) {
    own = std::make_unique<Cancel>();
    cancel = own.get();
  }
  peel_video_options c = options.Filled();
  c.cancel = cancel->get();
  VideoProgress progress(options.progress_);
  if (options.progress_.is_valid() && !options.progress_.is_none()) {
    c.progress = &VideoProgress::Tell;
    c.progress_data = &progress;
  }
  std::unique_ptr<peel_video_result, FreeVideo> made;
  RunCall(cancel->get(), [&] {
    const std::shared_ptr<peel_engine> used = std::move(engine);
    made.reset(peel_video(used.get(), input.c_str(), output.c_str(), &c));
  });
  progress.RethrowIfRaised();
  const peel_video_result* r = made.get();
  const peel_status status = peel_video_result_status(r);
  if (status != PEEL_OK) Throw(status, peel_video_result_error(r));
  return nb::make_tuple(peel_video_result_frames(r), peel_video_result_seconds(r),
                        peel_video_result_width(r), peel_video_result_height(r),
                        peel_video_result_bytes(r), peel_video_result_format(r),
                        peel_video_result_codec(r), peel_video_result_has_alpha(r) != 0,
                        peel_video_result_has_audio(r) != 0, peel_video_result_has_subject(r) != 0,
                        peel_video_result_subject_score(r), peel_video_result_coverage(r),
                        peel_video_result_warning(r));
}

// Pixels of the library's in an array of their own: H x W x C, or H x W for one channel.
nb::object CopyOf(const peel_pixels& pixels) {
  const auto height = static_cast<size_t>(pixels.height);
  const size_t row = static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.channels);
  auto* const copy = new uint8_t[height * row];
  const nb::capsule owner(copy, [](void* p) noexcept { delete[] static_cast<uint8_t*>(p); });
  for (size_t y = 0; y < height; ++y) {
    std::memcpy(copy + y * row, pixels.data + y * pixels.stride, row);
  }
  const size_t shape[] = {height, static_cast<size_t>(pixels.width),
                          static_cast<size_t>(pixels.channels)};
  return nb::cast(nb::ndarray<nb::numpy, uint8_t>(
      copy, pixels.channels == 1 ? size_t{2} : size_t{3}, shape, owner));
}

// The frames of a film, one after another.
class VideoFrames {
 public:
  VideoFrames(Engine& engine, const std::string& input, const VideoOptions& options, Cancel* cancel)
      : engine_(engine.Get()) {
    if (cancel != nullptr) {
      cancel_ = nb::find(cancel);
    } else {
      cancel_ = nb::cast(new Cancel, nb::rv_policy::take_ownership);
    }
    peel_video_options c = options.Filled();
    c.cancel = token();
    RunCall(token(),
            [&] { handle_.reset(peel_video_frames_open(engine_.get(), input.c_str(), &c)); });
    Check();
  }
  ~VideoFrames() { Close(); }
  VideoFrames(const VideoFrames&) = delete;
  VideoFrames& operator=(const VideoFrames&) = delete;

  // (rgb, alpha, seconds), None after the last.
  nb::object Next() {
    if (handle_ == nullptr) return nb::none();
    peel_pixels picture = {}, matte = {};
    double seconds = 0;
    bool there = false;
    RunCall(token(), [&] {
      there = peel_video_frames_next(handle_.get(), &picture, &matte, &seconds) != 0;
    });
    if (!there) {
      Check();
      warning_ = peel_video_frames_warning(handle_.get());
      Close();
      return nb::none();
    }
    return nb::make_tuple(CopyOf(picture), CopyOf(matte), seconds);
  }

  void Close() {
    if (handle_ == nullptr) return;
    const ReleaseGil release;
    handle_.reset();
    engine_.reset();
  }

  int width() const { return peel_video_frames_width(handle_.get()); }
  int height() const { return peel_video_frames_height(handle_.get()); }
  std::string warning() const { return warning_; }

 private:
  struct Free {
    void operator()(peel_video_frames* p) const { peel_video_frames_free(p); }
  };

  peel_cancel* token() const { return nb::cast<const Cancel&>(cancel_).get(); }
  void Check() {
    const peel_status status = peel_video_frames_status(handle_.get());
    if (status == PEEL_OK) return;
    const std::string error = peel_video_frames_error(handle_.get());
    Close();
    Throw(status, error.c_str());
  }

  std::shared_ptr<peel_engine> engine_;  // which the frames need
  nb::object cancel_;
  std::unique_ptr<peel_video_frames, Free> handle_;
  std::string warning_;
};

std::string ProbeVideo(const std::string& path) {
  std::unique_ptr<peel_video_info, FreeVideo> info;
  {
    const ReleaseGil release;
    info.reset(peel_video_probe(path.c_str()));
  }
  const peel_status status = peel_video_info_status(info.get());
  if (status != PEEL_OK) Throw(status, peel_video_info_error(info.get()));
  return peel_video_info_json(info.get());
}

nb::typed<nb::dict, nb::str, nb::int_> SteadyModes() {
  nb::dict modes;
  modes["auto"] = static_cast<int>(PEEL_STEADY_AUTO);
  modes["off"] = static_cast<int>(PEEL_STEADY_OFF);
  modes["strong"] = static_cast<int>(PEEL_STEADY_STRONG);
  return nb::borrow<nb::typed<nb::dict, nb::str, nb::int_>>(modes);
}

// Options that are numbers, truths or enumerations in C, and those that are texts.
#define PEEL_VIDEO_NUMBER(name, type)                               \
  def_prop_rw(                                                      \
      #name, [](const VideoOptions& o) { return type{o.c_.name}; }, \
      [](VideoOptions& o, type value) { o.c_.name = static_cast<decltype(o.c_.name)>(value); })
#define PEEL_VIDEO_TEXT(name)                                                                  \
  def_prop_rw(                                                                                 \
      #name, [](const VideoOptions& o) { return o.name##_; },                                  \
      [](VideoOptions& o, std::optional<std::string> value) { o.name##_ = std::move(value); }, \
      nb::for_setter(nb::arg("value").none()))

}  // namespace

void BindVideo(nb::module_& m) {
  m.def("steady_modes", &SteadyModes, "Names and numbers of peel_steady.");
  m.def("probe_video", &ProbeVideo, "path"_a, "What a film's headers say, as JSON.");

  nb::class_<VideoOptions>(m, "VideoOptions", "What to make of a film: peel_video_options.")
      .def(nb::init<>())
      .PEEL_VIDEO_NUMBER(quality, int)
      .def_prop_rw(
          "content", [](const VideoOptions& o) { return static_cast<int>(o.c_.content); },
          [](VideoOptions& o, int value) { o.c_.content = static_cast<peel_video_content>(value); })
      .def_prop_rw(
          "steady", [](const VideoOptions& o) { return static_cast<int>(o.c_.steady); },
          [](VideoOptions& o, int value) { o.c_.steady = static_cast<peel_steady>(value); })
      .def_prop_rw(
          "edges", [](const VideoOptions& o) { return static_cast<int>(o.c_.edges); },
          [](VideoOptions& o, int value) { o.c_.edges = static_cast<peel_edges>(value); })
      .PEEL_VIDEO_NUMBER(max_size, int)
      .def_prop_rw(
          "start", [](const VideoOptions& o) { return o.c_.from; },  // `from` is a word of Python
          [](VideoOptions& o, double value) { o.c_.from = value; })
      .def_prop_rw(
          "end", [](const VideoOptions& o) { return o.c_.to; },
          [](VideoOptions& o, double value) { o.c_.to = value; })
      .PEEL_VIDEO_NUMBER(no_audio, int)
      .PEEL_VIDEO_NUMBER(tone_map, int)
      .PEEL_VIDEO_NUMBER(memory_limit, uint64_t)
      .PEEL_VIDEO_TEXT(format)
      .PEEL_VIDEO_TEXT(codec)
      .PEEL_VIDEO_TEXT(background)
      .PEEL_VIDEO_TEXT(fps)
      .def_prop_rw(
          "progress", [](const VideoOptions& o) { return o.progress_; },
          [](VideoOptions& o, nb::object value) { o.progress_ = std::move(value); },
          nb::for_setter(nb::arg("value").none()));

  m.def("cut_video", &CutVideo, "engine"_a, "input"_a, "output"_a, "options"_a,
        "cancel"_a.none() = nb::none(),
        nb::sig("def cut_video(engine: Engine, input: str, output: str, options: VideoOptions, "
                "cancel: Cancel | None = None) -> tuple[int, float, int, int, int, str, str, bool, "
                "bool, bool, float, float, str]"),
        "Frames, seconds, width, height, bytes, format, codec, has_alpha, has_audio, has_subject, "
        "subject_score, coverage, warning.");

  nb::class_<VideoFrames>(m, "VideoFrames", "The frames of a film with their mattes.")
      .def(nb::init<Engine&, const std::string&, const VideoOptions&, Cancel*>(), "engine"_a,
           "input"_a, "options"_a, "cancel"_a.none() = nb::none())
      .def("next", &VideoFrames::Next,
           "RGB (H x W x 3), alpha (H x W) and seconds; None after the last frame.")
      .def("close", &VideoFrames::Close, "Ends the reading.")
      .def_prop_ro("width", &VideoFrames::width)
      .def_prop_ro("height", &VideoFrames::height)
      .def_prop_ro("warning", &VideoFrames::warning);
}

}  // namespace peel::python
