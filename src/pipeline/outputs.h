#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/codec/sniff.h"
#include "src/pipeline/inputs.h"

namespace peel {

// Where results go. At most one of file and folder is set; with neither, beside each input.
struct OutputOptions {
  std::string file{};                // "-" for standard output
  std::string folder{};              // created when it is not there
  Format format = Format::kUnknown;  // kUnknown: what file's extension says, else PNG
  bool mask = false;
};

// "png", "jpg", "jpeg", "webp", in any case. kUnsupported for avif and tiff, which this version
// does not write yet; kInvalidArgument for the rest.
Result<Format> ParseOutputFormat(const std::string& name);

// The format that is going to be written.
Result<Format> OutputFormat(const OutputOptions& options);

// One piece of work: from where to where.
struct Job {
  Input input;
  std::string output;
};

struct JobList {
  std::vector<Job> jobs;
  std::vector<Status> errors;  // inputs that cannot be given a place of their own
};

// photo.jpg becomes photo.cut.png (photo.mask.png for a mask) beside it, or in the output folder
// with the input's sub-folder kept; standard input goes to standard output (stdin.cut.png in a
// folder). An input whose output would be another's, or would overwrite any input, is an error: it
// never silently replaces anything.
Result<JobList> PlanOutputs(const std::vector<Input>& inputs, const OutputOptions& options);

}  // namespace peel
