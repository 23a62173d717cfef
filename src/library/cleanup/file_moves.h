#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"

namespace peel::library {

// Files under other names, so that nothing is lost: whatever happens in between (a signal, a dead
// machine), each file's content is under its old name, the new one, or both; never under none.
// Nothing that is there is written over. Errors say what failed, without the paths.

// Gives the file `from` the name `to`, which nobody has, in a folder that is there. On another file
// system it is copied, brought to the disk and compared by its size before the old name goes; times
// and rights come along. kInvalidArgument where `to` is taken; kIo.
Status MoveFile(const std::string& from, const std::string& to);

// As MoveFile, under `to` or the first of "name (2).jpg", "name (3).jpg" … that is free; returns
// which. `before`, called with each name before it is tried, is to write down what is about to
// happen.
template <typename Before>
Result<std::string> MoveToFreeName(const std::string& from, const std::string& to, Before before);

// "name.jpg" for 1, "name (2).jpg" for 2.
std::string NumberedName(const std::string& path, int number);

// Makes the name `to` one more name of the file `kept`: the file that had the name is replaced in
// one step. kIo; then `to` is as it was.
Status ReplaceByLink(const std::string& kept, const std::string& to);

// Whether two files hold the same bytes. kIo, also where one changes meanwhile.
Result<bool> HaveSameBytes(const std::string& a, const std::string& b);

template <typename Before>
Result<std::string> MoveToFreeName(const std::string& from, const std::string& to, Before before) {
  for (int number = 1; number < 10000; ++number) {
    const std::string name = NumberedName(to, number);
    PEEL_RETURN_IF_ERROR(before(name));
    Status status = MoveFile(from, name);
    if (status.ok()) return name;
    if (status.code() != StatusCode::kInvalidArgument) return status;
  }
  return IoError("ten thousand files have that name there");
}

}  // namespace peel::library
