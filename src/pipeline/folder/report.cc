#include "src/pipeline/folder/report.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>
#include <utility>

#include "src/base/hash.h"
#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/pipeline/folder/flat_table.h"

namespace peel {
namespace {

// Ordered, so that a person finds the name first.
using Json = nlohmann::ordered_json;

double Rounded(double value, double steps) { return std::round(value * steps) / steps; }

const char* StateWord(FileReport::State state) {
  switch (state) {
    case FileReport::State::kDone:
      return "done";
    case FileReport::State::kSkipped:
      return "skipped";
    case FileReport::State::kCancelled:
      return "cancelled";
    case FileReport::State::kFailed:
      break;
  }
  return "failed";
}

void AddModel(Json& entry, const ModelInfo& model) {
  entry["model"] = model.name;
  entry["device"] = model.device;
  entry["device_asked"] = model.device_asked;
  if (!model.device_reason.empty()) entry["device_reason"] = model.device_reason;
  entry["backend"] = model.backend;
  if (!model.nodes.empty()) entry["nodes"] = model.nodes;
  entry["precision"] = model.precision;
  entry["precision_detail"] = model.precision_detail;
  entry["threads"] = model.threads;
}

bool IsSheet(const FileReport& report) { return report.rectify && report.rectify->sheets > 1; }

// What is known of the quad.
void AddQuad(Json& entry, const RectifyResult& rectify) {
  if (rectify.ok()) {
    entry["kind"] = KindName(rectify.kind);
    Json corners = Json::array();
    for (const Point& p : rectify.quad.corners) {
      corners.push_back({Rounded(p.x, 1e3), Rounded(p.y, 1e3)});
    }
    entry["corners"] = std::move(corners);
    entry["ratio"] = Rounded(rectify.ratio, 1e6);
    if (rectify.focal_px > 0) entry["focal_px"] = Rounded(rectify.focal_px, 1e2);
    entry["homography"] = rectify.homography.m;
  }
  entry["confidence"] = Rounded(rectify.confidence, 1e4);
  entry["status"] = rectify.ok() ? "ok" : "abstained";
  if (!rectify.reason.empty()) entry["reason"] = rectify.reason;
  if (!rectify.ok()) return;
  entry["turn"] = rectify.turn;
  if (rectify.dpi_x > 0) {
    entry["dpi"] = {Rounded(rectify.dpi_x, 1e2), Rounded(rectify.dpi_y, 1e2)};
  }
  if (rectify.sheets > 1) {
    entry["sheet"] = rectify.sheet;
    entry["sheets"] = rectify.sheets;
  }
}

void AddFilm(Json& entry, const FilmFacts& film) {
  entry["frames"] = film.frames;
  if (!film.frame_list.empty()) {
    entry["frame_list"] = film.frame_list;
    return;
  }
  entry["seconds"] = Rounded(film.seconds, 1e6);
  entry["container"] = film.container;
  entry["codec"] = film.codec;
  entry["alpha"] = film.has_alpha;
  entry["sound"] = film.has_sound;
  entry["steady"] = film.steady;
}

const char* TimesKey(ReportStyle style) {
  return style == ReportStyle::kRectify ? "ms" : "times_ms";
}

Json ToJson(const FileReport& report, const ModelInfo* model, ReportStyle style) {
  const bool cut = style == ReportStyle::kCut;
  const bool done = report.state == FileReport::State::kDone;
  Json entry;
  entry["input"] = report.input;
  entry["output"] = report.output;
  if (!cut && done && report.rectify) {
    AddQuad(entry, *report.rectify);
  } else {
    entry["status"] = StateWord(report.state);
  }
  if (IsSheet(report)) {
    // Its number is the quad's.
  } else if (report.frame > 0) {
    entry["frame"] = report.frame;
    entry["frames"] = report.frames;
  } else if (report.written_frames > 1) {
    entry["frames"] = report.written_frames;
  }
  if (!report.status.ok()) {
    entry["error"] = {{"code", StatusWord(report.status.code())},
                      {"message", report.status.message()}};
  }
  if (!report.reason.empty()) entry["reason"] = report.reason;
  if (!report.warning.empty()) entry["warning"] = report.warning;
  const bool matted = !report.film || report.film->frame_list.empty();
  if (done && cut && matted) {
    entry["subject"] = report.has_subject;
    entry["subject_score"] = Rounded(report.subject_score, 1e4);
    entry["coverage"] = Rounded(report.coverage, 1e6);
    if (report.rectify) {
      Json quad = Json::object();
      AddQuad(quad, *report.rectify);
      entry["rectify"] = std::move(quad);
    }
  }
  if (done && report.film) AddFilm(entry, *report.film);
  if (done && !report.output.empty()) {
    entry["width"] = report.width;
    entry["height"] = report.height;
    entry["output_bytes"] = report.output_bytes;
  }
  if (report.input_bytes > 0) entry["input_bytes"] = report.input_bytes;
  if (model != nullptr && report.state != FileReport::State::kSkipped) AddModel(entry, *model);
  Json times = Json::object();
  for (const auto& [stage, milliseconds] : report.times) {
    times[std::string(stage)] = Rounded(milliseconds, 1e3);
  }
  times["total"] = Rounded(report.total_ms, 1e3);
  entry[TimesKey(style)] = std::move(times);
  return entry;
}

}  // namespace

const char* StatusWord(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid_argument";
    case StatusCode::kNotFound:
      return "not_found";
    case StatusCode::kIo:
      return "io";
    case StatusCode::kCorrupt:
      return "corrupt";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kLimit:
      return "limit";
    case StatusCode::kOutOfMemory:
      return "out_of_memory";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kDeviceRefused:
      return "device_refused";
    case StatusCode::kInternal:
      break;
  }
  return "internal";
}

std::string ReportLine(const FileReport& report, const ModelInfo* model, ReportStyle style) {
  return ToJson(report, model, style).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<LineReport> LineReport::Create(const std::string& path, ReportStyle style) {
  const int fd = OpenFile(path, kOpenWrite | kOpenCreate | kOpenTruncate | kOpenAppend);
  if (fd >= 0) return LineReport(fd, style);
  const std::string reason = "cannot create it (" + std::generic_category().message(errno) + ")";
  return errno == ENOENT ? NotFound(reason) : IoError(reason);
}

LineReport::LineReport(LineReport&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), style_(other.style_), written_(other.written_) {}

LineReport::~LineReport() {
  if (fd_ >= 0) CloseFile(fd_);
}

Status LineReport::Add(const FileReport& report, const ModelInfo* model) {
  const std::string line = ReportLine(report, model, style_);
  size_t done = 0;
  const int error =
      WriteFully(fd_, std::span(reinterpret_cast<const uint8_t*>(line.data()), line.size()), &done);
  if (error != 0) {
    // Takes back the part of a line; a pipe cannot, and has no end that counts.
    if (done > 0) [[maybe_unused]]
      const int cut = Truncate(fd_, written_);
    return IoError("cannot write it (" + std::generic_category().message(error) + ")");
  }
  written_ += line.size();
  return OkStatus();
}

Status ArrayReport::Add(const FileReport& report) {
  if (!file_) {
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    file_ = UniqueFd(OpenScratch(folder.empty() ? "." : folder.string()));
    if (!file_) {
      return IoError("cannot create it (" + std::generic_category().message(errno) + ")");
    }
  }
  const std::string line = ReportLine(report, nullptr, style_);
  const uint64_t start = end_;
  PEEL_RETURN_IF_ERROR(
      WriteAll(file_.get(), {reinterpret_cast<const uint8_t*>(line.data()), line.size()}));
  end_ += line.size();
  parts_.push_back({Hash64(report.input), start});
  return OkStatus();
}

Result<std::string> ArrayReport::Read(const Part& part) const {
  std::string text;
  size_t end = std::string::npos;
  while (end == std::string::npos) {
    const size_t before = text.size();
    text.resize(before + 4096);
    const ptrdiff_t got =
        ReadAt(file_.get(), text.data() + before, text.size() - before, part.start + before);
    if (got <= 0) return IoError("cannot read what was put away for it");
    text.resize(before + static_cast<size_t>(got));
    end = text.find('\n', before);
  }
  text.resize(end);
  return text;
}

Status ArrayReport::Finish(const InputTable& order, const ModelInfo* model) {
  struct Place {
    uint64_t input = 0;
    uint64_t number = 0;  // from 1
    bool empty() const { return number == 0; }
    uint64_t hash() const { return input; }
  };
  FlatTable<Place> places;
  for (const Input& input : order) {
    const uint64_t hash = Hash64(input.path);
    if (places.Find(hash) == nullptr) places.Insert({hash, places.size() + 1});
  }
  std::ranges::stable_sort(parts_, {}, [&](const Part& part) {
    const Place* const place = places.Find(part.input);
    return place == nullptr ? UINT64_MAX : place->number;
  });
  return WriteFileAtomically(path_, [&](const ByteSink& sink) -> Status {
    std::string text = "[";
    for (size_t i = 0; i < parts_.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(const std::string line, Read(parts_[i]));
      const Json told = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!told.is_object()) return IoError("what was put away for it has changed");
      Json entry = Json::object();
      for (const auto& [key, value] : told.items()) {
        if (key == TimesKey(style_) && model != nullptr && told["status"] != "skipped") {
          AddModel(entry, *model);
        }
        entry[key] = value;
      }
      text += i == 0 ? "\n  " : ",\n  ";
      // A level deeper. Line ends inside of strings are escaped.
      for (const char c : entry.dump(2, ' ', false, Json::error_handler_t::replace)) {
        text += c;
        if (c == '\n') text += "  ";
      }
      PEEL_RETURN_IF_ERROR(sink({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
      text.clear();
    }
    text += parts_.empty() ? "]\n" : "\n]\n";
    return sink({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  });
}

}  // namespace peel
