// No member of the options does nothing: every one that the headers name has a row here which sets
// it and sees another result, or refusal, than without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <peel/peel.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "src/matte/model/embedded_model.h"

std::vector<uint8_t> PngWithArtist();  // additions_test.cc

namespace {

// The members of a struct in a header, as they are written there. Structs have no nested braces but
// initialisers.
std::set<std::string> Members(const std::string& header, const std::string& opening) {
  std::ifstream file(PEEL_SOURCE_DIR "/include/peel/" + header);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t begin = text.find(opening);
  EXPECT_NE(begin, std::string::npos) << header << ": " << opening;
  std::string body = text.substr(begin + opening.size());
  body = body.substr(0, body.find("\n}"));
  body = std::regex_replace(body, std::regex(R"(//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)"), " ");
  body = std::regex_replace(body, std::regex(R"(\{[^}]*\}|<[^;]*>)"), " ");
  std::set<std::string> members;
  const std::regex last_word(R"((\w+)\s*(=[^,]*)?$)");
  std::istringstream declarations(body);
  for (std::string declaration; std::getline(declarations, declaration, ';');) {
    std::istringstream parts(declaration);  // "int a = 0, b" declares two
    for (std::string part; std::getline(parts, part, ',');) {
      std::smatch match;
      if (std::regex_search(part, match, last_word)) members.insert(match[1]);
    }
  }
  return members;
}

template <typename Rows>
std::set<std::string> Names(const Rows& rows) {
  std::set<std::string> names;
  for (const auto& row : rows) names.insert(row.first);
  return names;
}

// What came of a call: everything that can be seen of it.
std::string Seen(const peel::Result& result) {
  const auto bytes = result.bytes();
  return std::string(bytes.begin(), bytes.end()) + "|" + std::to_string(result.width()) + "x" +
         std::to_string(result.height()) + "|" + std::to_string(result.x());
}

// A ball with soft edges over a ground that is not plain.
std::vector<uint8_t> Ball(int width, int height) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double d = std::hypot(x - width / 2, y - height / 2) - 0.3 * height;
      const double in = std::clamp(0.5 - d / 6, 0.0, 1.0);
      for (const double c : {220.0, 60.0, 40.0}) {
        pixels.push_back(static_cast<uint8_t>(in * c + (1 - in) * (110 + y % 64 / 2 + x % 7)));
      }
    }
  }
  return pixels;
}

// With a subject that has soft edges, on pixels, or else on a PNG with metadata.
struct Call {
  std::function<void(peel::CutOptions&)> before = [](auto&) {};  // on top of the defaults
  std::function<void(peel::CutOptions&)> set{};
  bool encoded = false;
};

std::string Outcome(const Call& call, bool set) {
  static const peel::Engine engine;
  static const std::vector<uint8_t> png = PngWithArtist();
  peel::CutOptions options;
  call.before(options);
  if (set) call.set(options);
  try {
    if (call.encoded) return Seen(engine.Cut(std::span(png), options));
    static const std::vector<uint8_t> pixels = Ball(128, 96);
    return Seen(engine.Cut(peel::Pixels{pixels, 128, 96, 3, 0}, options));
  } catch (const peel::Error& error) {
    return "refused: " + std::string(peel_status_name(error.status()));
  }
}

const std::vector<uint8_t> kDrawn(128 * 96, 255);
// A red stroke across the ball.
const std::vector<uint8_t> kStrokes = [] {
  std::vector<uint8_t> strokes(size_t{128} * 96 * 3, 255);
  for (size_t x = 40; x < 90; ++x) {
    strokes[(48 * 128 + x) * 3 + 1] = strokes[(48 * 128 + x) * 3 + 2] = 0;
  }
  return strokes;
}();
peel::CancelToken& Cancelled() {
  static peel::CancelToken token;
  token.Cancel();
  return token;
}

const std::map<std::string, Call> kCutRows = {
    {"format", {.set = [](auto& o) { o.format = PEEL_WEBP; }, .encoded = true}},
    {"quality",
     {.before = [](auto& o) { o.format = PEEL_JPEG; },
      .set = [](auto& o) { o.quality = 30; },
      .encoded = true}},
    {"lossless",
     {.before = [](auto& o) { o.format = PEEL_WEBP; },
      .set = [](auto& o) { o.lossless = true; },
      .encoded = true}},
    {"mask_only", {.set = [](auto& o) { o.mask_only = true; }}},
    {"background", {.set = [](auto& o) { o.background = "#123"; }}},
    {"edges", {.set = [](auto& o) { o.edges = PEEL_EDGES_MATTING; }}},
    {"compat_rembg", {.set = [](auto& o) { o.compat_rembg = true; }}},
    {"post_process_mask",
     {.before = [](auto& o) { o.compat_rembg = true; },
      .set = [](auto& o) { o.post_process_mask = true; }}},
    {"putalpha",
     {.before = [](auto& o) { o.compat_rembg = true; }, .set = [](auto& o) { o.putalpha = true; }}},
    {"decontaminate",
     {.before = [](auto& o) { o.compat_rembg = true; },
      .set = [](auto& o) { o.decontaminate = true; }}},
    {"matting_foreground_threshold",
     {.before = [](auto& o) { o.edges = PEEL_EDGES_MATTING; },
      .set = [](auto& o) { o.matting_foreground_threshold = 254; }}},
    {"matting_background_threshold",
     {.before = [](auto& o) { o.edges = PEEL_EDGES_MATTING; },
      .set = [](auto& o) { o.matting_background_threshold = 120; }}},
    {"matting_erode_size",
     {.before = [](auto& o) { o.edges = PEEL_EDGES_MATTING; },
      .set = [](auto& o) { o.matting_erode_size = 2; }}},
    {"trimap",
     {.set =
          [](auto& o) {
            o.trimap = peel::Pixels{kDrawn, 128, 96, 1, 0};
          }}},
    {"hints",
     {.set =
          [](auto& o) {
            o.hints = peel::Pixels{kStrokes, 128, 96, 3, 0};
          }}},
    {"rectify",
     {.set = [](auto& o) { o.rectify.emplace().corners = {20, 20, 100, 20, 100, 80, 20, 80}; }}},
    {"crop_margin", {.set = [](auto& o) { o.crop_margin = 3; }}},
    {"max_size", {.set = [](auto& o) { o.max_size = 50; }}},
    {"work_size", {.set = [](auto& o) { o.work_size = 32; }}},
    {"max_pixels", {.set = [](auto& o) { o.max_pixels = 1000; }}},
    {"drop_metadata", {.set = [](auto& o) { o.drop_metadata = true; }, .encoded = true}},
    {"cancel", {.set = [](auto& o) { o.cancel = &Cancelled(); }}},
    {"progress", {.set = [](auto& o) { o.progress = [](const char*, double) { return false; }; }}},
};

TEST(EveryOption, OfCutOptionsDoesSomething) {
  EXPECT_EQ(Names(kCutRows), Members("peel.hpp", "struct CutOptions {"));
  for (const auto& [name, call] : kCutRows) {
    EXPECT_TRUE(Outcome(call, true) != Outcome(call, false)) << name;
  }
}

// The members of C that the ones of C++ set, where the names differ.
TEST(EveryOption, OfCutsIsReachedFromCpp) {
  std::set<std::string> wanted = Names(kCutRows);
  for (const char* name :
       {"matting_foreground_threshold", "matting_background_threshold", "matting_erode_size"}) {
    wanted.erase(name);
    wanted.insert(std::string("alpha_") + name);
  }
  // compose_test.cc: the same as edges PEEL_EDGES_MATTING.
  wanted.insert({"size", "alpha_matting", "progress_data"});
  EXPECT_EQ(Members("peel.h", "typedef struct peel_cut_options {"), wanted);
}

// Of the ball, in a quad that lies askew unless a row says otherwise.
struct RectifyCall {
  std::function<void(peel::RectifyOptions&)> before = [](auto&) {};
  std::function<void(peel::RectifyOptions&)> set{};
};

std::string Outcome(const RectifyCall& call, bool set) {
  static const peel::Engine engine;
  static const std::vector<uint8_t> pixels = Ball(128, 96);
  peel::RectifyOptions options;
  options.corners = {20, 10, 110, 22, 104, 90, 14, 80};
  call.before(options);
  if (set) call.set(options);
  try {
    const peel::Result result = engine.Rectify(peel::Pixels{pixels, 128, 96, 3, 0}, options);
    std::string seen = Seen(result) + "|" + std::to_string(result.quad_kind()) + "|" +
                       std::to_string(result.focal_px()) + "|" + std::to_string(result.channels());
    for (const double v : result.homography().value_or(std::array<double, 9>{})) {
      seen += " " + std::to_string(v);
    }
    return seen;
  } catch (const peel::Error& error) {
    return "refused: " + std::string(peel_status_name(error.status()));
  }
}

const std::map<std::string, RectifyCall> kRectifyRows = {
    {"kind", {.set = [](auto& o) { o.kind = PEEL_QUAD_SCREEN; }}},
    {"corners", {.set = [](auto& o) { o.corners = {0, 0, 100, 0, 100, 50, 0, 50}; }}},
    {"focal_px", {.set = [](auto& o) { o.focal_px = 90; }}},
    {"ratio", {.set = [](auto& o) { o.ratio = "1:2"; }}},
    {"width", {.set = [](auto& o) { o.width = 33; }}},
    {"height", {.set = [](auto& o) { o.height = 44; }}},
    {"dpi", {.before = [](auto& o) { o.ratio = "a4"; }, .set = [](auto& o) { o.dpi = 25; }}},
    {"enhance", {.set = [](auto& o) { o.enhance = PEEL_ENHANCE_GRAY; }}},
    {"turn", {.set = [](auto& o) { o.turn = 180; }}},
    {"margin", {.set = [](auto& o) { o.margin = "3"; }}},
    {"cutout", {.set = [](auto& o) { o.cutout = true; }}},
    {"filter", {.set = [](auto& o) { o.filter = PEEL_FILTER_LANCZOS; }}},
    {"all", {.set = [](auto& o) { o.all = true; }}},  // refused beside corners
    {"draw", {.set = [](auto& o) { o.draw = true; }}},
};

TEST(EveryOption, OfRectifyOptionsDoesSomething) {
  EXPECT_EQ(Names(kRectifyRows), Members("peel.hpp", "struct RectifyOptions {"));
  for (const auto& [name, call] : kRectifyRows) {
    EXPECT_TRUE(Outcome(call, true) != Outcome(call, false)) << name;
    EXPECT_FALSE(Outcome(call, false).starts_with("refused")) << name;
  }
}

TEST(EveryOption, OfRectifyIsReachedFromCpp) {
  std::set<std::string> wanted = Names(kRectifyRows);
  wanted.insert("size");
  EXPECT_EQ(Members("peel.h", "typedef struct peel_rectify_options {"), wanted);
}

struct EngineCall {
  std::function<void(peel::EngineOptions&)> before = [](auto&) {};
  std::function<void(peel::EngineOptions&)> set{};
};

// What the engine says of itself and whether it cuts out a large picture.
std::string Outcome(const EngineCall& call, bool set) {
  peel::EngineOptions options;
  call.before(options);
  if (set) call.set(options);
  try {
    const peel::Engine engine(options);
    std::string seen = engine.model() + "|" + engine.device_asked() + "|" + engine.device() + "|" +
                       engine.backend() + "|" + engine.precision() + "|" + engine.warning() + "|" +
                       std::to_string(engine.threads());
    static const std::vector<uint8_t> pixels = Ball(700, 700);
    return seen + Seen(engine.Cut(peel::Pixels{pixels, 700, 700, 3, 0}));
  } catch (const peel::Error& error) {
    return std::string("refused: ") + error.what();
  }
}

// The embedded one with other names of its metadata.
std::span<const uint8_t> ModelThatTellsNothing() {
  static const std::vector<uint8_t> model = [] {
    const auto whole = peel::EmbeddedModel();
    std::string bytes(whole.begin(), whole.end());
    for (size_t at; (at = bytes.find("peel.")) != std::string::npos;) bytes[at] = 'f';
    return std::vector<uint8_t>(bytes.begin(), bytes.end());
  }();
  return model;
}

// Where a package lies that has no library; the reason for doing without names it.
std::string FolderWithAnOldPackage() {
  std::string folder = testing::TempDir() + "peel_packages";
  std::filesystem::create_directories(folder + "/onnxruntime/capi");
  return folder;
}

// Runs what two threads could run on the calling one.
class TwoAfterEachOther : public peel::Executor {
 public:
  int max_concurrency() const noexcept override { return 2; }
  void Run(int count, const std::function<void(int)>& body) noexcept override {
    for (int i = 0; i < count; ++i) body(i);
  }
};

const std::map<std::string, EngineCall> kEngineRows = {
    {"model", {.set = [](auto& o) { o.model = "/nowhere.onnx"; }}},
    {"threads", {.set = [](auto& o) { o.threads = 7; }}},
    {"device", {.set = [](auto& o) { o.device = PEEL_DEVICE_CUDA; }}},
    {"precision", {.set = [](auto& o) { o.precision = PEEL_PRECISION_INT8; }}},
    {"strict",
     {.before = [](auto& o) { o.device = PEEL_DEVICE_CUDA; },
      .set = [](auto& o) { o.strict = true; }}},
    {"family",
     {.before = [](auto& o) { o.model_bytes = ModelThatTellsNothing(); },
      .set = [](auto& o) { o.family = "isnet"; }}},
    {"backend", {.set = [](auto& o) { o.backend = "onnxruntime"; }}},
    {"runtime_options", {.set = [](auto& o) { o.runtime_options = "graph=fast"; }}},
    {"runtime_folders",
     {.before =
          [](auto& o) {
            o.backend = "onnxruntime";
            o.strict = true;
          },
      .set = [](auto& o) { o.runtime_folders = FolderWithAnOldPackage(); }}},
    {"model_bytes", {.set = [](auto& o) { o.model_bytes = peel::EmbeddedModel().first(1000); }}},
    {"jobs", {.before = [](auto& o) { o.threads = 4; }, .set = [](auto& o) { o.jobs = 3; }}},
    {"memory_limit", {.set = [](auto& o) { o.memory_limit = 1 << 20; }}},
    {"executor",
     {.before = [](auto& o) { o.threads = 4; },
      .set = [](auto& o) { o.executor = std::make_shared<TwoAfterEachOther>(); }}},
};

// Sets a variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* const old = getenv(name)) old_ = old;
    setenv(name, value, 1);
  }
  ~Variable() {
    if (old_) {
      setenv(name_, old_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(EveryOption, OfEngineOptionsDoesSomething) {
  EXPECT_EQ(Names(kEngineRows), Members("peel.hpp", "struct EngineOptions {"));
  // As on a machine without it. The tests that follow in this process find their programs again.
  std::vector<std::unique_ptr<Variable>> changed;
  for (const char* name : {"PATH", "HOME", "VIRTUAL_ENV", "CONDA_PREFIX"}) {
    changed.push_back(std::make_unique<Variable>(name, "/nowhere"));
  }
  for (const auto& [name, call] : kEngineRows) {
    const Variable library("PEEL_ORT_LIB", name == "runtime_folders" ? "" : "off");
    EXPECT_TRUE(Outcome(call, true) != Outcome(call, false)) << name;
  }
}

TEST(EveryOption, OfEnginesIsReachedFromCpp) {
  std::set<std::string> wanted = Names(kEngineRows);
  wanted.erase("model_bytes");
  wanted.insert({"size", "model_data", "model_size"});
  EXPECT_EQ(Members("peel.h", "typedef struct peel_engine_options {"), wanted);
}

}  // namespace
