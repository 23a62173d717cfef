#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/library/known_files.h"
#include "src/library/memory_monitor.h"
#include "src/library/scan_lock.h"
#include "src/library/scan_options.h"
#include "src/library/scan_roots.h"
#include "src/library/scan_session.h"
#include "src/library/sidecar_files.h"
#include "src/library/store/store.h"
#include "src/pipeline/folder/inputs.h"

namespace peel::library {

// One scan from its opening to its end.
class Scan {
 public:
  Scan(const ScanOptions& options, ScanFigures& figures) : options_(options), figures_(figures) {}

  Status Open();
  Status Run();
  Status Watch();
  Status End(Status outcome);

 private:
  Status MakeFolder() const;
  Status List();
  Status Prove();
  Status Plan();
  Status MarkGone();
  Status FindFilms();
  Status Group(const CancelToken* stop);
  void FindSidecars();
  bool NeedsWork(const KnownFiles::Entry& entry) const;
  bool stopped() const { return options_.stop != nullptr && options_.stop->cancelled(); }
  void Note(const std::string& text, bool problem) const {
    if (options_.note) options_.note(text, problem);
  }
  std::optional<KnownFiles::Entry> Row(const std::string& path);
  Status LookAgain(const std::string& path);
  Result<std::vector<std::string>> PicturesOf(const std::string& path);

  const ScanOptions& options_;
  ScanFigures& figures_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::optional<ScanLock> lock_;
  std::optional<Store> store_;
  std::optional<MemoryMonitor> monitor_;
  std::unique_ptr<ScanSession> session_;
  ScanRoots roots_;
  InputList list_;
  SidecarFiles sidecars_;
  KnownFiles known_;
  std::vector<uint32_t> to_read_;  // into list_.inputs
  int64_t run_ = 0;
  bool changed_ = false;      // since duplicates were looked for
  bool is_watching_ = false;  // then to be stopped is the usual end
};

}  // namespace peel::library
