#include "src/pipeline/folder/batch.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "src/base/caught.h"
#include "src/pipeline/folder/batch_run.h"

namespace peel::batch {

void Batch::End(Work& work, Status status) {
  using State = FileReport::State;
  FileReport& report = work.report;
  report.status = std::move(status);
  if (!report.status.ok()) {
    report.state =
        report.status.code() == StatusCode::kCancelled ? State::kCancelled : State::kFailed;
  } else if (report.state != State::kSkipped) {
    report.state = State::kDone;
  }
  for (const auto& [stage, milliseconds] : report.times) report.total_ms += milliseconds;
  work.bytes = {};
  work.admitted.ShrinkTo(0);
  const std::lock_guard lock(mutex_);
  if (report.state == State::kCancelled) {
    if (fatal_.ok()) fatal_ = std::move(report.status);
    return;
  }
  Status told = Caught(ShownName(report.input, "standard input"), [&] {
    done_(report);
    return OkStatus();
  });
  if (!told.ok() && trouble_.ok()) trouble_ = std::move(told);
}

void Batch::ReadAll(const std::function<std::optional<Job>()>& next) {
  bool more = true;
  while (more) {
    // Where the next picture cannot be found out, the list ends there.
    more = false;
    Guard([&] {
      std::optional<Job> job;
      Status found = Caught("the list of pictures", [&] {
        job = next();
        return OkStatus();
      });
      if (job) {
        more = true;
        more = ReadOne(*std::move(job));
      } else if (!found.ok()) {
        const std::lock_guard lock(mutex_);
        trouble_ = std::move(found);
      }
    });
  }
}

bool Batch::ReadOne(Job job) {
  auto work = std::make_unique<Work>();
  work->job = std::move(job);
  work->report.input = work->job.input.path;
  work->report.output = work->job.output;
  if (Stopped()) {
    End(*work, Cancelled("stopped before all pictures were done"));
    return false;
  }
  Status status = Try(*work, &Batch::Read);
  if (!status.ok() || work->report.state == FileReport::State::kSkipped) {
    End(*work, std::move(status));
  } else if (cutters_ > 0) {
    to_cut_.Push(std::move(work));
  } else {
    CutOne(std::move(work));
  }
  return true;
}

void Batch::CutAll() {
  while (auto work = to_cut_.Pop()) {
    Guard([&] { CutOne(*std::move(work)); });
  }
}

void Batch::CutOne(std::unique_ptr<Work> work) {
  if (Stopped()) {
    End(*work, Cancelled("stopped before all pictures were done"));
    return;
  }
  Status status = Try(*work, GoesBySheets()        ? &Batch::CutSheets
                             : GoesByFrames(*work) ? &Batch::CutFrames
                                                   : &Batch::Cut);
  if (status.ok()) {
    HandToWriter(std::move(work));
    return;
  }
  // A model that could not be loaded is no picture's fault, and is reported once.
  Status model = Caught("the model", [&] { return cutter_.Wait(); });
  if (!model.ok()) {
    {
      const std::lock_guard lock(mutex_);
      fatal_ = std::move(model);
    }
    fatal_seen_.store(true, std::memory_order_relaxed);
    status = Cancelled("no model");
  }
  End(*work, std::move(status));
}

void Batch::HandToWriter(std::unique_ptr<Work> work) {
  if (writers_ > 0) {
    to_write_.Push(std::move(work));
  } else {
    WriteOne(std::move(work));
  }
}

void Batch::WriteAll() {
  while (auto work = to_write_.Pop()) {
    Guard([&] { WriteOne(*std::move(work)); });
  }
}

void Batch::WriteOne(std::unique_ptr<Work> work) {
  Status status = Try(*work, &Batch::Write);
  End(*work, std::move(status));
}

Status Batch::Run(const std::function<std::optional<Job>()>& next, size_t at_most) {
  const size_t cutters = std::min<size_t>(static_cast<size_t>(std::max(options_.jobs, 1)), at_most);
  // A writer mostly waits for the disk (fsync); several let the file system gather their wishes.
  const size_t writers = std::clamp<size_t>(cutters / 4, 1, 4);
  std::vector<std::thread> cutting, writing;
  const Status started = Caught("a thread cannot be started", [&] {
    writing.reserve(writers);
    cutting.reserve(cutters);
    for (; writers_ < writers; ++writers_) writing.emplace_back([this] { WriteAll(); });
    for (; cutters_ < cutters; ++cutters_) cutting.emplace_back([this] { CutAll(); });
    return OkStatus();
  });
  // Fewer threads have to do; what none could be had for is done by this one.
  if (!started.ok() && options_.note) {
    options_.note(started.message() + "; going on with " + std::to_string(cutters_ + writers_ + 1) +
                  " of " + std::to_string(cutters + writers + 1));
  }
  ReadAll(next);
  to_cut_.Close();
  for (std::thread& thread : cutting) thread.join();
  to_write_.Close();
  for (std::thread& thread : writing) thread.join();
  if (!fatal_.ok() && fatal_.code() != StatusCode::kCancelled) return fatal_;
  if (!trouble_.ok()) return trouble_;
  if (lost_) return OutOfMemory("there was not enough memory to say what became of some pictures");
  return fatal_;
}

}  // namespace peel::batch

namespace peel {

Status RunBatch(const Cutter& cutter, const std::vector<Job>& jobs, const BatchOptions& options,
                const std::function<void(const FileReport&)>& done) {
  size_t at = 0;
  const auto next = [&]() -> std::optional<Job> {
    if (at == jobs.size()) return std::nullopt;
    return jobs[at++];
  };
  return batch::Batch(cutter, options, done).Run(next, std::max<size_t>(jobs.size(), 1));
}

Status RunBatch(const Cutter& cutter, const std::function<std::optional<Job>()>& next,
                const BatchOptions& options, const std::function<void(const FileReport&)>& done) {
  return batch::Batch(cutter, options, done).Run(next, SIZE_MAX);
}

}  // namespace peel
