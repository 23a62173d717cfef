#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "src/base/status.h"
#include "src/library/known_files.h"
#include "src/library/picture_work.h"
#include "src/library/scan_networks.h"
#include "src/library/scan_options.h"
#include "src/library/scan_writer.h"
#include "src/library/store/sidecar_file.h"
#include "src/library/store/store.h"
#include "src/pipeline/folder/memory_budget.h"

namespace peel::library {

// One file to look at.
struct ScanTask {
  std::string path;
  const KnownFiles::Entry* known = nullptr;  // its row
  SidecarFile sidecar = {};
};

// The pictures' way in a scan that has been opened: from a file's name to its rows. Its functions
// may be called by any thread; Work by several at once.
class ScanSession final : public MovedFiles {
 public:
  ScanSession(const ScanOptions& options, Store& store, ScanFigures& figures);

  // Phase 3's networks, which may be missing where it is not asked for.
  void set_networks(std::unique_ptr<ScanNetworks> networks);
  const ScanNetworks* networks() const { return networks_.get(); }

  // A row whose file is no longer where it was: it may turn up elsewhere.
  void Offer(const KnownFiles::Entry& vanished);
  std::optional<KnownFiles::Entry> Claim(uint64_t size, uint64_t edge,
                                         const std::function<Result<uint64_t>()>& content) override;
  // Those that did not turn up.
  std::vector<int64_t> Unclaimed();

  // Takes tasks from `next` (called by one thread at a time; nullopt ends) with options.jobs
  // threads until there is none, or options.stop fires.
  Status Work(const std::function<std::optional<ScanTask>()>& next);

  // Writes what has been gathered.
  Status Commit() { return writer_.Commit(); }
  ScanWriter& writer() { return writer_; }
  void Tell(const ScannedFile& file);
  // A line of the run's report.
  void Report(const std::string& path, std::string_view kind, const std::string& message);
  std::string ReportJson();
  void AddTimes();  // into the figures, at the end

 private:
  struct Pending {
    ScanTask task;
    PreparedPicture picture;
  };
  void WorkOnThread(const std::function<std::optional<ScanTask>()>& next);
  std::optional<ScanTask> Next(const std::function<std::optional<ScanTask>()>& next);
  std::optional<Pending> Prepare(ScanTask task);
  Result<std::vector<LabelsRecord>> Label(std::span<Pending> batch);
  void LabelAndFinish(std::vector<Pending>& batch);
  void Finish(Pending& pending);
  void Stop(Status reason);
  bool stopped() const;
  void Count(const PreparedPicture& picture);
  void TellSidecar(const PreparedPicture& picture);

  const ScanOptions& options_;
  ScanFigures& figures_;
  ScanWriter writer_;
  MemoryBudget budget_;
  PictureWork work_;
  std::unique_ptr<ScanNetworks> networks_;

  std::mutex next_mutex_;   // around `next`
  std::mutex alone_mutex_;  // a picture for which there was no memory is tried again alone
  std::mutex mutex_;        // around what follows
  std::unordered_multimap<uint64_t, KnownFiles::Entry> vanished_;  // by size
  std::vector<std::string> report_;                                // JSON objects
  size_t report_left_out_ = 0;
  Status failure_;
  std::atomic<bool> failed_{false};
  std::atomic<int> batch_;
};

}  // namespace peel::library
