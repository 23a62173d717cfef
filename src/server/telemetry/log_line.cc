// The lines of the log.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "src/server/telemetry/log.h"

namespace peel::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShort = 128, kLong = 512;  // characters of a text when it is escaped
constexpr size_t kStage = 32;
constexpr size_t kMaxStages = 16;

// "2026-12-01T08:09:10.123Z" (RFC 3339).
std::string TimeText(LogTime time) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): a calendar's many words
  const auto exact = floor<milliseconds>(time);
  const auto midnight = floor<days>(exact);
  const year_month_day date(midnight);
  const hh_mm_ss clock(exact - midnight);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

// So much of a text that it has no more than `most` characters when it is written: a byte that is
// not ASCII, or none that is printed, is \uXXXX. With all limits here a line stays below kMaxLine.
std::string_view Cut(std::string_view text, size_t most) {
  size_t written = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    written += c < ' ' || c > '~' ? 6 : c == '"' || c == '\\' ? 2 : 1;
    if (written > most) return text.substr(0, i);
  }
  return text;
}

const char* LevelText(LogLevel level) {
  constexpr const char* kTexts[] = {"info", "warning", "error"};
  return kTexts[static_cast<int>(level)];
}

// JSON with all that is not ASCII as \uXXXX: no control character, line or direction of writing
// gets into a terminal; bytes that are no UTF-8 become U+FFFD.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

double Rounded(double milliseconds) {
  return std::abs(milliseconds) < 1e12 ? std::round(milliseconds * 100) / 100 : 0;
}

void Put(Json* line, const char* name, std::string_view text, size_t most = kShort) {
  if (!text.empty()) (*line)[name] = Cut(text, most);
}

// "00-TRACE-SPAN-01" as W3C's trace context has it.
void PutTrace(Json* line, std::string_view traceparent) {
  if (traceparent.size() < 55 || traceparent[2] != '-' || traceparent[35] != '-') return;
  (*line)["trace_id"] = traceparent.substr(3, 32);
  (*line)["span_id"] = traceparent.substr(36, 16);
}

LogLevel LevelOf(int status) { return status >= 500 ? LogLevel::kError : LogLevel::kInfo; }

Json JsonOf(LogTime time, const RequestRecord& record) {
  Json line = {{"time", TimeText(time)}, {"level", LevelText(LevelOf(record.status))}};
  line["message"] = Cut(record.message.empty() ? "request" : record.message, kLong);
  Put(&line, "request_id", record.request_id);
  PutTrace(&line, record.traceparent);
  Put(&line, "peer", record.peer);
  Put(&line, "method", record.method);
  Put(&line, "route", record.route);
  Put(&line, "path", record.path, kLong);
  line["status"] = record.status;
  line["bytes_in"] = record.bytes_in;
  line["bytes_out"] = record.bytes_out;
  line["ms"] = Rounded(record.milliseconds);
  for (const auto& [stage, milliseconds] : record.stages) {
    if (line["stages"].size() < kMaxStages) {
      line["stages"][std::string(Cut(stage, kStage))] = Rounded(milliseconds);
    }
  }
  Put(&line, "model", record.model);
  Put(&line, "device", record.device);
  Put(&line, "key", record.key);
  Put(&line, "error", record.error);
  return line;
}

// A word as it is where it can be nothing else, in quotes otherwise.
std::string Word(std::string_view text) {
  const bool is_plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
  });
  return is_plain ? std::string(text) : Dump(Json(text));
}

// "TIME level message name=value …".
std::string TextOf(const Json& line) {
  std::string text;
  for (const auto& [name, value] : line.items()) {
    if (!text.empty()) text += ' ';
    if (name == "time" || name == "level") {
      text += value.get<std::string>();
    } else if (name == "message") {
      const std::string quoted = Dump(value);
      text.append(quoted, 1, quoted.size() - 2);
    } else if (value.is_object()) {
      std::string inside;
      for (const auto& [stage, number] : value.items()) {
        inside.append(inside.empty() ? "" : ",").append(stage).append(":").append(Dump(number));
      }
      text.append(name).append("=").append(Word(inside));
    } else {
      text.append(name).append("=");
      text += value.is_string() ? Word(value.get<std::string>()) : Dump(value);
    }
  }
  return text;
}

std::string LineOf(LogForm form, const Json& line) {
  return (form == LogForm::kJson ? Dump(line) : TextOf(line)) + "\n";
}

}  // namespace

Result<LogForm> ParseLogForm(std::string_view text) {
  if (text == "json") return LogForm::kJson;
  if (text == "text") return LogForm::kText;
  if (text == "off") return LogForm::kOff;
  return InvalidArgument(std::string("\"").append(text) +
                         "\" is no form of a log; there are json, text and off");
}

RequestRecord RecordOf(const Request& request) {
  RequestRecord record;
  record.request_id = request.id;
  record.traceparent = request.traceparent;
  record.peer = request.peer;
  record.method = request.method;
  record.path = request.path;
  return record;
}

std::string LogLine(LogForm form, LogTime time, const RequestRecord& record) {
  if (form == LogForm::kOff) return "";
  return LineOf(form, JsonOf(time, record));
}

std::string LogLine(LogForm form, LogTime time, LogLevel level, std::string_view message) {
  if (form == LogForm::kOff) return "";
  return LineOf(
      form,
      {{"time", TimeText(time)}, {"level", LevelText(level)}, {"message", Cut(message, kLong)}});
}

}  // namespace peel::server
