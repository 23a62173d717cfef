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

// "name.jpg" for 1, "name (2).jpg" for 2.
std::string NumberedName(const std::string& path, int number);

// Makes the name `to` one more name of the file `kept`: the file that had the name is replaced in
// one step. kIo; then `to` is as it was.
Status ReplaceByLink(const std::string& kept, const std::string& to);

// Whether two files hold the same bytes. kIo, also where one changes meanwhile.
Result<bool> HaveSameBytes(const std::string& a, const std::string& b);

}  // namespace peel::library
