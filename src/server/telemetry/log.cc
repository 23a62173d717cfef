#include "src/server/telemetry/log.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"

namespace peel::server {
namespace {

// Nor does it wait to be opened where it is a pipe without a reader.
int OpenLog(const std::string& path) {
  return OpenFile(path, kOpenWrite | kOpenCreate | kOpenAppend | kOpenNoWait, 0640);
}

Status CannotOpen(const std::string& path, int error) {
  return IoError(path + ": the log cannot be written (" + std::generic_category().message(error) +
                 ")");
}

}  // namespace

Result<std::unique_ptr<Log>> Log::Open(LogForm form, std::string path) {
  std::unique_ptr<Log> log(new Log(form, std::move(path)));
  if (log->path_.empty() || form == LogForm::kOff) return log;
  log->file_.Reset(OpenLog(log->path_));
  if (!log->file_) return CannotOpen(log->path_, errno);
  return log;
}

void Log::Write(const RequestRecord& record, LogTime time) {
  if (is_on()) Put(LogLine(form_, time, record), time);
}

void Log::Write(LogLevel level, std::string_view message, LogTime time) {
  if (is_on()) Put(LogLine(form_, time, level, message), time);
}

Status Log::Reopen() {
  if (path_.empty() || !is_on()) return OkStatus();
  UniqueFd file(OpenLog(path_));
  if (!file) return CannotOpen(path_, errno);
  file_ = std::move(file);
  is_torn_ = false;
  return OkStatus();
}

void Log::Put(std::string_view line, LogTime time) {
  if (lost_ != told_lost_) {
    const std::string news = LogLine(form_, time, LogLevel::kWarning,
                                     std::to_string(lost_ - told_lost_) +
                                         " lines of this log could not be written and are lost");
    if (!PutNow(news)) {
      ++lost_;
      return;
    }
    told_lost_ = lost_;
  }
  if (!PutNow(line)) ++lost_;
}

bool Log::PutNow(std::string_view line) {
  const int fd = path_.empty() ? kStandardError : file_.get();
  // A pipe that can be written to takes kMaxLine bytes without waiting.
  if (!WaitWritable(fd, 0)) return false;
  std::string whole = is_torn_ ? "\n" : "";
  whole += line;
  if (whole.size() > kMaxLine) return false;
  ptrdiff_t written = -1;
  do {
    written = WriteOnce(fd, whole.data(), whole.size());
  } while (written < 0 && errno == EINTR);
  if (written > 0) is_torn_ = written < static_cast<ptrdiff_t>(whole.size());
  return written == static_cast<ptrdiff_t>(whole.size());
}

}  // namespace peel::server
