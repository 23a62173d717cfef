#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/codec/decoder.h"
#include "src/codec/limits.h"
#include "src/library/scan_networks.h"
#include "src/library/store/schema.h"

namespace peel::library {

// What became of one file.
struct ScannedFile {
  enum class State : uint8_t {
    kScanned,    // new, changed, or with phases that were missing
    kUnchanged,  // nothing to do
    kMoved,      // known by its content under another name, nothing else to do
    kGone,       // vanished before it was read
    kFailed,     // some of it or all of it could not be done; `message` says what
  };
  std::string path;
  State state = State::kScanned;
  std::string message;  // kFailed: with the path; kScanned: damage that was passed over, or ""
};

// How a scan works; what is borrowed must outlive it.
struct ScanOptions {
  std::vector<std::string> inputs;  // folders and pictures, as the user named them
  std::string database;
  std::string version;  // of the program, for `runs`
  bool recursive = true;
  unsigned phases = kPhaseMetadata | kPhaseContent | kPhaseLabels;  // no phase without those before
  bool forget = false;  // rows of files that are gone are deleted, not marked
  bool regroup = true;  // duplicates and stacks, after phase 2
  int jobs = 1;         // pictures at the same time, a thread each
  int batch = 1;        // pictures that go through the networks together
  uint64_t memory = 0;  // bytes that all pictures at hand may take together; 0: no limit
  Limits limits = {};
  ScanNetworkOptions networks = {};
  Decoder* decoder = nullptr;
  const CancelToken* stop = nullptr;  // no further picture is begun; what was done is kept
  std::string settings_from;          // the file that tune wrote and that was taken, or ""

  // By one thread at a time, a call for every file that is not unchanged.
  std::function<void(const ScannedFile&)> done{};
  // Once, when it is clear how many files are to be read of how many that there are.
  std::function<void(size_t to_read, size_t all)> planned{};
  // What the user wants to know of the run as a whole, or of a sidecar; problem: a warning. By one
  // thread at a time.
  std::function<void(const std::string& text, bool problem)> note{};
};

// What a run has done, for its summary and `runs.figures`.
struct ScanFigures {
  size_t files = 0, scanned = 0, unchanged = 0, moved = 0, gone = 0, failed = 0;
  size_t unchanged_with_errors = 0;
  size_t passed_over = 0;      // Peel's own results and what is no picture after all
  size_t films = 0;            // met in the folders, no pictures
  size_t films_of_stills = 0;  // of live photos: those of the library, kept with their pictures
  size_t sidecars = 0, sidecars_unread = 0;  // of pictures that were scanned
  size_t folder_errors = 0;                  // names and folders that could not be read
  size_t phase_counts[3] = {};               // pictures that each phase was done for
  uint64_t bytes_read = 0;
  double seconds = 0, listing_seconds = 0, grouping_seconds = 0;
  // Of all threads together.
  double metadata_seconds = 0, read_seconds = 0, decode_seconds = 0, measure_seconds = 0,
         label_seconds = 0, matte_seconds = 0, write_seconds = 0;
  size_t duplicate_groups[3] = {};  // exact, same, similar
  size_t stacks = 0;
  uint64_t peak_memory = 0, mean_memory = 0;  // resident, bytes
  int batch_at_end = 0;                       // smaller than asked for where memory ran out
  size_t out_of_memory = 0;                   // times that a batch was halved
  bool interrupted = false;
};

}  // namespace peel::library
