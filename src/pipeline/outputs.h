#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
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

// "png", "jpg", "jpeg", "webp", "avif", "tif", "tiff", in any case. kInvalidArgument for the rest.
Result<Format> ParseOutputFormat(const std::string& name);

// The format that is going to be written.
Result<Format> OutputFormat(const OutputOptions& options);

// One piece of work: from where to where.
struct Job {
  Input input;
  std::string output;
};

// Gives inputs their places one by one, as they turn up, and never a place twice.
class OutputPlanner {
 public:
  // kInvalidArgument, kUnsupported: as OutputFormat, and for -o together with -O.
  static Result<OutputPlanner> Create(const OutputOptions& options);

  // From now on no output may replace this file (nor another hard link to it).
  void Protect(const std::string& source);

  // Where the input goes: photo.jpg becomes photo.cut.png (photo.mask.png for a mask) beside it, or
  // in the output folder with the input's sub-folder kept; standard input goes to standard output
  // (stdin.cut.png in a folder). The same input may ask again. kInvalidArgument where the output
  // would be a protected file's or another input's.
  Result<Job> Plan(const Input& input);

  // The place alone, without looking whether it is free; and the input that has it, "" for none.
  std::string PlaceOf(const Input& input) const;
  std::string OwnerOf(const std::string& output) const;

  // Where frame `frame` (from 1) of a planned input goes that has several: as FrameName
  // (pipeline/numbered_name.h) has it. kInvalidArgument as Plan.
  Result<std::string> PlanFrame(const Job& job, int frame);

  // Frees this input's place where the input that has it is no longer there.
  void Vacate(const Input& input);

 private:
  OutputPlanner(OutputOptions options, Format format)
      : options_(std::move(options)), format_(format) {}
  Status CheckNoSource(const Input& input, const std::string& output,
                       const std::string& canonical) const;

  OutputOptions options_;
  Format format_;
  std::set<std::string> sources_;                   // canonical names
  std::set<std::pair<uint64_t, uint64_t>> inodes_;  // of sources: device and inode
  std::map<std::string, std::string> taken_;        // canonical output to the input that has it
};

struct JobList {
  std::vector<Job> jobs;
  std::vector<InputFailure> errors;        // inputs that cannot be given a place of their own
  std::shared_ptr<OutputPlanner> planner;  // which gave the places
};

// All of them at once: inputs that would get the same output are all refused, so that which one
// wins is never an accident; one that would overwrite any input is refused too.
Result<JobList> PlanOutputs(const std::vector<Input>& inputs, const OutputOptions& options);

}  // namespace peel
