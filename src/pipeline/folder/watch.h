#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/os/folder_events.h"
#include "src/base/status.h"
#include "src/pipeline/folder/inputs.h"
#include "src/pipeline/folder/own_results.h"

namespace peel {

// Watches folders (Linux' inotify) and gives their pictures one by one: those that are there
// already first, then each that is written, renamed or linked into place, as soon as it is
// complete. Complete means: nothing has happened to it for `settle`, and no process has it open for
// writing (where the kernel tells, by a read lease). What editors and browsers write meanwhile
// under temporary names is left alone until it is renamed. Links to folders are followed as
// ExpandInputs follows them, but in the order they are met.
class FolderWatcher {
 public:
  struct Options {
    std::vector<std::string> folders;
    bool recursive = false;  // new sub-folders count too
    std::chrono::milliseconds settle{400};
    bool sidecars = false;  // XMP files (HasSidecarExtension) are given as pictures are
    // A name that is passed over though one may expect a picture of it. Called in Start and Next.
    std::function<void(const PassedOver&)> passed_over{};
    // Whether this run has just made the file: such ones are passed over without a word.
    std::function<bool(const std::string& path)> made_now{};
  };

  // kInvalidArgument for a name that is no folder; kIo where the kernel cannot watch (the message
  // names the setting that limits it).
  static Result<std::unique_ptr<FolderWatcher>> Start(const Options& options);
  FolderWatcher(const FolderWatcher&) = delete;
  FolderWatcher& operator=(const FolderWatcher&) = delete;

  // Waits for the next picture; nullopt once `stop` fires or the watching has failed (status()).
  // A picture that was given is not given again before Finished has been called for it.
  std::optional<Input> Next(const CancelToken* stop);
  void Finished(const std::string& path);  // by any thread

  const Status& status() const { return status_; }
  size_t folder_count() const { return watches_.size(); }

 private:
  using Clock = std::chrono::steady_clock;

  struct Watch {
    std::string path, subfolder;
    bool root = false;
  };
  struct Candidate {
    Input input;
    Clock::time_point due;
    uint64_t size = UINT64_MAX;  // when last looked at
    int64_t modified = 0;
  };

  explicit FolderWatcher(Options options) : options_(std::move(options)) {}
  Status Add(const std::string& path, const std::string& subfolder, bool root);
  void Scan(const std::string& path, const std::string& subfolder);
  void Enter(const std::string& path, const std::string& subfolder, bool link);
  bool IsOwn(const Input& input);
  void Forget(const std::string& path);  // a folder that was moved away
  void Notice(const std::string& path, const std::string& subfolder, bool settled);
  void Handle(const FolderEvent& event);
  std::optional<Input> TakeReady();
  int MillisecondsToWait() const;

  const Options options_;
  FolderEvents events_;
  Status status_;
  std::map<int, Watch> watches_;
  std::map<std::string, Candidate> candidates_;  // by path
  std::mutex mutex_;                             // around busy_
  std::set<std::string> busy_;
  OwnResults own_;
};

}  // namespace peel
