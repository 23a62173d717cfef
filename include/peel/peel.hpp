// Peel's C++ interface (C++20): header-only over the C ABI of peel.h, so a program and the library
// need not be built by the same compiler. Failures are thrown as peel::Error, which carries the
// status and the library's text; nothing else is thrown but std::bad_alloc. What peel.h says on
// threads holds.
//
//   peel::Engine engine;                                   // the embedded model
//   peel::Result cut = engine.Cut(jpeg_bytes);             // std::span<const std::byte or uint8_t>
//   file.write(reinterpret_cast<const char*>(cut.bytes().data()), cut.bytes().size());
#pragma once

#include <peel/peel.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// The inline namespace keeps these names apart from the library's own when it is linked statically.
namespace peel {
inline namespace v0 {

// What the library reported.
class Error : public std::runtime_error {
 public:
  Error(peel_status status, const char* text) : std::runtime_error(text), status_(status) {}
  peel_status status() const noexcept { return status_; }

 private:
  peel_status status_;
};

namespace internal {
// Frees every kind of handle.
struct Free {
  void operator()(peel_engine* p) const { peel_engine_free(p); }
  void operator()(peel_result* p) const { peel_result_free(p); }
  void operator()(peel_cancel* p) const { peel_cancel_free(p); }
  void operator()(peel_model_list* p) const { peel_model_list_free(p); }
  void operator()(peel_info* p) const { peel_info_free(p); }
  void operator()(peel_video_result* p) const { peel_video_result_free(p); }
  void operator()(peel_video_frames* p) const { peel_video_frames_free(p); }
  void operator()(peel_video_info* p) const { peel_video_info_free(p); }
};
template <typename T>
using Handle = std::unique_ptr<T, Free>;
}  // namespace internal

// Stops calls from another thread; a token is for once.
class CancelToken {
 public:
  CancelToken() : handle_(peel_cancel_create()) {
    if (!handle_) throw std::bad_alloc();
  }
  void Cancel() noexcept { peel_cancel_set(handle_.get()); }
  peel_cancel* get() const noexcept { return handle_.get(); }

 private:
  internal::Handle<peel_cancel> handle_;
};

// A host program's threads for an engine to compute on: see peel_executor.
class Executor {
 public:
  virtual ~Executor() = default;
  // Calls of body at the same time at most, 1 to 1024.
  virtual int max_concurrency() const noexcept = 0;
  // body(i) once for every i from 0 to count - 1, on any threads; returns when all have returned.
  // What it throws ends the program; body does not throw.
  virtual void Run(int count, const std::function<void(int i)>& body) noexcept = 0;
};

// What is loaded and where it runs: the members of peel_engine_options.
struct EngineOptions {
  std::string model{};  // a name or the path of an ONNX file; empty: the embedded model
  int threads = 0;      // 0: all processors this process may use
  peel_device device = PEEL_DEVICE_AUTO;
  peel_precision precision = PEEL_PRECISION_AUTO;
  bool strict = false;            // fail rather than fall back
  std::string family{};           // how to feed a file that does not tell; empty: find out
  std::string backend{};          // "native", "onnxruntime"; empty: native wherever it can
  std::string runtime_options{};  // ONNX Runtime's, "KEY=VALUE,…"
  std::string runtime_folders{};  // where it is looked for first
  // An ONNX file in memory; not copied: it must outlive the engine.
  std::span<const uint8_t> model_bytes{};
  int jobs = 0;               // calls that are going to run at the same time; 0: one
  uint64_t memory_limit = 0;  // for the pictures being worked on together; 0: none
  // Whose threads the engine computes on, which it keeps alive; null: its own.
  std::shared_ptr<Executor> executor{};
};

// Borrowed interleaved pixels; stride in bytes, 0 means without padding. channels as peel_pixels
// has them: "4 | PEEL_BGR", "3 | PEEL_16_BIT" (the span is then the samples' bytes).
struct Pixels {
  std::span<const uint8_t> data;
  int width = 0, height = 0, channels = 3;
  size_t stride = 0;
};

// How the quad in a picture is found and seen from the front.
struct RectifyOptions {
  peel_quad_kind kind = PEEL_QUAD_AUTO;
  // x1, y1, …, x4, y4 in pixels of the upright picture, clockwise from what becomes the top left;
  // nothing: it is found.
  std::optional<std::array<double, 8>> corners{};
  double focal_px = 0;        // of the lens; 0: what the picture's EXIF says
  std::string ratio{};        // "auto" (empty), "free", "W:H", "a4", "letter", "id1"
  int width = 0, height = 0;  // of the result; 0: from the other one, or as they are seen best
  double dpi = 0;             // where the paper's size is known; 0: what comes of it
  peel_enhance enhance = PEEL_ENHANCE_NONE;
  std::optional<int> turn{};  // degrees clockwise; nothing: as a document's text reads
  std::string margin{};       // "12" pixels, "2%"; negative: cut off
  bool cutout = false;        // cut out as well
  peel_filter filter = PEEL_FILTER_BICUBIC;
  bool all = false;   // every sheet: Result::next
  bool draw = false;  // instead of all that the picture with its quads drawn on
};

// How a picture is decoded, cut out, composed and encoded: the members of peel_cut_options.
struct CutOptions {
  peel_format format = PEEL_PNG;
  int quality = 0;  // 1 to 100; 0: 90
  bool lossless = false;
  bool mask_only = false;
  std::string background;  // CSS colour, "blur", "blur:RADIUS" or a picture's path; empty: none
  peel_edges edges = PEEL_EDGES_AUTO;
  bool compat_rembg = false;
  // Steps of rembg's remove(), with compat_rembg alone.
  bool post_process_mask = false, putalpha = false, decontaminate = false;
  // Where the matte is certain, for edges PEEL_EDGES_MATTING, which are rembg's alpha_matting.
  int matting_foreground_threshold = 240, matting_background_threshold = 10;
  int matting_erode_size = 10;
  std::optional<Pixels> trimap{};  // 1 channel: 0 background, 255 subject, between them unknown
  // Strokes that correct the matte: 3 or 4 channels, green keeps, red removes.
  std::optional<Pixels> hints{};
  std::optional<RectifyOptions> rectify{};  // straightened too, and cut out whatever it says
  int crop_margin = -1;                     // -1: do not crop
  int max_size = 0;
  int work_size = 0;        // the matte is made at this longer side; 0: from all of the picture
  uint64_t max_pixels = 0;  // 0: 250 million
  bool drop_metadata = false;
  const CancelToken* cancel = nullptr;
  // Told between stages what comes next and which share of the work is behind; false stops the
  // call.
  std::function<bool(const char* stage, double fraction)> progress{};
};

// Where a film stands.
struct VideoProgress {
  int64_t frames = 0;               // that are done
  std::optional<int64_t> all{};     // as far as the film tells
  double frames_per_second = 0;     // of late
  std::optional<double> seconds{};  // that are left
};

// How a film is read, cut out, composed and written: the members of peel_video_options.
struct VideoOptions {
  std::string format{}, codec{};  // empty: by the output's name, and the format's usual one
  std::optional<int> quality{};   // the codec's own scale
  peel_video_content content = PEEL_VIDEO_ALPHA;
  std::string background{};  // a colour, "blur", the path of a picture or a film; empty: none
  peel_steady steady = PEEL_STEADY_AUTO;
  peel_edges edges = PEEL_EDGES_AUTO;  // not MATTING
  int max_size = 0;
  double from = 0, to = 0;  // seconds; to 0: the end
  std::string fps{};        // a constant rate; empty: the film's own time stamps
  bool audio = true;        // kept where the format takes any
  bool tone_map = false;    // HDR becomes BT.709
  uint64_t memory_limit = 0;
  const CancelToken* cancel = nullptr;
  // Told after every frame; false stops the call.
  std::function<bool(const VideoProgress&)> progress{};
};

// What became of a film.
class VideoResult {
 public:
  int64_t frames() const noexcept { return peel_video_result_frames(handle_.get()); }
  double seconds() const noexcept { return peel_video_result_seconds(handle_.get()); }
  int width() const noexcept { return peel_video_result_width(handle_.get()); }
  int height() const noexcept { return peel_video_result_height(handle_.get()); }
  uint64_t bytes() const noexcept { return peel_video_result_bytes(handle_.get()); }
  std::string format() const { return peel_video_result_format(handle_.get()); }
  std::string codec() const { return peel_video_result_codec(handle_.get()); }
  bool has_alpha() const noexcept { return peel_video_result_has_alpha(handle_.get()) != 0; }
  bool has_audio() const noexcept { return peel_video_result_has_audio(handle_.get()) != 0; }
  bool has_subject() const noexcept { return peel_video_result_has_subject(handle_.get()) != 0; }
  double subject_score() const noexcept { return peel_video_result_subject_score(handle_.get()); }
  double coverage() const noexcept { return peel_video_result_coverage(handle_.get()); }
  std::string warning() const { return peel_video_result_warning(handle_.get()); }

 private:
  friend class Engine;
  explicit VideoResult(peel_video_result* result) : handle_(result) {
    if (!handle_) throw std::bad_alloc();
    const peel_status status = peel_video_result_status(result);
    if (status != PEEL_OK) throw Error(status, peel_video_result_error(result));
  }
  internal::Handle<peel_video_result> handle_;
};

// A frame of a film: RGB, its matte (1 channel) and its time. The pixels live until the next one.
struct VideoFrame {
  peel_pixels picture{}, matte{};
  double seconds = 0;
};

// The frames of a film with their mattes, one after another. The engine must outlive it.
class VideoFrames {
 public:
  int width() const noexcept { return peel_video_frames_width(handle_.get()); }
  int height() const noexcept { return peel_video_frames_height(handle_.get()); }
  // Nothing after the last one.
  std::optional<VideoFrame> Next() {
    VideoFrame frame;
    if (peel_video_frames_next(handle_.get(), &frame.picture, &frame.matte, &frame.seconds) != 0) {
      return frame;
    }
    Check();
    return std::nullopt;
  }
  std::string warning() const { return peel_video_frames_warning(handle_.get()); }

 private:
  friend class Engine;
  explicit VideoFrames(peel_video_frames* frames) : handle_(frames) {
    if (!handle_) throw std::bad_alloc();
    Check();
  }
  void Check() const {
    const peel_status status = peel_video_frames_status(handle_.get());
    if (status != PEEL_OK) throw Error(status, peel_video_frames_error(handle_.get()));
  }
  internal::Handle<peel_video_frames> handle_;
};

// Copies share what they hold.
class Result {
 public:
  // An encoded file, or pixels of height() rows of stride() bytes; lives as long as the Result.
  std::span<const uint8_t> bytes() const noexcept {
    return {peel_result_data(handle_.get()), peel_result_size(handle_.get())};
  }
  int width() const noexcept { return peel_result_width(handle_.get()); }
  int height() const noexcept { return peel_result_height(handle_.get()); }
  int channels() const noexcept { return peel_result_channels(handle_.get()); }
  size_t stride() const noexcept { return peel_result_stride(handle_.get()); }
  int x() const noexcept { return peel_result_x(handle_.get()); }
  int y() const noexcept { return peel_result_y(handle_.get()); }
  bool has_subject() const noexcept { return peel_result_has_subject(handle_.get()) != 0; }
  double subject_score() const noexcept { return peel_result_subject_score(handle_.get()); }
  double coverage() const noexcept { return peel_result_coverage(handle_.get()); }
  int bits() const noexcept { return peel_result_bits(handle_.get()); }
  std::string warning() const { return peel_result_warning(handle_.get()); }
  // Of a picture that was to be straightened.
  bool straightened() const noexcept { return peel_result_straightened(handle_.get()) != 0; }
  std::string reason() const { return peel_result_reason(handle_.get()); }  // why it was not
  double confidence() const noexcept { return peel_result_confidence(handle_.get()); }
  peel_quad_kind quad_kind() const noexcept { return peel_result_quad_kind(handle_.get()); }
  // x1, y1, …, x4, y4 in the upright input, from the result's top left clockwise.
  std::optional<std::array<double, 8>> corners() const noexcept {
    std::array<double, 8> corners;
    if (peel_result_corners(handle_.get(), corners.data()) == 0) return std::nullopt;
    return corners;
  }
  // From the upright input to the straightened result, row by row.
  std::optional<std::array<double, 9>> homography() const noexcept {
    std::array<double, 9> matrix;
    if (peel_result_homography(handle_.get(), matrix.data()) == 0) return std::nullopt;
    return matrix;
  }
  double ratio() const noexcept { return peel_result_ratio(handle_.get()); }
  double focal_px() const noexcept { return peel_result_focal_px(handle_.get()); }
  int turn() const noexcept { return peel_result_turn(handle_.get()); }
  double dpi_x() const noexcept { return peel_result_dpi_x(handle_.get()); }
  double dpi_y() const noexcept { return peel_result_dpi_y(handle_.get()); }
  // The next sheet of the picture, with RectifyOptions::all.
  std::optional<Result> next() const {
    const peel_result* const sheet = peel_result_next(handle_.get());
    if (sheet == nullptr) return std::nullopt;
    return Result(std::shared_ptr<const peel_result>(handle_, sheet));
  }
  // Into memory of the caller's, rows `stride` bytes apart (0: without padding): how many bytes
  // that takes. Where it is more than the span has nothing is copied.
  size_t CopyTo(std::span<uint8_t> buffer, size_t stride = 0) const noexcept {
    return peel_result_copy(handle_.get(), buffer.data(), buffer.size(), stride);
  }

 private:
  friend class Engine;
  explicit Result(peel_result* result) : handle_(result, internal::Free()) {
    if (!handle_) throw std::bad_alloc();
    const peel_status status = peel_result_status(result);
    if (status != PEEL_OK) throw Error(status, peel_result_error(result));
  }
  explicit Result(std::shared_ptr<const peel_result> sheet) : handle_(std::move(sheet)) {}
  std::shared_ptr<const peel_result> handle_;  // a sheet's with all those of its picture
};

// A loaded model; share one between threads.
class Engine {
 public:
  explicit Engine(const EngineOptions& options = {}) : executor_(options.executor) {
    peel_engine_options c;
    peel_engine_options_init(&c, sizeof(c));
    c.model = options.model.empty() ? nullptr : options.model.c_str();
    c.threads = options.threads;
    c.device = options.device;
    c.precision = options.precision;
    c.strict = options.strict ? 1 : 0;
    c.family = options.family.empty() ? nullptr : options.family.c_str();
    const auto text = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
    c.backend = text(options.backend);
    c.runtime_options = text(options.runtime_options);
    c.runtime_folders = text(options.runtime_folders);
    c.model_data = options.model_bytes.empty() ? nullptr : options.model_bytes.data();
    c.model_size = options.model_bytes.size();
    c.jobs = options.jobs;
    c.memory_limit = options.memory_limit;
    peel_executor executor = {};
    if (executor_ != nullptr) {
      executor.size = sizeof(executor);
      executor.max_concurrency = executor_->max_concurrency();
      executor.run = &RunOn;
      executor.opaque = executor_.get();
      c.executor = &executor;
    }
    handle_.reset(peel_engine_create(&c));
    if (!handle_) throw std::bad_alloc();
    const peel_status status = peel_engine_status(handle_.get());
    if (status != PEEL_OK) throw Error(status, peel_engine_error(handle_.get()));
  }

  Engine(Engine&&) noexcept = default;
  Engine& operator=(Engine&& other) noexcept {
    handle_ = std::move(other.handle_);  // before the executor goes that it may use
    executor_ = std::move(other.executor_);
    return *this;
  }
  ~Engine() = default;

  // Encoded picture in, encoded picture out.
  Result Cut(std::span<const uint8_t> bytes, const CutOptions& options = {}) const {
    const CutCall call(options);
    return call.Check(peel_cut(handle_.get(), bytes.data(), bytes.size(), &call.options()));
  }
  Result Cut(std::span<const std::byte> bytes, const CutOptions& options = {}) const {
    return Cut(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), options);
  }
  // Pixels in, RGBA out (RGB over an opaque background, 1 channel with mask_only).
  Result Cut(const Pixels& pixels, const CutOptions& options = {}) const {
    const CutCall call(options);
    const peel_pixels p = Convert(pixels);
    return call.Check(peel_cut_pixels(handle_.get(), &p, &call.options()));
  }
  // Pixels in, one byte of opacity a pixel out.
  Result Matte(const Pixels& pixels, const CutOptions& options = {}) const {
    const CutCall call(options);
    const peel_pixels p = Convert(pixels);
    return call.Check(peel_matte_pixels(handle_.get(), &p, &call.options()));
  }
  // The cut-out by a matte that is there already: 1 channel of any size.
  Result Compose(const Pixels& picture, const Pixels& matte, const CutOptions& options = {}) const {
    const CutCall call(options);
    const peel_pixels p = Convert(picture), m = Convert(matte);
    return call.Check(peel_compose_pixels(handle_.get(), &p, &m, &call.options()));
  }

  // The document, product or screen in a picture, straightened; of the cut options those that
  // peel_rectify names count.
  Result Rectify(std::span<const uint8_t> bytes, const RectifyOptions& options = {},
                 const CutOptions& cut = {}) const {
    const CutCall call(cut);
    const RectifyCall rectify(options);
    return call.Check(peel_rectify(handle_.get(), bytes.data(), bytes.size(), &rectify.options(),
                                   &call.options()));
  }
  Result Rectify(const Pixels& pixels, const RectifyOptions& options = {},
                 const CutOptions& cut = {}) const {
    const CutCall call(cut);
    const RectifyCall rectify(options);
    const peel_pixels p = Convert(pixels);
    return call.Check(peel_rectify_pixels(handle_.get(), &p, &rectify.options(), &call.options()));
  }

  // A film, from a file to a file.
  VideoResult Video(const std::string& input, const std::string& output,
                    const VideoOptions& options = {}) const {
    VideoCall call(options);
    peel_video_result* const result =
        peel_video(handle_.get(), input.c_str(), output.c_str(), &call.options());
    if (call.thrown() != nullptr) {
      peel_video_result_free(result);
      std::rethrow_exception(call.thrown());
    }
    return VideoResult(result);
  }
  // Its frames with their mattes; of the options those that peel_video_frames_open names count.
  VideoFrames Frames(const std::string& input, const VideoOptions& options = {}) const {
    const VideoCall call(options);
    return VideoFrames(peel_video_frames_open(handle_.get(), input.c_str(), &call.options()));
  }

  // What was loaded and how it runs: the functions of peel.h by these names say more.
  std::string model() const { return peel_engine_model(handle_.get()); }
  std::string device() const { return peel_engine_device(handle_.get()); }
  std::string device_asked() const { return peel_engine_device_asked(handle_.get()); }
  std::string device_reason() const { return peel_engine_device_reason(handle_.get()); }
  std::string backend() const { return peel_engine_backend(handle_.get()); }
  std::string precision() const { return peel_engine_precision(handle_.get()); }
  std::string warning() const { return peel_engine_warning(handle_.get()); }
  int threads() const noexcept { return peel_engine_threads(handle_.get()); }
  // Gives memory that waits for the next picture back.
  void TrimMemory() const noexcept { peel_trim_memory(handle_.get()); }

 private:
  class RectifyCall {
   public:
    explicit RectifyCall(const RectifyOptions& options) {
      peel_rectify_options_init(&c_, sizeof(c_));
      const auto text = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
      c_.kind = options.kind;
      c_.corners = options.corners ? options.corners->data() : nullptr;
      c_.focal_px = options.focal_px;
      c_.ratio = text(options.ratio);
      c_.width = options.width;
      c_.height = options.height;
      c_.dpi = options.dpi;
      c_.enhance = options.enhance;
      c_.turn = options.turn.value_or(-1);
      c_.margin = text(options.margin);
      c_.cutout = options.cutout ? 1 : 0;
      c_.filter = options.filter;
      c_.all = options.all ? 1 : 0;
      c_.draw = options.draw ? 1 : 0;
    }
    const peel_rectify_options& options() const noexcept { return c_; }

   private:
    peel_rectify_options c_;  // points into the options
  };

  // The options of a film for C, and what its progress function threw.
  class VideoCall {
   public:
    explicit VideoCall(const VideoOptions& options) : progress_(options.progress) {
      peel_video_options_init(&c_, sizeof(c_));
      const auto text = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
      c_.format = text(options.format);
      c_.codec = text(options.codec);
      c_.quality = options.quality.value_or(-1);
      c_.content = options.content;
      c_.background = text(options.background);
      c_.steady = options.steady;
      c_.edges = options.edges;
      c_.max_size = options.max_size;
      c_.from = options.from;
      c_.to = options.to;
      c_.fps = text(options.fps);
      c_.no_audio = options.audio ? 0 : 1;
      c_.tone_map = options.tone_map ? 1 : 0;
      c_.memory_limit = options.memory_limit;
      c_.cancel = options.cancel != nullptr ? options.cancel->get() : nullptr;
      if (progress_) {
        c_.progress = &Tell;
        c_.progress_data = this;
      }
    }
    VideoCall(const VideoCall&) = delete;
    VideoCall& operator=(const VideoCall&) = delete;
    const peel_video_options& options() const noexcept { return c_; }
    const std::exception_ptr& thrown() const noexcept { return thrown_; }

   private:
    static int Tell(void* self, int64_t frames, int64_t all, double rate, double left) noexcept {
      auto* call = static_cast<VideoCall*>(self);
      try {
        VideoProgress now;
        now.frames = frames;
        if (all > 0) now.all = all;
        now.frames_per_second = rate;
        if (left >= 0) now.seconds = left;
        return call->progress_(now) ? 0 : 1;
      } catch (...) {
        call->thrown_ = std::current_exception();
        return 1;
      }
    }
    const std::function<bool(const VideoProgress&)>& progress_;
    peel_video_options c_;  // points into the options
    std::exception_ptr thrown_ = nullptr;
  };

  // The options of one call for C, and what its progress function threw.
  class CutCall {
   public:
    explicit CutCall(const CutOptions& options);
    CutCall(const CutCall&) = delete;
    CutCall& operator=(const CutCall&) = delete;
    const peel_cut_options& options() const noexcept { return c_; }
    Result Check(peel_result* result) const {
      if (thrown_ != nullptr) {
        peel_result_free(result);
        std::rethrow_exception(thrown_);
      }
      return Result(result);
    }

   private:
    static int Tell(void* self, const char* stage, double fraction) noexcept {
      auto* call = static_cast<CutCall*>(self);
      try {
        return call->progress_(stage, fraction) ? 0 : 1;
      } catch (...) {
        call->thrown_ = std::current_exception();
        return 1;
      }
    }
    const std::function<bool(const char*, double)>& progress_;
    peel_cut_options c_;
    peel_pixels trimap_ = {}, hints_ = {};
    std::optional<RectifyCall> rectify_;
    std::exception_ptr thrown_ = nullptr;
  };
  static peel_pixels Convert(const Pixels& pixels) {
    const size_t sample = (pixels.channels & PEEL_16_BIT) != 0 ? 2 : 1;
    const int channels = pixels.channels & ~(PEEL_BGR | PEEL_16_BIT);
    const size_t row = static_cast<size_t>(pixels.width) * static_cast<size_t>(channels) * sample;
    const size_t stride = pixels.stride != 0 ? pixels.stride : row;
    if (pixels.width < 1 || pixels.height < 1 || channels < 1 || stride < row ||
        pixels.data.size() < row ||
        (pixels.data.size() - row) / stride < static_cast<size_t>(pixels.height) - 1) {
      throw Error(PEEL_INVALID_ARGUMENT, "the pixels' span is smaller than their size says");
    }
    return {pixels.data.data(), pixels.width, pixels.height, pixels.channels, stride};
  }

  static void RunOn(void* executor, int count, void (*body)(void*, int), void* context) noexcept {
    static_cast<Executor*>(executor)->Run(count, [=](int i) { body(context, i); });
  }

  std::shared_ptr<Executor> executor_;  // freed after the engine
  internal::Handle<peel_engine> handle_;
};

inline Engine::CutCall::CutCall(const CutOptions& options) : progress_(options.progress) {
  peel_cut_options_init(&c_, sizeof(c_));
  c_.format = options.format;
  c_.quality = options.quality;
  c_.lossless = options.lossless ? 1 : 0;
  c_.mask_only = options.mask_only ? 1 : 0;
  c_.background = options.background.empty() ? nullptr : options.background.c_str();
  c_.edges = options.edges;
  c_.compat_rembg = options.compat_rembg ? 1 : 0;
  c_.post_process_mask = options.post_process_mask ? 1 : 0;
  c_.putalpha = options.putalpha ? 1 : 0;
  c_.decontaminate = options.decontaminate ? 1 : 0;
  c_.alpha_matting_foreground_threshold = options.matting_foreground_threshold;
  c_.alpha_matting_background_threshold = options.matting_background_threshold;
  c_.alpha_matting_erode_size = options.matting_erode_size;
  c_.crop_margin = options.crop_margin;
  c_.max_size = options.max_size;
  c_.work_size = options.work_size;
  c_.max_pixels = options.max_pixels;
  c_.drop_metadata = options.drop_metadata ? 1 : 0;
  c_.cancel = options.cancel != nullptr ? options.cancel->get() : nullptr;
  if (options.trimap) {
    trimap_ = Convert(*options.trimap);
    c_.trimap = &trimap_;
  }
  if (options.hints) {
    hints_ = Convert(*options.hints);
    c_.hints = &hints_;
  }
  if (options.rectify) c_.rectify = &rectify_.emplace(*options.rectify).options();
  if (progress_) {
    c_.progress = &Tell;
    c_.progress_data = this;
  }
}

// What the header of an encoded picture says.
struct PictureInfo {
  std::string format;         // "JPEG", "HEIC" …
  int width = 0, height = 0;  // upright
  int orientation = 1;        // EXIF's
  int frames = 1, bits = 8, channels = 3;
  bool has_alpha = false;
};
inline PictureInfo Probe(std::span<const uint8_t> bytes) {
  const internal::Handle<peel_info> info(peel_probe(bytes.data(), bytes.size()));
  if (!info) throw std::bad_alloc();
  const peel_info* i = info.get();
  if (peel_info_status(i) != PEEL_OK) throw Error(peel_info_status(i), peel_info_error(i));
  return {peel_info_format(i),      peel_info_width(i),         peel_info_height(i),
          peel_info_orientation(i), peel_info_frames(i),        peel_info_bits(i),
          peel_info_channels(i),    peel_info_has_alpha(i) != 0};
}

// What the headers of a film say: the JSON object of `peel video --info`.
inline std::string ProbeVideo(const std::string& path) {
  const internal::Handle<peel_video_info> info(peel_video_probe(path.c_str()));
  if (!info) throw std::bad_alloc();
  const peel_status status = peel_video_info_status(info.get());
  if (status != PEEL_OK) throw Error(status, peel_video_info_error(info.get()));
  return peel_video_info_json(info.get());
}

// A model known by name.
struct ModelEntry {
  std::string name, path;  // path is empty where the model is not on this machine
};

// The models known by name, the embedded one first.
inline std::vector<ModelEntry> Models() {
  const internal::Handle<peel_model_list> list(peel_models());
  if (!list) throw std::bad_alloc();
  const int count = peel_model_list_count(list.get());
  std::vector<ModelEntry> models;
  models.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    models.push_back({peel_model_list_name(list.get(), i), peel_model_list_path(list.get(), i)});
  }
  return models;
}

inline std::string Version() { return peel_version(); }
inline int VersionNumber() { return peel_version_number(); }  // as PEEL_NUMERIC_VERSION has it

}  // namespace v0
}  // namespace peel
