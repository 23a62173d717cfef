#include "src/library/scan_session.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "src/base/caught.h"
#include "src/base/os/memory.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

using Json = nlohmann::ordered_json;

// Beyond so many lines a report helps nobody, and at a million files it would be a gigabyte.
constexpr size_t kMostReported = 10'000;

}  // namespace

ScanSession::ScanSession(const ScanOptions& options, Store& store, ScanFigures& figures)
    : options_(options),
      figures_(figures),
      writer_(store),
      budget_(options.memory),
      batch_(std::max(options.batch, 1)) {
  work_.phases = options.phases;
  work_.limits = options.limits;
  work_.decoder = options.decoder;
  work_.budget = &budget_;
  work_.cancel = options.stop;
  work_.moved = this;
}

void ScanSession::set_networks(std::unique_ptr<ScanNetworks> networks) {
  networks_ = std::move(networks);
  work_.models = networks_ != nullptr ? networks_->models() : "";
}

void ScanSession::Offer(const KnownFiles::Entry& vanished) {
  const std::lock_guard lock(mutex_);
  vanished_.emplace(vanished.size, vanished);
}

std::optional<KnownFiles::Entry> ScanSession::Claim(
    uint64_t size, uint64_t edge, const std::function<Result<uint64_t>()>& content) {
  std::vector<KnownFiles::Entry> candidates;
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = vanished_.equal_range(size);
    for (auto it = begin; it != end; ++it) {
      if (it->second.has_edge && it->second.edge == edge) candidates.push_back(it->second);
    }
  }
  // By the row's number, so that of several equal files the first is always taken.
  std::ranges::sort(candidates, {}, &KnownFiles::Entry::id);
  for (const KnownFiles::Entry& candidate : candidates) {
    if (candidate.has_content) {
      const Result<uint64_t> read = content();
      if (!read.ok()) return std::nullopt;
      if (*read != candidate.content) continue;
    }
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = vanished_.equal_range(size);
    for (auto it = begin; it != end; ++it) {
      if (it->second.id != candidate.id) continue;
      vanished_.erase(it);
      return candidate;
    }
  }
  return std::nullopt;
}

std::vector<int64_t> ScanSession::Unclaimed() {
  const std::lock_guard lock(mutex_);
  std::vector<int64_t> ids;
  for (const auto& [size, entry] : vanished_) {
    if (!entry.is_gone) ids.push_back(entry.id);
  }
  std::ranges::sort(ids);
  return ids;
}

bool ScanSession::stopped() const {
  return failed_.load(std::memory_order_relaxed) ||
         (options_.stop != nullptr && options_.stop->cancelled());
}

void ScanSession::Stop(Status reason) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = std::move(reason);
  failed_.store(true, std::memory_order_relaxed);
}

void ScanSession::Tell(const ScannedFile& file) {
  const std::lock_guard lock(mutex_);
  switch (file.state) {
    case ScannedFile::State::kScanned:
      ++figures_.scanned;
      break;
    case ScannedFile::State::kUnchanged:
      ++figures_.unchanged;
      break;
    case ScannedFile::State::kMoved:
      ++figures_.moved;
      break;
    case ScannedFile::State::kGone:
      ++figures_.gone;
      break;
    case ScannedFile::State::kFailed:
      ++figures_.failed;
      break;
  }
  if (options_.done) options_.done(file);
}

void ScanSession::Report(const std::string& path, std::string_view kind,
                         const std::string& message) {
  const std::string line =
      Json{{"path", TextOfPath(path).text}, {"kind", kind}, {"message", TextOfPath(message).text}}
          .dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::lock_guard lock(mutex_);
  if (report_.size() < kMostReported) {
    report_.push_back(line);
  } else {
    ++report_left_out_;
  }
}

std::string ScanSession::ReportJson() {
  const std::lock_guard lock(mutex_);
  std::string json = "[";
  for (const std::string& line : report_) {
    if (json.size() > 1) json += ",\n";
    json += line;
  }
  if (report_left_out_ > 0) {
    json += ",\n" + Json{{"path", nullptr},
                         {"kind", "left out"},
                         {"message", std::to_string(report_left_out_) + " more lines"}}
                        .dump();
  }
  return json + "]";
}

void ScanSession::AddTimes() {
  figures_.write_seconds = writer_.seconds();
  figures_.batch_at_end = batch_.load();
}

std::optional<ScanTask> ScanSession::Next(const std::function<std::optional<ScanTask>()>& next) {
  const std::lock_guard lock(next_mutex_);
  if (stopped()) return std::nullopt;
  return next();
}

Status ScanSession::Work(const std::function<std::optional<ScanTask>()>& next) {
  std::vector<std::thread> threads;
  for (int i = 1; i < options_.jobs; ++i) {
    try {
      threads.emplace_back([&] { WorkOnThread(next); });
    } catch (const std::system_error&) {
      break;  // fewer threads do the same work
    }
  }
  WorkOnThread(next);
  for (std::thread& thread : threads) thread.join();
  const std::lock_guard lock(mutex_);
  return failure_;
}

void ScanSession::WorkOnThread(const std::function<std::optional<ScanTask>()>& next) {
  const Status ended = Caught("the scan", [&] {
    std::vector<Pending> batch;
    while (std::optional<ScanTask> task = Next(next)) {
      std::optional<Pending> prepared = Prepare(*std::move(task));
      if (!prepared) continue;
      if (!prepared->picture.wants_labels) {
        Finish(*prepared);
        continue;
      }
      batch.push_back(*std::move(prepared));
      if (static_cast<int>(batch.size()) >= batch_.load(std::memory_order_relaxed)) {
        LabelAndFinish(batch);
      }
    }
    // What has been decoded is finished, unless the library itself fails.
    if (!failed_.load(std::memory_order_relaxed)) LabelAndFinish(batch);
    return OkStatus();
  });
  if (!ended.ok()) Stop(ended);
}

std::optional<ScanSession::Pending> ScanSession::Prepare(ScanTask task) {
  const auto attempt = [&] {
    return Caught(task.path,
                  [&] { return PreparePicture(task.path, task.known, task.sidecar, work_); });
  };
  Result<PreparedPicture> prepared = attempt();
  if (!prepared.ok() && prepared.status().code() == StatusCode::kOutOfMemory) {
    const std::lock_guard alone(alone_mutex_);
    ReturnFreeMemory();
    {
      const std::lock_guard lock(mutex_);
      ++figures_.out_of_memory;
    }
    prepared = attempt();
  }
  if (prepared.ok()) return Pending{std::move(task), *std::move(prepared)};
  if (prepared.status().code() == StatusCode::kCancelled) return std::nullopt;
  // Nothing is known of it but that there was no memory: the next scan tries again.
  Pending failed;
  failed.task = std::move(task);
  failed.picture.record.file.path = failed.task.path;
  failed.picture.record.file.status = FileStatus::kError;
  failed.picture.record.file.error = prepared.status().message();
  failed.picture.failed = true;
  if (failed.task.known != nullptr) failed.picture.kind = PreparedPicture::Kind::kUnreadable;
  return failed;
}

Result<std::vector<LabelsRecord>> ScanSession::Label(std::span<Pending> batch) {
  std::vector<ImageView<const uint8_t>> views;
  views.reserve(batch.size());
  for (const Pending& pending : batch) {
    views.push_back(std::as_const(pending.picture.pixels->rgb).view());
  }
  NetworkTimes times;
  auto labels = Caught("", [&] { return networks_->Run(views, &times); });
  const std::lock_guard lock(mutex_);
  figures_.label_seconds += times.labels;
  figures_.matte_seconds += times.matte;
  figures_.out_of_memory += static_cast<size_t>(times.halvings);
  return labels;
}

// Where memory runs out the batch is halved at the same position, and the rest of the scan goes on
// with that.
void ScanSession::LabelAndFinish(std::vector<Pending>& batch) {
  for (size_t at = 0; at < batch.size();) {
    const size_t most = static_cast<size_t>(std::max(batch_.load(), 1));
    const size_t count = std::min(most, batch.size() - at);
    const std::span<Pending> part(batch.data() + at, count);
    Result<std::vector<LabelsRecord>> labels = Label(part);
    if (!labels.ok() && labels.status().code() == StatusCode::kOutOfMemory && count > 1) {
      batch_.store(static_cast<int>(count / 2));
      ReturnFreeMemory();
      const std::lock_guard lock(mutex_);
      ++figures_.out_of_memory;
      continue;
    }
    for (size_t i = 0; i < count; ++i) {
      PreparedPicture& picture = part[i].picture;
      if (labels.ok()) {
        picture.record.labels = std::move((*labels)[i]);
      } else {
        FileRecord& file = picture.record.file;
        if (!file.error.empty()) file.error += ". ";
        file.error += labels.status().message();
        file.status = FileStatus::kPartial;
        file.models.clear();
        picture.failed = true;
      }
      Finish(part[i]);
    }
    at += count;
  }
  batch.clear();
}

void ScanSession::Count(const PreparedPicture& picture) {
  const std::lock_guard lock(mutex_);
  figures_.bytes_read += picture.bytes_read;
  figures_.metadata_seconds += picture.times.metadata;
  figures_.read_seconds += picture.times.read;
  figures_.decode_seconds += picture.times.decode;
  figures_.measure_seconds += picture.times.measure;
  figures_.phase_counts[0] += picture.record.metadata.has_value();
  figures_.phase_counts[1] += picture.record.content.has_value();
  figures_.phase_counts[2] += picture.record.labels.has_value();
}

void ScanSession::TellSidecar(const PreparedPicture& picture) {
  const std::string& problem = picture.sidecar_problem;
  if (!problem.empty()) Report(picture.record.file.sidecar, "sidecar", problem);
  const std::lock_guard lock(mutex_);
  figures_.sidecars += picture.has_sidecar;
  figures_.sidecars_unread += !problem.empty();
  if (!problem.empty() && options_.note) {
    options_.note(problem + "; its picture is taken as its own file describes it", true);
  }
}

void ScanSession::Finish(Pending& pending) {
  PreparedPicture& picture = pending.picture;
  const std::string& path = pending.task.path;
  picture.pixels.reset();
  picture.admission.ShrinkTo(0);
  Count(picture);
  using Kind = PreparedPicture::Kind;
  const bool is_move = pending.task.known == nullptr && picture.same_content_id != 0;
  const Status written = writer_.Do([&](Store& store) -> Status {
    if (picture.kind == Kind::kGone) {
      return pending.task.known != nullptr ? store.SetGone(pending.task.known->id) : OkStatus();
    }
    if (picture.kind == Kind::kUnreadable) return OkStatus();
    if (is_move || picture.kind == Kind::kSame) {
      PEEL_RETURN_IF_ERROR(store.Move(picture.same_content_id, picture.record.file));
    }
    if (picture.kind == Kind::kSame) return OkStatus();
    if (picture.kind == Kind::kMetadata) {
      return store.WriteMetadataAlone(picture.same_content_id, picture.record);
    }
    return store.Write(picture.record).status();
  });
  if (!written.ok()) {
    Stop(written);
    return;
  }
  TellSidecar(picture);
  ScannedFile told{path, ScannedFile::State::kScanned, picture.record.file.error};
  if (picture.kind == Kind::kGone) {
    told.state = ScannedFile::State::kGone;
    Report(path, "vanished", "was there when the folder was listed, and gone when it was opened");
  } else if (picture.failed) {
    told.state = ScannedFile::State::kFailed;
    told.message = path + ": " + picture.record.file.error;
    Report(path, "failed", picture.record.file.error);
  } else if (picture.kind == Kind::kSame) {
    told.state = is_move ? ScannedFile::State::kMoved : ScannedFile::State::kUnchanged;
  } else if (!told.message.empty()) {
    Report(path, "damaged", told.message);
  }
  Tell(told);
}

}  // namespace peel::library
