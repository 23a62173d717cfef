#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace peel {

// Results that were costly to measure, kept on disk from one run to the next. Each record is one
// file; losing any of them costs time and nothing else, so whatever is wrong with one (cut short,
// altered, another version's, another user's) reads as "not there".

// $PEEL_CACHE_DIR, else $XDG_CACHE_HOME/peel, else ~/.cache/peel; empty where there is none of
// them, or where PEEL_CACHE_DIR is "off": then nothing is read or written.
std::string CacheFolder();

// kind: what sort of record, a word of letters that the file's name begins with ("timings").
// key: all that the record depends on, such as CacheMachine(), a hash of the model and thread
// counts, as text of any length. The whole key is stored and compared: two keys whose hashes
// collide never give each other's records.
std::optional<std::string> ReadCacheFile(std::string_view kind, std::string_view key);

// Replaces the record, creating the folder (for its user alone). Readers see the old one or the new
// one, never a part. kIo where it cannot be written; that is no reason to stop.
Status WriteCacheFile(std::string_view kind, std::string_view key, std::string_view payload);

// Whether there is any record of this kind: before a key is worked out that costs something.
bool AnyCacheFile(std::string_view kind);

// The file that such a record lies in; "" without a folder. For messages.
std::string CacheFilePath(std::string_view kind, std::string_view key);

// This machine and this build, to begin keys with: Peel's version, processor, kernels in use.
std::string CacheMachine();

// A hash (src/base/hash.h) as 16 hexadecimal digits.
std::string HashText(uint64_t hash);

}  // namespace peel
