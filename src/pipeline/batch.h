#pragma once

#include <functional>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/pipeline/cutter.h"
#include "src/pipeline/outputs.h"

namespace peel {

// What became of one input.
struct FileReport {
  enum class State { kDone, kSkipped, kFailed, kCancelled };

  std::string input, output;
  State state = State::kFailed;
  Status status;              // the reason, with the file's name, for kFailed
  int width = 0, height = 0;  // of the result
  uint64_t input_bytes = 0, output_bytes = 0;
  bool has_subject = false;
  double subject_score = 0, coverage = 0;
  std::string warning;
  StageTimes times;  // "read" first, "write" last
  double total_ms = 0;
};

struct BatchOptions {
  CutOptions cut{};
  int jobs = 1;                // pictures worked on at the same time
  bool skip_existing = false;  // an output that is there is complete: writing is atomic
  bool make_folders = false;   // create the outputs' folders
};

// Works through the jobs, each from file to file; one that fails never stops the others. `done` is
// called once a job, in the order of completion, by one thread at a time. Stops early when the
// model cannot be loaded (that status is returned; `done` is not called for jobs that failed by it)
// or when options.cut.cancel fires (kCancelled). Memory grows with options.jobs, not with the
// number of jobs.
Status RunBatch(const Cutter& cutter, const std::vector<Job>& jobs, const BatchOptions& options,
                const std::function<void(const FileReport&)>& done);

}  // namespace peel
