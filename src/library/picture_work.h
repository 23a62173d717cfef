#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "src/base/status.h"
#include "src/library/known_files.h"
#include "src/library/scan_options.h"
#include "src/library/scan_pixels.h"
#include "src/library/store/photo_record.h"
#include "src/library/store/sidecar_file.h"
#include "src/pipeline/folder/memory_budget.h"

namespace peel::library {

// Where the time of one picture went, in seconds.
struct PictureTimes {
  double metadata = 0, read = 0, decode = 0, measure = 0;
};

// One file through phases 1 and 2, up to what the networks are shown.
struct PreparedPicture {
  enum class Kind : uint8_t {
    kWork,        // `record` is to be written, after the networks if there are `pixels` for them
    kSame,        // known content, all phases done: only the row's name and time are new
    kMetadata,    // the same, but for the sidecar: headers and sidecar were read again
    kGone,        // vanished meanwhile
    kUnreadable,  // known, and cannot be opened now: its row stays; the reason is in the record
  };
  Kind kind = Kind::kWork;
  PhotoRecord record;
  // The row whose content this is: its own, or that of the file that was moved here. 0: none.
  int64_t same_content_id = 0;
  std::optional<ScanPixels> pixels;
  bool wants_labels = false;
  bool failed = false;          // record.file.error is a failure of this run
  bool has_sidecar = false;     // that was read
  std::string sidecar_problem;  // why not, with its name; the picture goes on without it
  uint64_t bytes_read = 0;
  PictureTimes times;
  Admission admission;
};

// Finds the row of a vanished file by its content, once: the same row is given to one caller only.
// Thread-safe.
class MovedFiles {
 public:
  virtual ~MovedFiles() = default;
  // content: asked for only where the row has one.
  virtual std::optional<KnownFiles::Entry> Claim(
      uint64_t size, uint64_t edge, const std::function<Result<uint64_t>()>& content) = 0;
};

struct PictureWork {
  unsigned phases = kPhaseMetadata;
  Limits limits = {};
  Decoder* decoder = nullptr;
  MemoryBudget* budget = nullptr;
  const CancelToken* cancel = nullptr;
  MovedFiles* moved = nullptr;
  std::string models;  // what is written for phase 3
};

// known: the row of this path, or null. sidecar: what lies beside it. Never fails: what goes wrong
// with the file is in the record. kOutOfMemory and kCancelled alone are returned: the picture may
// be tried again.
Result<PreparedPicture> PreparePicture(const std::string& path, const KnownFiles::Entry* known,
                                       const SidecarFile& sidecar, const PictureWork& work);

}  // namespace peel::library
