#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/cut/rectify_result.h"
#include "src/pipeline/folder/manifest.h"
#include "src/pipeline/folder/outputs.h"

namespace peel {

// What there is to tell of a film that was made (`peel video`).
struct FilmFacts {
  int64_t frames = 0;
  double seconds = 0;  // how long it plays
  std::string container, codec;
  bool has_alpha = false, has_sound = false;
  std::string steady;
  std::string frame_list;  // of frames taken out: the file that names them; then no more is told
};

// What became of one input.
struct FileReport {
  enum class State { kDone, kSkipped, kFailed, kCancelled };

  std::string input, output;
  int frame = 0, frames = 1;  // of an input with several frames: which one, from 1, of how many
  bool last = true;           // nothing further comes of the input
  int written_frames = 1;     // of an animation that was written as one
  State state = State::kFailed;
  Status status;              // the reason, with the file's name, for kFailed
  std::string reason;         // for kSkipped
  int width = 0, height = 0;  // of the result
  uint64_t input_bytes = 0, output_bytes = 0;
  bool has_subject = false;
  double subject_score = 0, coverage = 0;
  std::string warning;
  // Of a picture that was to be straightened. Where it abstained, `output` is empty unless the
  // picture was kept as it is.
  std::optional<RectifyResult> rectify;
  std::optional<FilmFacts> film;
  StageTimes times;     // "read" first, "write" last; waiting for another picture's work is in none
  double total_ms = 0;  // their sum
};

// How a run works; everything borrowed must outlive it.
struct BatchOptions {
  CutOptions cut{};            // cut.control.cancel stops pictures at hand between two stages
  int jobs = 1;                // pictures worked on at the same time
  uint64_t memory = 0;         // bytes that all pictures at hand may take together; 0: no limit
  bool skip_existing = false;  // leave outputs alone that would come out the same (see below)
  bool make_folders = false;   // create the outputs' folders
  // Every frame, page or picture of an input is cut out (not with rectify's `all`), each to the
  // place that frame_output gives (called by any thread, one at a time); an input that has one
  // alone is treated as ever.
  bool all_frames = false;
  std::function<Result<std::string>(const Job&, int frame)> frame_output{};
  // Where it is set, results go to it, with the number of a frame or sheet, from 0, instead of to
  // files. Called by several threads at once.
  std::function<Status(const Job&, int part, const EncodedCut&)> page{};
  // Called by the calling thread with what the user may want to know of the run as a whole; may be
  // null.
  std::function<void(const std::string& text)> note{};
  const CancelToken* stop = nullptr;  // no further picture is begun; those at hand are finished

  // Where is written down what each output was made from; null: nowhere. `settings` is a hash of
  // everything but the source that the output's bytes depend on.
  std::function<Manifest*(const Job&)> manifest{};
  uint64_t settings = 0;
};

// Works through the jobs, each from file to file; one that fails never stops the others. Reading,
// cutting out (decoding to encoding, options.jobs pictures at once) and writing overlap; the
// threads hand pictures on through short queues, and a picture is admitted by the memory that its
// header says it is going to need. Memory grows with options.jobs and options.memory, not with the
// number of jobs.
//
// Where options.cut.rectify wants all sheets of a picture, each of several goes to the place that
// frame_output gives, the first one last: a picture of which it is there is done.
//
// skip_existing leaves an output alone when the manifest says that it was made from this very
// content with these settings; where no manifest knows it, when it is newer than its source.
//
// `done` is called once a job, or once a frame where a job has several written (a frame that fails
// ends its job), in the order of completion, by one thread at a time. Stops early
// when the model cannot be loaded (that status is returned; `done` is not called for jobs that
// failed by it) or when options.stop or options.cut.control.cancel fires (kCancelled, unless
// nothing was left to do).
Status RunBatch(const Cutter& cutter, const std::vector<Job>& jobs, const BatchOptions& options,
                const std::function<void(const FileReport&)>& done);

// The same for jobs that turn up one by one; `next` may wait for one, nullopt ends the list. It is
// called by the calling thread.
Status RunBatch(const Cutter& cutter, const std::function<std::optional<Job>()>& next,
                const BatchOptions& options, const std::function<void(const FileReport&)>& done);

}  // namespace peel
