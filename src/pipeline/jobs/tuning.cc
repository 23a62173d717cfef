#include "src/pipeline/jobs/tuning.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>
#include <utility>

#include "src/base/cache_file.h"
#include "src/base/cpu.h"
#include "src/base/hash.h"
#include "src/base/thread_pool.h"
#include "src/engine/quantize/select.h"
#include "src/pipeline/jobs/quantize_job.h"
#include "src/pipeline/model/precision.h"

namespace peel {
namespace {

using engine::Precision;

constexpr double kMargin = 0.75;  // of the tolerance, on calibration pictures
constexpr double kFaster = 0.97;  // of float32's time at most, to be worth it
constexpr int kPairs = 9;         // runs of each in one series
constexpr double kSeconds = 2;    // a series of slow models is cut short here, at 3 pairs
constexpr int kProbePictures = 4;

const char* Name(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : precision == Precision::kInt8 ? "int8" : "fp32";
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Runs both in turn, so that whatever else the machine does falls on both; medians.
Result<std::pair<double, double>> TimePaired(const engine::Session& a, const engine::Session& b,
                                             const engine::Sample& sample,
                                             std::span<const std::string> fetches) {
  using Clock = std::chrono::steady_clock;
  const auto context_a = a.NewContext(), context_b = b.NewContext();
  std::vector<double> times_a, times_b;
  const auto run = [&](engine::Context& context, std::vector<double>* times) -> Status {
    const auto start = Clock::now();
    PEEL_RETURN_IF_ERROR(context.Run(sample.feeds, fetches).status());
    if (times != nullptr) {
      times->push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    return OkStatus();
  };
  PEEL_RETURN_IF_ERROR(run(*context_a, nullptr));
  PEEL_RETURN_IF_ERROR(run(*context_b, nullptr));
  const auto start = Clock::now();
  for (int i = 0; i < kPairs; ++i) {
    if (i >= 3 && std::chrono::duration<double>(Clock::now() - start).count() > kSeconds) break;
    PEEL_RETURN_IF_ERROR(run(*context_a, &times_a));
    PEEL_RETURN_IF_ERROR(run(*context_b, &times_b));
  }
  return std::pair(Median(std::move(times_a)), Median(std::move(times_b)));
}

class Tuner {
 public:
  Tuner(const TuneJob& job, const MatteModelFile& model, const PictureSamples& samples)
      : job_(job), model_(model), samples_(samples) {}

  Status Run(TuneReport* report) {
    PEEL_ASSIGN_OR_RETURN(original_, Load(Precision::kFp32, {}, pool_));
    PEEL_ASSIGN_OR_RETURN(
        const engine::Judge choosing,
        engine::Judge::Make(*original_, samples_.calibration, model_.fetches, model_.ToMask()));
    PEEL_ASSIGN_OR_RETURN(final_, engine::Judge::Make(*original_, samples_.held_out, model_.fetches,
                                                      model_.ToMask()));
    report->threads = original_->threads();
    PEEL_RETURN_IF_ERROR(TryBfloat16(choosing, report));
    PEEL_RETURN_IF_ERROR(TryInt8(report));
    return OkStatus();
  }

 private:
  using Loader = std::function<Result<std::unique_ptr<engine::Session>>(ThreadPool& pool)>;

  Result<std::unique_ptr<engine::Session>> Load(Precision precision,
                                                std::map<std::string, Precision, std::less<>> nodes,
                                                ThreadPool& pool) const {
    engine::SessionOptions options;
    options.pool = &pool;
    options.precision = precision;
    options.node_precisions = std::move(nodes);
    return engine::LoadModelBytes(model_.file, options);
  }

  static std::map<std::string, Precision, std::less<>> Narrow(
      const std::vector<std::string>& names) {
    std::map<std::string, Precision, std::less<>> nodes;
    for (const std::string& name : names) nodes[name] = Precision::kBf16;
    return nodes;
  }

  Status TryBfloat16(const engine::Judge& choosing, TuneReport* report) {
    TuneCandidate candidate;
    candidate.name = "bf16";
    PEEL_ASSIGN_OR_RETURN(auto everywhere, Load(Precision::kBf16, {}, pool_));
    auto context = everywhere->NewContext();
    PEEL_RETURN_IF_ERROR(context->Prepare(samples_.held_out[0].feeds, model_.fetches));
    const std::vector<std::string> names = context->Bfloat16Nodes();
    context.reset();
    everywhere.reset();
    if (names.empty()) {
      candidate.note = "no bfloat16 kernel pays on this processor";
      report->candidates.push_back(std::move(candidate));
      return OkStatus();
    }
    const auto chosen_names = [&](std::span<const char> chosen) {
      std::vector<std::string> some;
      for (size_t i = 0; i < names.size(); ++i) {
        if (chosen[i]) some.push_back(names[i]);
      }
      return some;
    };
    const engine::Trial trial = [&](std::span<const char> chosen,
                                    int pictures) -> Result<engine::MaskError> {
      PEEL_ASSIGN_OR_RETURN(const auto session,
                            Load(Precision::kFp32, Narrow(chosen_names(chosen)), pool_));
      return choosing.Compare(*session, pictures);
    };
    engine::Tolerance tolerance = job_.tolerance;
    tolerance.mean_difference *= kMargin;
    tolerance.iou = 1 - (1 - tolerance.iou) * kMargin;
    const std::vector<double> worth(names.size(), 1.0);
    const std::vector<char> fixed(names.size());
    PEEL_ASSIGN_OR_RETURN(
        const auto selection,
        engine::SelectParts(worth, fixed, tolerance, kProbePictures, trial, job_.progress));
    Tuning tuning;
    tuning.choice = Precision::kBf16;
    tuning.bf16_nodes = chosen_names(selection.chosen);
    candidate.nodes = static_cast<int>(tuning.bf16_nodes.size());
    if (tuning.bf16_nodes.empty()) {
      candidate.note = "every convolution is too sensitive for it";
      report->candidates.push_back(std::move(candidate));
      return OkStatus();
    }
    const Loader load = [this, nodes = Narrow(tuning.bf16_nodes)](ThreadPool& pool) {
      return Load(Precision::kFp32, nodes, pool);
    };
    return Weigh(load, std::move(candidate), std::move(tuning), report);
  }

  Status TryInt8(TuneReport* report) {
    TuneCandidate candidate;
    candidate.name = "int8";
    auto companion = FindInt8Model(model_.where, model_.file.bytes);
    if (!companion.ok()) {
      candidate.note = companion.status().message();
      report->candidates.push_back(std::move(candidate));
      return OkStatus();
    }
    const Loader load = [&companion](ThreadPool& pool) {
      engine::SessionOptions options;
      options.pool = &pool;
      options.precision = Precision::kInt8;
      return engine::LoadModelBytes(companion->file, options);
    };
    PEEL_ASSIGN_OR_RETURN(const auto session, load(pool_));
    const auto context = session->NewContext();
    PEEL_RETURN_IF_ERROR(context->Prepare(samples_.held_out[0].feeds, model_.fetches));
    candidate.nodes = context->Numbers().int8;
    Tuning tuning;
    tuning.choice = Precision::kInt8;
    tuning.int8_hash = HashText(Hash64(companion->file.bytes));
    return Weigh(load, std::move(candidate), std::move(tuning), report);
  }

  // Takes the candidate where it keeps the tolerance and is faster than float32 and the best so
  // far.
  Status Weigh(const Loader& load, TuneCandidate candidate, Tuning tuning, TuneReport* report) {
    const engine::Sample& sample = samples_.held_out[0];
    double worst = 0;
    for (ThreadPool* const pool : {&pool_, &one_}) {
      PEEL_ASSIGN_OR_RETURN(const auto narrow, load(*pool));
      PEEL_ASSIGN_OR_RETURN(const auto wide, Load(Precision::kFp32, {}, *pool));
      if (worst == 0) {
        PEEL_ASSIGN_OR_RETURN(candidate.error, final_.Compare(*narrow));
      }
      for (int series = 0; series < 2; ++series) {
        if (job_.progress) job_.progress("timing " + candidate.name, series, 2);
        PEEL_ASSIGN_OR_RETURN(const auto times, TimePaired(*wide, *narrow, sample, model_.fetches));
        if (times.second / times.first <= worst) continue;
        worst = times.second / times.first;
        candidate.fp32_ms = times.first;
        candidate.narrow_ms = times.second;
      }
      if (pool->size() == 1) break;  // there is no more to see
    }
    const Tuning& best = report->tuning;
    if (!job_.tolerance.Holds(candidate.error)) {
      candidate.note = "its masks are too far from float32's on held-out pictures";
    } else if (worst > kFaster) {
      candidate.note = "it is not faster than float32";
    } else if (best.choice != Precision::kFp32 && worst >= best.narrow_ms / best.fp32_ms) {
      candidate.note = std::string(Name(best.choice)) + " is faster";
    } else {
      for (TuneCandidate& other : report->candidates) {
        if (other.note.empty()) other.note = candidate.name + " is faster";
      }
      tuning.fp32_ms = candidate.fp32_ms;
      tuning.narrow_ms = candidate.narrow_ms;
      tuning.error = candidate.error;
      report->tuning = std::move(tuning);
    }
    report->candidates.push_back(std::move(candidate));
    return OkStatus();
  }

  const TuneJob& job_;
  const MatteModelFile& model_;
  const PictureSamples& samples_;
  ThreadPool pool_{job_.threads}, one_{1};
  std::unique_ptr<engine::Session> original_;
  engine::Judge final_;
};

}  // namespace

Result<TuneReport> RunTune(const TuneJob& job) {
  PEEL_ASSIGN_OR_RETURN(const MatteModelFile model, OpenMatteModel(job.model));
  TuneReport report;
  report.model = model.where.name;
  PEEL_ASSIGN_OR_RETURN(PictureSamples samples,
                        LoadSamples(model, job.images, job.recursive, job.max_pictures));
  report.skipped = samples.skipped;
  report.calibration_pictures = static_cast<int>(samples.calibration.size());
  report.held_out_pictures = static_cast<int>(samples.held_out.size());
  PEEL_RETURN_IF_ERROR(Tuner(job, model, samples).Run(&report));
  report.record = TuningPath(model.file.bytes);
  if (report.record.empty()) {
    return InvalidArgument(
        "there is no cache folder to keep the result in; set PEEL_CACHE_DIR to one");
  }
  PEEL_RETURN_IF_ERROR(WriteTuning(model.file.bytes, report.tuning));
  return report;
}

}  // namespace peel
