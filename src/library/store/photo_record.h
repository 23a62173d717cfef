#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/library/duplicates/pdq.h"
#include "src/library/labels/labels.h"
#include "src/library/metadata/photo_metadata.h"
#include "src/library/quality/picture_quality.h"

namespace peel::library {

// What a scan found out of one file, as it is written into the library.

enum class FileStatus : uint8_t {
  kOk,
  kPartial,  // some of it is damaged or could not be done; `error` says what
  kError,    // nothing could be read of it; `error` says why
  kGone,     // was there once and is no longer
};
const char* FileStatusName(FileStatus status);

struct FileRecord {
  std::string path;  // absolute, the name's own bytes
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  std::string edge_hash;     // 16 hexadecimal digits, XXH64 of the first and last 64 KiB; or ""
  std::string content_hash;  // 16 hexadecimal digits, XXH64 of the whole file; or ""
  std::string format;        // "" where it is not known
  FileStatus status = FileStatus::kOk;
  std::string error;
  std::string models;  // JSON: what the networks were, by name; or ""
  // Of the XMP file that the metadata is of as well (SidecarStamp): its name, or "" and 0. Nothing
  // where it is to be read again.
  std::string sidecar;
  std::optional<int64_t> sidecar_stamp;
};

struct ContentRecord {
  PdqHashes hashes;
  PictureQuality quality;
  std::vector<uint8_t> thumbnail;  // a JPEG, long side 256
};

struct LabelsRecord {
  Labels labels;
  std::optional<SubjectQuality> subject;
};

struct PhotoRecord {
  FileRecord file;
  // Of this very content, written before, and still good (Phase).
  unsigned kept_phases = 0;
  // Tried in vain, and to be tried again for another content alone: the bytes are damaged.
  unsigned vain_phases = 0;
  // What is new; each is a phase that is done with it.
  std::optional<PhotoMetadata> metadata;
  std::string city, country;
  std::optional<ContentRecord> content;
  std::optional<LabelsRecord> labels;

  unsigned phases() const;
};

}  // namespace peel::library
