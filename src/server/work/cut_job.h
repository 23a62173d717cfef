#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/pipeline/cut/cutter.h"
#include "src/server/work/job.h"

namespace peel::server {

// A job's results in this process's memory.
struct CutFiles {
  std::vector<uint8_t> bytes;  // the file that was asked for
  std::vector<uint8_t> matte;  // with matte_too: a grey PNG; else empty
  CutDone done;                // without `bytes`, `matte`, `keeper`, and "queue" among the stages
};

// From a job and its files to the results: what a worker does, and nothing else. Errors: those of
// OptionsFor and of Cutter::CutBytes.
Result<CutFiles> Cut(const Cutter& cutter, const CutJob& job, const JobFiles& files,
                     const CallControl& control);

}  // namespace peel::server
