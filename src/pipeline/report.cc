#include "src/pipeline/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>
#include <utility>

#include "src/base/descriptor.h"

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

Json ToJson(const FileReport& report, const ModelInfo* model) {
  Json entry;
  entry["input"] = report.input;
  entry["output"] = report.output;
  entry["status"] = StateWord(report.state);
  if (report.frame > 0) {
    entry["frame"] = report.frame;
    entry["frames"] = report.frames;
  }
  if (!report.status.ok()) {
    entry["error"] = {{"code", StatusWord(report.status.code())},
                      {"message", report.status.message()}};
  }
  if (!report.reason.empty()) entry["reason"] = report.reason;
  if (!report.warning.empty()) entry["warning"] = report.warning;
  if (report.state == FileReport::State::kDone) {
    entry["subject"] = report.has_subject;
    entry["subject_score"] = Rounded(report.subject_score, 1e4);
    entry["coverage"] = Rounded(report.coverage, 1e6);
    entry["width"] = report.width;
    entry["height"] = report.height;
    entry["output_bytes"] = report.output_bytes;
  }
  if (report.input_bytes > 0) entry["input_bytes"] = report.input_bytes;
  if (model != nullptr && report.state != FileReport::State::kSkipped) {
    entry["model"] = model->name;
    entry["device"] = model->device;
    entry["device_asked"] = model->device_asked;
    if (!model->device_reason.empty()) entry["device_reason"] = model->device_reason;
    entry["backend"] = model->backend;
    if (!model->nodes.empty()) entry["nodes"] = model->nodes;
    entry["precision"] = model->precision;
    entry["precision_detail"] = model->precision_detail;
    entry["threads"] = model->threads;
  }
  Json times = Json::object();
  for (const auto& [stage, milliseconds] : report.times) {
    times[std::string(stage)] = Rounded(milliseconds, 1e3);
  }
  times["total"] = Rounded(report.total_ms, 1e3);
  entry["times_ms"] = std::move(times);
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

std::string ReportJson(const std::vector<FileReport>& reports, const ModelInfo* model) {
  Json list = Json::array();
  for (const FileReport& report : reports) list.push_back(ToJson(report, model));
  // File names are bytes; what is no UTF-8 must not throw.
  return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ReportLine(const FileReport& report, const ModelInfo* model) {
  return ToJson(report, model).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<LineReport> LineReport::Create(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (fd >= 0) return LineReport(fd);
  const std::string reason = "cannot create it (" + std::generic_category().message(errno) + ")";
  return errno == ENOENT ? NotFound(reason) : IoError(reason);
}

LineReport::LineReport(LineReport&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), written_(other.written_) {}

LineReport::~LineReport() {
  if (fd_ >= 0) close(fd_);
}

Status LineReport::Add(const FileReport& report, const ModelInfo* model) {
  const std::string line = ReportLine(report, model);
  size_t done = 0;
  const int error = WriteFully(
      fd_, std::span(reinterpret_cast<const uint8_t*>(line.data()), line.size()), &done);
  if (error != 0) {
    // Takes back the part of a line; a pipe cannot, and has no end that counts.
    if (done > 0) [[maybe_unused]] const int cut = ftruncate(fd_, static_cast<off_t>(written_));
    return IoError("cannot write it (" + std::generic_category().message(error) + ")");
  }
  written_ += line.size();
  return OkStatus();
}

}  // namespace peel
