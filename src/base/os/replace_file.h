#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/os/file.h"
#include "src/base/status.h"

namespace peel {

// Gives a file's new content to `sink` bit by bit, and ends with what that says when it fails. It
// may be called more than once and gives the same each time.
using ByteSink = std::function<Status(std::span<const uint8_t>)>;
using ByteSource = std::function<Status(const ByteSink& sink)>;

// Gives the file `target`, which may be there and is then a regular file, a new content: through a
// temporary file beside it that takes its name, access rights and owner (as far as this process
// may give them). Where a file cannot be replaced but can be written to - it is a mount point, as
// a file bound into a container is, or its folder takes no files - it is written in place: after
// room for it has been set aside, and with its first bytes last, so that what is left of an
// interrupted write is taken for a picture by nobody. kNotFound for a missing folder, kIo for
// everything else.
using RenameFunction = int (*)(const char* from, const char* to);
Status ReplaceFile(const std::string& target, const ByteSource& content,
                   RenameFunction rename_file = RenameFile);

// Writes all of it, by a call a megabyte where it comes in small bits.
Status WriteFrom(int fd, const ByteSource& content);

// In files.cc: writes all of it; what the number of a failed write means to the user.
Status WriteAll(int fd, std::span<const uint8_t> bytes);
Status WriteFailure(std::string_view what, int error);

}  // namespace peel
