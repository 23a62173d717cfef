#include "src/library/scan.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "src/base/os/file.h"
#include "src/library/grouping.h"
#include "src/library/run_json.h"
#include "src/library/scan_course.h"
#include "src/library/scan_films.h"
#include "src/library/scan_pixels.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Pictures on which less precision is put to the test.
constexpr size_t kProofPictures = 32;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

// Only the folder that a default name has; others are the user's to make.
Status Scan::MakeFolder() const {
  const fs::path folder = fs::path(options_.database).parent_path();
  if (folder.filename() != ".peel") return OkStatus();
  std::error_code error;
  fs::create_directory(folder, error);
  if (!error) return OkStatus();
  return IoError(folder.string() + ": cannot be made (" + error.message() +
                 "); keep the library elsewhere by --db FILE");
}

Status Scan::Open() {
  roots_ = FindRoots(options_.inputs);
  if (roots_.names.empty()) return roots_.errors.front().status;
  PEEL_RETURN_IF_ERROR(MakeFolder());
  PEEL_ASSIGN_OR_RETURN(ScanLock lock, ScanLock::Take(options_.database));
  lock_.emplace(std::move(lock));
  PEEL_ASSIGN_OR_RETURN(Store store, Store::Open(options_.database, Database::Mode::kCreate));
  store_.emplace(std::move(store));
  std::unique_ptr<ScanNetworks> networks;
  if ((options_.phases & kPhaseLabels) != 0) {
    PEEL_ASSIGN_OR_RETURN(networks, ScanNetworks::Load(options_.networks));
    if (!networks->warning().empty()) Note(networks->warning(), /*problem=*/true);
  }
  session_ = std::make_unique<ScanSession>(options_, *store_, figures_);
  session_->set_networks(std::move(networks));
  PEEL_ASSIGN_OR_RETURN(
      run_, store_->BeginRun(options_.version, SettingsJson(options_, session_->networks())));
  store_->set_run(run_);
  monitor_.emplace(options_.memory);
  return OkStatus();
}

Status Scan::List() {
  list_ = ExpandInputs(roots_.names, options_.recursive);
  for (const std::vector<InputFailure>* errors : {&roots_.errors, &list_.errors}) {
    for (const InputFailure& failure : *errors) {
      // A folder may well be empty, or be emptied; the library then says so.
      std::error_code ignored;
      const bool is_empty = failure.status.code() == StatusCode::kNotFound &&
                            fs::is_directory(failure.input.path, ignored);
      if (!is_empty) ++figures_.folder_errors;
      session_->Report(failure.input.path, is_empty ? "empty" : "unreadable",
                       failure.status.message());
      Note(failure.status.message(), /*problem=*/true);
    }
  }
  for (const PassedOver& passed : list_.passed_over) {
    ++figures_.passed_over;
    session_->Report(passed.input.path, "passed over", "as it " + passed.reason);
  }
  figures_.passed_over += list_.own_results.size();
  if (!list_.own_results.empty()) {
    session_->Report(list_.own_results[0].path, "passed over",
                     std::to_string(list_.own_results.size()) +
                         " results of Peel's own, of which this is the first");
  }
  FindSidecars();
  figures_.files = list_.inputs.size();
  figures_.films = list_.films.size();
  if (!list_.films.empty()) {
    const size_t count = list_.films.size();
    session_->Report(list_.films[0].path, "film",
                     count == 1 ? "passed over, as it is no picture"
                                : "passed over, as it is no picture; so are " +
                                      std::to_string(count - 1) + " more films");
  }
  return OkStatus();
}

// Folders have told theirs; beside pictures that are named they are looked for.
void Scan::FindSidecars() {
  for (const std::string& name : roots_.names) {
    std::error_code error;
    if (fs::is_directory(name, error)) continue;
    const SidecarFile sidecar = FindSidecar(name);
    if (sidecar.exists()) list_.sidecars.Add(sidecar.path, "");
  }
  sidecars_ = SidecarFiles(&list_.sidecars);
}

Status Scan::FindFilms() {
  PEEL_ASSIGN_OR_RETURN(const FilmChanges changes,
                        UpdateFilms(*store_, list_.films, roots_, options_.stop,
                                    [this](const std::string& path, const std::string& problem) {
                                      session_->Report(path, "film", problem);
                                    }));
  changed_ |= changes.any();
  return OkStatus();
}

bool Scan::NeedsWork(const KnownFiles::Entry& entry) const {
  return (options_.phases & ~unsigned{entry.phases}) != 0 ||
         (entry.other_models && (options_.phases & kPhaseLabels) != 0);
}

// Less precision than float32 has to show on pictures of this scan that it changes nothing.
Status Scan::Prove() {
  if (session_->networks() == nullptr || !options_.networks.is_mixed() || to_read_.empty()) {
    return OkStatus();
  }
  const ScanDecoding decoding{options_.decoder, options_.limits, options_.stop};
  const size_t step = std::max<size_t>(to_read_.size() / kProofPictures, 1);
  std::vector<ImageU8> pictures;
  for (size_t i = 0; i < to_read_.size() && pictures.size() < kProofPictures; i += step) {
    auto pixels = ReadForScan(list_.inputs[to_read_[i]].path, decoding);
    if (pixels.ok()) pictures.push_back(std::move(pixels->rgb));
  }
  if (pictures.empty()) return OkStatus();
  std::vector<ImageView<const uint8_t>> views;
  views.reserve(pictures.size());
  for (const ImageU8& picture : pictures) views.push_back(picture.view());
  PEEL_ASSIGN_OR_RETURN(std::unique_ptr<ScanNetworks> networks,
                        ScanNetworks::Load(options_.networks, views));
  if (!networks->warning().empty()) Note(networks->warning(), /*problem=*/true);
  session_->set_networks(std::move(networks));
  return OkStatus();
}

// What is to be read, what is unchanged, and which rows have lost their file.
Status Scan::Plan() {
  PEEL_ASSIGN_OR_RETURN(
      known_, KnownFiles::Load(
                  *store_, session_->networks() != nullptr ? session_->networks()->models() : ""));
  for (size_t i = 0; i < list_.inputs.size(); ++i) {
    if ((i & 1023) == 0 && stopped()) return OkStatus();
    const std::string path = list_.inputs[i].path;
    KnownFiles::Entry* const entry = known_.Find(path);
    if (entry == nullptr) {
      to_read_.push_back(static_cast<uint32_t>(i));
      continue;
    }
    entry->is_seen = true;
    const std::optional<FileInfo> info = InfoOf(path);
    const bool same = info && info->size == entry->size && info->modified == entry->mtime_ns;
    const SidecarFile sidecar = sidecars_.Of(path);
    const int64_t stamp = SidecarStamp(sidecar);
    if (!same || entry->sidecar != stamp || NeedsWork(*entry)) {
      to_read_.push_back(static_cast<uint32_t>(i));
      continue;
    }
    ++figures_.unchanged;
    figures_.unchanged_with_errors += entry->has_error;
    if (entry->is_gone) {
      FileRecord now;
      now.path = path;
      now.size = entry->size;
      now.mtime_ns = entry->mtime_ns;
      now.sidecar = sidecar.path;
      now.sidecar_stamp = stamp;
      PEEL_RETURN_IF_ERROR(
          session_->writer().Do([&](Store& store) { return store.Move(entry->id, now); }));
    }
  }
  PEEL_RETURN_IF_ERROR(Prove());
  if (options_.planned) options_.planned(to_read_.size(), list_.inputs.size());

  // Rows without a file in the list: gone, or hidden from this scan.
  PEEL_ASSIGN_OR_RETURN(Statement row, store_->database().Prepare(
                                           "SELECT path, path_bytes FROM files WHERE id = ?1"));
  for (const KnownFiles::Entry& entry : known_.entries()) {
    if (entry.is_seen) continue;
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, entry.id).Step());
    const std::string path = has_row ? PathOfRow(row.text(0), row.blob(1)) : "";
    row.Reset();
    if (path.empty() || InfoOfLink(path)) continue;
    if (errno != ENOENT && errno != ENOTDIR) continue;  // hidden, not gone
    // Another disk may just not be attached: what lies outside of the folders is gone only if it
    // turns up inside.
    KnownFiles::Entry vanished = entry;
    if (!roots_.Contain(path)) vanished.is_gone = true;
    session_->Offer(vanished);
  }
  return OkStatus();
}

Status Scan::MarkGone() {
  for (const int64_t id : session_->Unclaimed()) {
    ++figures_.gone;
    changed_ = true;
    PEEL_RETURN_IF_ERROR(session_->writer().Do(
        [&](Store& store) { return options_.forget ? store.Delete(id) : store.SetGone(id); }));
  }
  if (options_.forget) {
    PEEL_RETURN_IF_ERROR(session_->Commit());
    PEEL_RETURN_IF_ERROR(store_->database().Execute("DELETE FROM files WHERE status = 'gone'"));
  }
  return OkStatus();
}

Status Scan::Group(const CancelToken* stop) {
  PEEL_RETURN_IF_ERROR(session_->Commit());
  const Clock::time_point start = Clock::now();
  auto found = WriteGroups(*store_, options_.jobs, options_.memory / 2, stop);
  // Stopped here, the groups are those from before; the next scan looks again.
  if (found.status().code() == StatusCode::kCancelled) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(const GroupFigures groups, std::move(found));
  if (!groups.left_out.empty()) Note(groups.left_out, /*problem=*/true);
  std::ranges::copy(groups.duplicate_groups, figures_.duplicate_groups);
  figures_.stacks = groups.stacks;
  figures_.films_of_stills = groups.films_of_stills;
  figures_.grouping_seconds += Since(start);
  changed_ = false;
  return OkStatus();
}

Status Scan::Run() {
  PEEL_RETURN_IF_ERROR(List());
  PEEL_RETURN_IF_ERROR(Plan());
  figures_.listing_seconds = Since(start_);
  size_t at = 0;
  const auto next = [&]() -> std::optional<ScanTask> {
    if (at == to_read_.size()) return std::nullopt;
    ScanTask task;
    task.path = list_.inputs[to_read_[at++]].path;
    task.known = known_.Find(task.path);
    task.sidecar = sidecars_.Of(task.path);
    return task;
  };
  PEEL_RETURN_IF_ERROR(session_->Work(next));
  PEEL_RETURN_IF_ERROR(session_->Commit());
  changed_ = !to_read_.empty();
  if (stopped()) return OkStatus();
  PEEL_RETURN_IF_ERROR(MarkGone());
  if (!options_.regroup) return session_->Commit();
  PEEL_RETURN_IF_ERROR(session_->Commit());
  PEEL_RETURN_IF_ERROR(FindFilms());
  // Also what an interrupted scan has left ungrouped.
  PEEL_ASSIGN_OR_RETURN(const int64_t ungrouped,
                        store_->database().Integer(
                            "SELECT count(*) FROM runs WHERE id = (SELECT max(id) FROM runs WHERE "
                            "id < " +
                            std::to_string(run_) +
                            ") AND (ended_at IS NULL OR json_extract(figures, '$.interrupted'))"));
  if (changed_ || ungrouped > 0) return Group(options_.stop);
  PEEL_ASSIGN_OR_RETURN(const int64_t kept,
                        store_->database().Integer("SELECT count(*) FROM stack_films"));
  figures_.films_of_stills = static_cast<size_t>(kept);
  return session_->Commit();
}

Status Scan::End(Status outcome) {
  figures_.interrupted = stopped() && !is_watching_;
  figures_.seconds = Since(start_);
  if (monitor_) {
    monitor_->Stop();
    figures_.peak_memory = monitor_->peak();
    figures_.mean_memory = monitor_->mean();
  }
  if (session_ == nullptr) return outcome;
  session_->AddTimes();
  if (run_ == 0) return outcome;
  // What broke the scan may well break this too; then the first reason counts.
  Status ended = session_->Commit();
  if (!outcome.ok()) session_->Report("", "failed", outcome.message());
  if (ended.ok() || !outcome.ok()) {
    ended = store_->EndRun(run_, FiguresJson(figures_), session_->ReportJson());
  }
  if (ended.ok()) ended = store_->Checkpoint();
  return outcome.ok() ? ended : outcome;
}

Status RunScan(const ScanOptions& options, ScanFigures* figures) {
  Scan scan(options, *figures);
  if (Status opened = scan.Open(); !opened.ok()) return scan.End(std::move(opened));
  return scan.End(scan.Run());
}

Status WatchAndScan(const ScanOptions& options, ScanFigures* figures) {
  Scan scan(options, *figures);
  if (Status opened = scan.Open(); !opened.ok()) return scan.End(std::move(opened));
  Status outcome = scan.Run();
  if (outcome.ok()) outcome = scan.Watch();
  return scan.End(std::move(outcome));
}

}  // namespace peel::library
