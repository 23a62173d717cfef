#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/library/cleanup/plan.h"
#include "src/library/store/store.h"

namespace peel::library {

// Doing what a plan says. Each file is looked at again right before: it and the one that is kept
// must be what the library knows (size and time of modification), regular files, and of the tier
// `exact` equal to the byte. What is not is left alone and told. A live photo's film moves with its
// picture (live_films.h), and so does its sidecar (move_together.h); one that has changed keeps
// both where they are.
//
// What a group merges stands in a sidecar beside the kept file (sidecar.h), one that is there
// already where that is Peel's own, before the first of its others goes; where it cannot be written
// they stay.
//
// Before anything happens to a file, a line that takes it back is on the disk, in a shell script
// beside the files (UndoScript). Nothing is deleted, and written over is but a
// sidecar that is kept under another name.

struct CleanupOptions {
  std::string move_to;     // a folder, made where it is not there; or ""
  bool may_write = false;  // the library was opened for it: what is moved is marked as gone
  bool hardlink = false;   // exact copies become names of the kept file
  const CancelToken* cancel = nullptr;  // looked at between files
  // What happened to each file, as it happens: a sentence with its path; problem: it was left
  // alone.
  std::function<void(const std::string& text, bool problem)> told;
};

struct CleanupResult {
  size_t done = 0, skipped = 0;
  size_t films = 0;           // that were moved with their pictures
  size_t moved_sidecars = 0;  // likewise
  size_t sidecars = 0;        // that were written, or merged into
  uint64_t bytes = 0;         // of the files that were moved or linked, films among them
  bool cancelled = false;
  std::string undo_script;  // "" where nothing was done
};

// Everything that can be known to be wrong before the first file is touched: kInvalidArgument
// (with the plan's line) for a path that is not in the library, for a file that is moved without
// one of its own group being kept, with hardlink for a group that is not of exact copies or that
// merges.
Status CheckPlan(Store& store, const std::vector<PlannedGroup>& groups,
                 const CleanupOptions& options);

// Acts as the plan says, which CheckPlan has passed. Fails where the script cannot be written or
// the folder not be made; then nothing more is done.
Result<CleanupResult> ActOnPlan(Store& store, const std::vector<PlannedGroup>& groups,
                                const CleanupOptions& options);

}  // namespace peel::library
