#include "src/pipeline/batch.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "src/pipeline/files.h"

namespace peel {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string ShownName(const std::string& path, const char* stream) {
  return path == "-" ? stream : path;
}

Status MakeFolderOf(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) return OkStatus();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return IoError("cannot create the folder " + folder.string() + " (" + error.message() + ")");
  return OkStatus();
}

// From file to file. Whatever it returns, `report` says how far it got.
Status RunJob(const Cutter& cutter, const Job& job, const BatchOptions& options,
              FileReport& report) {
  const std::string input = ShownName(job.input.path, "standard input");
  const std::string output = ShownName(job.output, "standard output");
  PEEL_RETURN_IF_ERROR(CheckCancelled(options.cut.cancel).WithContext(input));
  Clock::time_point start = Clock::now();
  auto bytes = ReadWholeFile(job.input.path, options.cut.limits.max_bytes);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(input);
  report.input_bytes = bytes->size();
  report.times.emplace_back("read", MillisecondsSince(start));

  auto cut = cutter.CutBytes(*bytes, options.cut);
  if (!cut.ok()) return std::move(cut).status().WithContext(input);
  report.width = cut->width;
  report.height = cut->height;
  report.has_subject = cut->info.has_subject;
  report.subject_score = cut->info.subject_score;
  report.coverage = cut->info.coverage;
  report.warning = std::move(cut->info.warning);
  report.times.insert(report.times.end(), cut->info.times.begin(), cut->info.times.end());

  PEEL_RETURN_IF_ERROR(CheckCancelled(options.cut.cancel).WithContext(input));
  start = Clock::now();
  if (options.make_folders) PEEL_RETURN_IF_ERROR(MakeFolderOf(job.output).WithContext(output));
  PEEL_RETURN_IF_ERROR(WriteFileAtomically(job.output, cut->bytes).WithContext(output));
  report.output_bytes = cut->bytes.size();
  report.times.emplace_back("write", MillisecondsSince(start));
  return OkStatus();
}

}  // namespace

Status RunBatch(const Cutter& cutter, const std::vector<Job>& jobs, const BatchOptions& options,
                const std::function<void(const FileReport&)>& done) {
  std::mutex mutex;  // around `done` and `fatal`
  Status fatal;
  std::atomic<size_t> next{0};
  std::atomic<bool> stop{false};

  const auto work = [&] {
    while (!stop.load(std::memory_order_relaxed)) {
      const size_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= jobs.size()) return;
      const Job& job = jobs[index];
      FileReport report;
      report.input = job.input.path;
      report.output = job.output;
      std::error_code error;
      const Clock::time_point start = Clock::now();
      if (options.skip_existing && job.output != "-" && fs::is_regular_file(job.output, error)) {
        report.state = FileReport::State::kSkipped;
      } else {
        try {
          report.status = RunJob(cutter, job, options, report);
        } catch (const std::bad_alloc&) {  // from a container of the standard library
          report.status = OutOfMemory(job.input.path + ": there is not enough memory for it");
        }
        report.state = report.status.ok() ? FileReport::State::kDone
                       : report.status.code() == StatusCode::kCancelled
                           ? FileReport::State::kCancelled
                           : FileReport::State::kFailed;
      }
      report.total_ms = MillisecondsSince(start);

      // A model that could not be loaded is nobody's input's fault, and is told once.
      Status model = report.status.ok() ? OkStatus() : cutter.Wait();
      const std::lock_guard lock(mutex);
      if (!model.ok() || report.state == FileReport::State::kCancelled) {
        stop.store(true, std::memory_order_relaxed);
        if (fatal.ok()) fatal = model.ok() ? report.status : std::move(model);
        continue;
      }
      done(report);
    }
  };

  std::vector<std::thread> helpers;
  const int count =
      std::min<int>(options.jobs, static_cast<int>(std::min<size_t>(jobs.size(), 256)));
  for (int i = 1; i < count; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  return fatal;
}

}  // namespace peel
