#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/os/unique_fd.h"
#include "src/base/status.h"
#include "src/server/http/message.h"

namespace peel::server {

enum class LogForm { kJson, kText, kOff };
Result<LogForm> ParseLogForm(std::string_view text);  // "json", "text", "off"
enum class LogLevel { kInfo, kWarning, kError };

// One request as it is remembered. There is no place in it for a query's values, keys, signatures
// or bytes of pictures.
struct RequestRecord {
  std::string request_id{}, traceparent{};
  std::string peer{}, method{}, route{}, path{};
  std::string key{};  // its name
  int status = 0;
  uint64_t bytes_in = 0, bytes_out = 0;
  double milliseconds = 0;
  std::vector<std::pair<std::string, double>> stages{};  // milliseconds
  std::string model{}, device{};
  std::string error{};    // a code such as "rate_limit_exceeded"
  std::string message{};  // for whoever reads the log
};
// Of a request: id, trace, peer, method and path. The rest is for the caller.
RequestRecord RecordOf(const Request& request);

// The line of something, with its line feed: ASCII without control characters whatever the texts
// are, at most kMaxLine bytes; long texts are cut. Status 500 and above is an error.
inline constexpr size_t kMaxLine = 4096;  // what a pipe takes in one piece
using LogTime = std::chrono::system_clock::time_point;
std::string LogLine(LogForm form, LogTime time, const RequestRecord& record);
std::string LogLine(LogForm form, LogTime time, LogLevel level, std::string_view message);

// Writes lines to standard error or a file. Never waits and never fails: what a full disk, a closed
// or a full pipe does not take is lost and counted; the first line that gets through again is
// preceded by one that says how many.
class Log {
 public:
  // `path`: "" is standard error. kIo where the file cannot be written to; it is made, for its
  // owner and group to read, where there is none, and appended to where there is one.
  static Result<std::unique_ptr<Log>> Open(LogForm form, std::string path = "");

  void Write(const RequestRecord& record, LogTime time = std::chrono::system_clock::now());
  void Write(LogLevel level, std::string_view message,
             LogTime time = std::chrono::system_clock::now());

  // The file by its name again, as it was moved away (SIGHUP). kIo: the old one is written to
  // still.
  Status Reopen();

  bool is_on() const { return form_ != LogForm::kOff; }
  uint64_t lost() const { return lost_; }  // lines since the start

 private:
  Log(LogForm form, std::string path) : form_(form), path_(std::move(path)) {}
  void Put(std::string_view line, LogTime time);
  bool PutNow(std::string_view line);

  const LogForm form_;
  const std::string path_;
  UniqueFd file_;
  uint64_t lost_ = 0, told_lost_ = 0;
  bool is_torn_ = false;  // the last line ended before its end
};

}  // namespace peel::server
