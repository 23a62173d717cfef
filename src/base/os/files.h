#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/os/replace_file.h"
#include "src/base/status.h"

namespace peel {

// The bytes of a file, or of standard input for "-". kNotFound, kIo, or kLimit beyond max_bytes
// (a file's size is looked at before anything is read; a stream is read no further than the limit).
// A file that somebody changes meanwhile is read again, a few times, and then is kIo: what is
// returned was the whole file at one moment. The caller adds the path to the message.
Result<std::vector<uint8_t>> ReadWholeFile(const std::string& path, uint64_t max_bytes);

// Writes the bytes so that `path` holds either what it held before or all of them, whatever happens
// in between: a nameless temporary file in the same folder (a named one where the file system has
// no nameless ones), fsync, then the name. A file that is replaced passes its mode and owner on;
// one that cannot be replaced, as it is a mount point or its folder is read-only, is written in
// place (replace_file.h). A symbolic link is followed, the link stays. What is there and
// is no regular file (/dev/null, a pipe) is simply written to; so is standard output for "-".
// kNotFound for a missing folder, kIo for everything else; nothing is left behind.
Status WriteFileAtomically(const std::string& path, std::span<const uint8_t> bytes);

// The same for a content that comes bit by bit (replace_file.h).
Status WriteFileAtomically(const std::string& path, const ByteSource& content);

// Makes the folder and those above it where they are not there; "" is the current one. kIo names
// the folder and the reason.
Status CreateFolders(const std::string& folder);

// Whether both names lead to the same existing file.
bool IsSameFile(const std::string& a, const std::string& b);

}  // namespace peel
