#include "src/library/scan_trial.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "src/base/caught.h"
#include "src/base/os/source_file.h"
#include "src/base/thread_pool.h"
#include "src/library/labels/agreement.h"
#include "src/library/memory_monitor.h"
#include "src/library/metadata/photo_metadata.h"
#include "src/library/picture_work.h"
#include "src/library/scan_networks.h"
#include "src/library/scan_pixels.h"
#include "src/library/scan_roots.h"
#include "src/pipeline/folder/inputs.h"

namespace peel::library {
namespace {

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

ScanDecoding DecodingOf(const ScanOptions& options, bool full_size) {
  ScanDecoding decoding;
  decoding.decoder = options.decoder;
  decoding.limits = options.limits;
  decoding.cancel = options.stop;
  decoding.full_size = full_size;
  return decoding;
}

Result<ScanPixels> PixelsOf(const std::string& path, const ScanDecoding& decoding) {
  return Caught(path, [&]() -> Result<ScanPixels> {
    PEEL_ASSIGN_OR_RETURN(const auto file, SourceFile::Open(path));
    PEEL_ASSIGN_OR_RETURN(const auto bytes, file->ReadAll());
    return DecodeForScan(bytes->span(), decoding);
  });
}

// Networks for a trial: less precision than float32 is proven on the sample first.
Result<std::unique_ptr<ScanNetworks>> NetworksFor(const std::vector<std::string>& sample,
                                                  const ScanOptions& options) {
  if (!options.networks.is_mixed()) return ScanNetworks::Load(options.networks);
  std::vector<ImageU8> pictures;
  for (const std::string& path : sample) {
    auto pixels = PixelsOf(path, DecodingOf(options, false));
    if (pixels.ok()) pictures.push_back(std::move(pixels->rgb));
  }
  std::vector<ImageView<const uint8_t>> views;
  views.reserve(pictures.size());
  for (const ImageU8& picture : pictures) views.push_back(picture.view());
  return ScanNetworks::Load(options.networks, views);
}

// One trial's threads.
class Trial {
 public:
  Trial(const std::vector<std::string>& sample, const ScanOptions& options,
        const ScanNetworks& networks)
      : sample_(sample), options_(options), networks_(networks), labels_(sample.size()) {
    work_.phases = kPhaseMetadata | kPhaseContent | kPhaseLabels;
    work_.limits = options.limits;
    work_.decoder = options.decoder;
    work_.cancel = options.stop;
  }

  Result<TrialResult> Run();

 private:
  void Work();
  Status Label(std::vector<std::pair<size_t, PreparedPicture>>& batch);
  void Stop(const Status& status);

  const std::vector<std::string>& sample_;
  const ScanOptions& options_;
  const ScanNetworks& networks_;
  PictureWork work_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  Status failure_;
  std::vector<std::optional<Labels>> labels_;
};

void Trial::Stop(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
  stopped_.store(true);
}

Status Trial::Label(std::vector<std::pair<size_t, PreparedPicture>>& batch) {
  if (batch.empty()) return OkStatus();
  std::vector<ImageView<const uint8_t>> views;
  views.reserve(batch.size());
  for (const auto& [at, picture] : batch) {
    views.push_back(std::as_const(picture.pixels->rgb).view());
  }
  NetworkTimes times;
  PEEL_ASSIGN_OR_RETURN(std::vector<LabelsRecord> records, networks_.Run(views, &times));
  for (size_t i = 0; i < batch.size(); ++i) {
    labels_[batch[i].first] = std::move(records[i].labels);  // each thread its own places
  }
  batch.clear();
  return OkStatus();
}

void Trial::Work() {
  const Status worked = Caught("a trial", [&]() -> Status {
    std::vector<std::pair<size_t, PreparedPicture>> batch;
    while (!stopped_.load()) {
      const size_t at = next_.fetch_add(1);
      if (at >= sample_.size()) break;
      PEEL_RETURN_IF_ERROR(CheckCancelled(options_.stop));
      auto picture = PreparePicture(sample_[at], nullptr, FindSidecar(sample_[at]), work_);
      if (!picture.ok() || !picture->wants_labels) continue;
      batch.emplace_back(at, *std::move(picture));
      if (static_cast<int>(batch.size()) >= options_.batch) PEEL_RETURN_IF_ERROR(Label(batch));
    }
    return Label(batch);
  });
  if (!worked.ok()) Stop(worked);
}

Result<TrialResult> Trial::Run() {
  TrialResult result;
  result.runs_on = networks_.runs_on();
  result.warning = networks_.warning();
  MemoryMonitor monitor(0);
  const Clock::time_point start = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 1; i < options_.jobs; ++i) threads.emplace_back([this] { Work(); });
  Work();
  for (std::thread& thread : threads) thread.join();
  result.seconds = Since(start);
  monitor.Stop();
  PEEL_RETURN_IF_ERROR(failure_);
  result.peak_memory = monitor.peak();
  result.pictures = sample_.size();
  for (size_t i = 0; i < sample_.size(); ++i) {
    if (!labels_[i]) {
      ++result.failed;
      continue;
    }
    result.labels.push_back(*std::move(labels_[i]));
    result.paths.push_back(sample_[i]);
  }
  return result;
}

ScanOptions Plain(const ScanOptions& options) {
  ScanOptions plain = options;
  plain.jobs = 1;
  plain.batch = 1;
  plain.networks.precision = engine::Precision::kFp32;
  return plain;
}

}  // namespace

Result<std::vector<std::string>> PickSample(const ScanOptions& options, size_t count) {
  const ScanRoots roots = FindRoots(options.inputs);
  if (roots.names.empty()) {
    return roots.errors.empty() ? InvalidArgument("no folder is named")
                                : roots.errors.front().status;
  }
  const InputList list = ExpandInputs(roots.names, options.recursive);
  if (list.inputs.empty()) return NotFound(roots.names.front() + ": there are no pictures in it");
  std::vector<std::string> sample;
  const size_t all = list.inputs.size(), wanted = std::min(count, all);
  for (size_t i = 0; i < wanted; ++i) sample.push_back(list.inputs[i * all / wanted].path);
  return sample;
}

Result<TrialResult> TimeScan(const std::vector<std::string>& sample, const ScanOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const std::unique_ptr<ScanNetworks> networks, NetworksFor(sample, options));
  return Trial(sample, options, *networks).Run();
}

Result<TrialResult> ReferenceLabels(const std::vector<std::string>& sample,
                                    const ScanOptions& options) {
  return TimeScan(sample, Plain(options));
}

Result<TrialResult> TimeBaseline(const std::vector<std::string>& sample,
                                 const ScanOptions& options) {
  const ScanOptions plain = Plain(options);
  PEEL_ASSIGN_OR_RETURN(const std::unique_ptr<ScanNetworks> networks,
                        ScanNetworks::Load(plain.networks));
  TrialResult result;
  result.pictures = sample.size();
  result.runs_on = networks->runs_on();
  const ScanDecoding whole = DecodingOf(options, true);
  MemoryMonitor monitor(0);
  const Clock::time_point start = Clock::now();
  for (const std::string& path : sample) {
    PEEL_RETURN_IF_ERROR(CheckCancelled(options.stop));
    if (const auto file = SourceFile::Open(path); file.ok()) {
      const auto metadata = ReadPhotoMetadata(**file);
      result.failed += !metadata.ok();
    }
  }
  result.phase_seconds[0] = Since(start);
  for (const std::string& path : sample) {
    PEEL_RETURN_IF_ERROR(CheckCancelled(options.stop));
    const auto pixels = PixelsOf(path, whole);
    if (!pixels.ok()) continue;
    const ImageView<const uint8_t> view = pixels->rgb.view();
    PEEL_RETURN_IF_ERROR(ComputePdq(view).status());
    PEEL_RETURN_IF_ERROR(MeasureQuality(view).status());
    PEEL_RETURN_IF_ERROR(MakeThumbnail(view).status());
  }
  result.phase_seconds[1] = Since(start) - result.phase_seconds[0];
  result.failed = 0;
  for (const std::string& path : sample) {
    PEEL_RETURN_IF_ERROR(CheckCancelled(options.stop));
    const auto pixels = PixelsOf(path, whole);
    if (!pixels.ok()) {
      ++result.failed;
      continue;
    }
    NetworkTimes times;
    const ImageView<const uint8_t> view = pixels->rgb.view();
    PEEL_ASSIGN_OR_RETURN(std::vector<LabelsRecord> labels, networks->Run({&view, 1}, &times));
    result.labels.push_back(std::move(labels.front().labels));
    result.paths.push_back(path);
  }
  result.seconds = Since(start);
  result.phase_seconds[2] = result.seconds - result.phase_seconds[1] - result.phase_seconds[0];
  monitor.Stop();
  result.peak_memory = monitor.peak();
  return result;
}

TrialAgreement Compare(const TrialResult& reference, const TrialResult& other) {
  std::map<std::string, const Labels*> known;
  for (size_t i = 0; i < reference.paths.size(); ++i) {
    known.emplace(reference.paths[i], &reference.labels[i]);
  }
  Agreement agreement;
  for (size_t i = 0; i < other.paths.size(); ++i) {
    const auto it = known.find(other.paths[i]);
    if (it != known.end()) agreement.Add(*it->second, other.labels[i]);
  }
  return {static_cast<size_t>(agreement.pictures()), agreement.labels(), agreement.cosine(),
          agreement.passes(), agreement.Text()};
}

Result<TunedChoice> Tune(const std::vector<std::string>& sample, const ScanOptions& options,
                         const std::function<void(const TunedTrial&)>& tell) {
  constexpr double kWorthwhile = 1.03;
  TunedChoice choice;
  // Tried once before, so that the first trial does not pay for what the disk has yet to give.
  ScanOptions now = options;
  now.networks.precision = engine::Precision::kAuto;
  PEEL_RETURN_IF_ERROR(TimeScan(sample, now).status());

  const auto attempt = [&](int jobs, int batch, engine::Precision precision,
                           const std::string& name) -> Status {
    TunedTrial trial{jobs, batch, name, 0, 0, ""};
    now.jobs = jobs;
    now.batch = batch;
    now.networks.precision = precision;
    const bool is_mixed = now.networks.is_mixed();
    now.networks.strict = is_mixed || options.networks.strict;
    const Result<TrialResult> result = TimeScan(sample, now);
    if (result.ok()) {
      trial.pictures_per_second = result->pictures_per_second();
      trial.peak_memory = result->peak_memory;
    } else if (result.status().code() == StatusCode::kCancelled || !is_mixed) {
      return result.status();
    } else {
      trial.refused = result.status().message();
    }
    const bool is_first = choice.trials.empty();
    choice.trials.push_back(trial);
    if (trial.refused.empty() &&
        (is_first || trial.pictures_per_second > choice.best.pictures_per_second * kWorthwhile)) {
      choice.best = trial;
    }
    if (tell) tell(trial);
    return OkStatus();
  };

  using engine::Precision;
  const int processors = AvailableCpus();
  std::vector<int> jobs = {processors, 1, processors / 2, processors + processors / 2,
                           2 * processors};
  std::vector<int> tried;
  for (int number : jobs) {
    number = std::clamp(number, 1, 256);
    if (std::ranges::find(tried, number) != tried.end()) continue;
    tried.push_back(number);
    PEEL_RETURN_IF_ERROR(attempt(number, 1, Precision::kFp32, "fp32"));
  }
  for (const int batch : {2, 4, 8, 12, 16, 24}) {
    if (static_cast<size_t>(batch) > sample.size()) break;
    PEEL_RETURN_IF_ERROR(attempt(choice.best.jobs, batch, Precision::kFp32, "fp32"));
  }
  const std::pair<Precision, const char*> narrow[] = {
      {Precision::kBf16, "bf16"}, {Precision::kFp16, "fp16"}, {Precision::kInt8, "int8"}};
  for (const auto& [precision, name] : narrow) {
    PEEL_RETURN_IF_ERROR(attempt(choice.best.jobs, choice.best.batch, precision, name));
  }
  return choice;
}

}  // namespace peel::library
