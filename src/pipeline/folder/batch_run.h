#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/base/caught.h"
#include "src/codec/decoder.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/bounded_queue.h"
#include "src/pipeline/folder/memory_budget.h"
#include "src/pipeline/folder/numbered_name.h"

// What RunBatch is made of: batch.cc has the threads and what goes between them, batch_steps.cc
// what is done with one picture.
namespace peel::batch {

// The file, or where "-" stands for one the stream.
inline std::string ShownName(const std::string& path, const char* stream) {
  return path == "-" ? stream : path;
}

// A picture on its way.
struct Work {
  Job job;
  FileReport report;
  std::vector<uint8_t> bytes;  // of the input, then of the output
  Manifest* manifest = nullptr;
  uint64_t content = 0;  // hash of the input
  Admission admitted;
};

// A run over many pictures; one object a run.
class Batch {
 public:
  Batch(const Cutter& cutter, const BatchOptions& options,
        const std::function<void(const FileReport&)>& done)
      : cutter_(cutter),
        options_(options),
        done_(done),
        decoder_(DecoderOr(options.cut.decode.decoder)),
        budget_(options.memory),
        to_cut_(static_cast<size_t>(std::max(options.jobs, 1))),
        to_write_(static_cast<size_t>(std::max(options.jobs, 1))) {}

  Status Run(const std::function<std::optional<Job>()>& next, size_t at_most);

 private:
  bool Stopped() const {
    return fatal_seen_.load(std::memory_order_relaxed) || CancelFired(options_.stop) ||
           CancelFired(options_.cut.control.cancel);
  }
  static bool CancelFired(const CancelToken* token) {
    return token != nullptr && token->cancelled();
  }

  void ReadAll(const std::function<std::optional<Job>()>& next);
  bool ReadOne(Job job);  // false: stopped
  void CutAll();
  void CutOne(std::unique_ptr<Work> work);
  void WriteAll();
  void HandToWriter(std::unique_ptr<Work> work);
  void WriteOne(std::unique_ptr<Work> work);
  Status Read(Work& work);  // kSkipped in the report ends the work
  Status Cut(Work& work);
  Status CutFrames(Work& work);
  Status CutSheets(Work& work);
  Result<bool> AreFramesUpToDate(const Work& work, int frames);
  // An input of one frame alone is treated as ever, unless its output has a place for a number.
  bool GoesByFrames(const Work& work) const {
    return options_.all_frames &&
           (work.report.frames > 1 || NumberedName(work.job.output, 1).has_value());
  }
  bool GoesBySheets() const { return options_.cut.rectify && options_.cut.rectify->all; }
  // Hands a result on: to a page, or to the work for its file.
  Status Take(EncodedCut& cut, int part, Work& work);
  Result<std::string> FrameOutput(const Job& job, int frame);
  void Describe(const EncodedCut& cut, FileReport& report) const;
  Status Write(Work& work);
  bool IsUpToDate(const Work& work, const std::string& output) const;
  Status MakeFolderOf(const std::string& path);
  void End(Work& work, Status status);
  // A step of a work, with what it throws made a status.
  template <typename Step>
  Status Try(Work& work, Step step) {
    return Caught(ShownName(work.job.input.path, "standard input"),
                  [&] { return (this->*step)(work); });
  }
  // What a thread does with one picture. Nothing gets out of it: where there is not even memory for
  // the words, the run says so in the end.
  template <typename Step>
  void Guard(Step step) noexcept {
    try {
      step();
    } catch (...) {
      lost_.store(true, std::memory_order_relaxed);
    }
  }

  const Cutter& cutter_;
  const BatchOptions& options_;
  const std::function<void(const FileReport&)>& done_;
  Decoder& decoder_;
  MemoryBudget budget_;
  BoundedQueue<std::unique_ptr<Work>> to_cut_, to_write_;
  std::atomic<size_t> cutters_{0}, writers_{0};  // threads that run
  std::atomic<bool> fatal_seen_{false};
  std::atomic<bool> lost_{false};
  std::mutex mutex_;  // around done_, fatal_, trouble_ and folders_
  Status fatal_;
  Status trouble_;                 // the first that is no picture's and has stopped nothing
  std::set<std::string> folders_;  // made and tidied already
};

}  // namespace peel::batch
