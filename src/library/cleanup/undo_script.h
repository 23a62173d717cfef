#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "src/base/os/unique_fd.h"
#include "src/base/status.h"

namespace peel::library {

// A shell script that takes back what was done to files, run by `sh FILE`. A line is on the disk
// before what it takes back happens; run after an interruption, a line of what has not happened
// does nothing, and nothing is ever written over.
class UndoScript {
 public:
  // undo-duplicates.sh in the folder, or with a number where there is one. kIo with its name.
  static Result<UndoScript> Create(const std::string& folder);

  // `now` is about to be what `before` was. Absolute paths.
  Status AddMove(const std::string& now, const std::string& before);
  // `now` is about to be replaced, and what it was to be called `earlier`: that comes back, and
  // what is there then goes to `aside`.
  Status AddReplaced(const std::string& now, const std::string& earlier, const std::string& aside);
  // `path` is about to be one more name of another file: it becomes a file of its own again.
  Status AddUnlink(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  UndoScript(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Status Add(std::string_view text);

  std::string path_;
  UniqueFd fd_;
};

// As one word of a POSIX shell, whatever is in it.
std::string ShellWord(std::string_view text);

}  // namespace peel::library
