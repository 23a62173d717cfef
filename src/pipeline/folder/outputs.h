#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/status.h"
#include "src/codec/sniff.h"
#include "src/pipeline/folder/flat_table.h"
#include "src/pipeline/folder/inputs.h"

namespace peel {

// Where results go. At most one of file and folder is set; with neither, beside each input.
struct OutputOptions {
  std::string file{};                // "-" for standard output
  std::string folder{};              // created when it is not there
  Format format = Format::kUnknown;  // kUnknown: what file's extension says, else PNG
  bool mask = false;
  bool rectified = false;               // straightened and not cut out
  std::optional<std::string> suffix{};  // instead of .cut.png and the like, of films
  bool gathered = false;                // all results go into `file`: a PDF
  // Names that differ in case alone are one file in the output folder. Found out where it matters.
  bool folds_case = false;
};

// "png", "jpg", "jpeg", "webp", "avif", "tif", "tiff", "gif", in any case. kInvalidArgument for the
// rest.
Result<Format> ParseOutputFormat(const std::string& name);

// The format that is going to be written.
Result<Format> OutputFormat(const OutputOptions& options);

// One piece of work: from where to where.
struct Job {
  Input input;
  std::string output;
  uint64_t number = 0;  // of the input in the list, from 0
};

// Gives inputs their places one by one, as they turn up, and never a place twice.
//
// photo.jpg becomes photo.cut.png (photo.mask.png for a mask, photo.rect.png where it is rectified)
// beside it, or in the output folder
// with the input's sub-folder kept; standard input goes to standard output (stdin.cut.png in a
// folder). Where that place is another input's, as that of IMG.HEIC is IMG.JPG's, the result keeps
// the extension: IMG.JPG.cut.png. Which of two keeps it: whose result has it already, so that a
// later run makes the same files; of others, in PlanOutputs the later one by name, in Plan the
// later to turn up. Two of one file name (of two folders) cannot be told apart like this.
class OutputPlanner {
 public:
  // kInvalidArgument, kUnsupported: as OutputFormat, and for -o together with -O.
  static Result<OutputPlanner> Create(const OutputOptions& options);

  // From now on no output may replace this file (nor another hard link to it).
  void Protect(const Input& source);

  // Where the input, which is protected with it, goes. The same input may ask again.
  // kInvalidArgument where the output would be a protected file's or another input's.
  Result<Job> Plan(const Input& input);

  // Whether one of the inputs has this place: the file is this planner's own result.
  bool Has(const std::string& output);

  // Where frame `frame` (from 1) of a planned input goes that has several: as FrameName
  // (pipeline/numbered_name.h) has it. kInvalidArgument as Plan.
  Result<std::string> PlanFrame(const Job& job, int frame);

  // Whether this is a protected file.
  bool IsInput(const std::string& path) const;

  // Frees this input's place where the input that has it is no longer there.
  void Vacate(const Input& input);

 private:
  friend class JobTable;
  friend class ListPlanner;

  enum class Place : uint8_t { kNone, kShort, kLong };  // of an input; kLong keeps its extension
  // 32 bits of the hash of an output's key, and the number of the input that has it, from 1.
  struct Taken {
    uint32_t tag = 0, number = 0;
    bool empty() const { return number == 0; }
    uint64_t hash() const { return tag; }
  };
  struct Source {
    uint64_t inode = 0;
    uint32_t device = 0, number = 0;  // the lower half; in known_, the last that had this inode
    bool empty() const { return inode == 0; }
    uint64_t hash() const { return inode; }
  };

  OutputPlanner(OutputOptions options, Format format)
      : options_(std::move(options)), format_(format) {}
  std::string OutputOf(const Input& input, Place place) const;
  Job JobOf(size_t number) const {
    Input input = known_[number];
    std::string output = OutputOf(input, place_[number]);
    return {std::move(input), std::move(output), number};
  }
  std::string KeyOf(const std::string& output);
  bool SameKey(const std::string& key, const std::string& other);
  bool FoldsCase(const std::string& folder);
  std::optional<size_t> OwnerOf(const std::string& output);
  void Give(size_t number, Place place);
  size_t NumberOf(const Input& source);  // protects it
  bool IsSource(const FileInfo& file) const;
  Status CheckNoSource(const Input& input, const std::string& output) const;
  Status SameName(const Input& input, const std::string& output, const Input& other) const;

  OutputOptions options_;
  Format format_;
  InputTable known_;          // those that were protected or planned
  std::vector<Place> place_;  // of each of them
  FlatTable<Source> sources_;
  FlatTable<Taken> taken_;
  std::map<std::string, std::string> frames_;     // keys of frames' outputs, and whose they are
  std::map<std::string, std::string> canonical_;  // folders
  std::map<std::string, bool> folds_case_;        // folders
};

// The jobs of a list, in its order: each is put together when it is asked for.
class JobTable {
 public:
  size_t size() const { return numbers_.size(); }
  bool empty() const { return numbers_.empty(); }
  Job operator[](size_t at) const { return planner_->JobOf(numbers_[at]); }

  auto begin() const { return TableIterator<JobTable>(this, 0); }
  auto end() const { return TableIterator<JobTable>(this, size()); }

  // Drops those that `keep` refuses.
  template <typename Keep>
  void Filter(Keep keep) {
    std::erase_if(numbers_, [&](uint32_t number) { return !keep(planner_->JobOf(number)); });
  }

 private:
  friend class ListPlanner;
  std::shared_ptr<OutputPlanner> planner_;
  std::vector<uint32_t> numbers_;
};

// What a run has to do, and what it cannot.
struct JobList {
  JobTable jobs;
  std::vector<InputFailure> errors;        // inputs that cannot be given a place of their own
  bool to_standard_output = false;         // one of them is written there
  std::shared_ptr<OutputPlanner> planner;  // which gave the places
};

// All of them at once, whatever their order. Inputs that would get the same output and cannot be
// told apart by their extension are all refused, so that which one wins is never an accident; one
// that would overwrite any input is refused too.
Result<JobList> PlanOutputs(const InputTable& inputs, const OutputOptions& options);

}  // namespace peel
