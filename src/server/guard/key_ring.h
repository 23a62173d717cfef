#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/status.h"
#include "src/server/guard/keys.h"

namespace peel::server {

// The keys of a file, which may change while they are used.
class KeyRing {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // kNotFound, kIo, kCorrupt, kInvalidArgument: the server does not start.
  static Result<std::unique_ptr<KeyRing>> Open(std::string path);

  // For the log: the file was read anew, or could not be and the old keys stay.
  struct News {
    bool is_failure = false;
    std::string text;
  };
  // Looks whether it is another file (by time, number and size), at most once a second. A file that
  // is broken is told once.
  std::optional<News> Refresh(Time now);

  // All entries are compared in constant time, whichever fits. Null where none does; whether it is
  // expired, disabled or for another route is not looked at.
  std::shared_ptr<const Key> Find(std::string_view presented) const;
  std::shared_ptr<const Key> Named(std::string_view name) const;
  const std::vector<LinkSecret>& links() const { return links_; }
  size_t size() const { return keys_.size(); }

  // What an operator should know: the file can be read by others than its owner. "" where all is
  // well.
  const std::string& warning() const { return warning_; }

 private:
  explicit KeyRing(std::string path) : path_(std::move(path)) {}
  Status Read();

  const std::string path_;
  std::string salt_, warning_;
  std::vector<std::shared_ptr<const Key>> keys_;
  std::vector<LinkSecret> links_;
  std::optional<FileInfo> seen_;  // of the file as it was last read or refused
  std::optional<Time> looked_;
};

}  // namespace peel::server
