#include "src/library/scan_networks.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "src/base/sentences.h"
#include "src/library/labels/agreement.h"
#include "src/library/labels/labeller.h"
#include "src/library/quality/picture_quality.h"
#include "src/matte/matte.h"
#include "src/pipeline/model/model_loader.h"

namespace peel::library {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// "objects=yolox-nano faces=yunet-n" as JSON's names and values.
void AddVersions(std::string_view versions, Json* json) {
  while (!versions.empty()) {
    const size_t end = std::min(versions.find(' '), versions.size());
    const std::string_view one = versions.substr(0, end);
    const size_t mark = one.find('=');
    if (mark != std::string_view::npos) {
      (*json)[std::string(one.substr(0, mark))] = one.substr(mark + 1);
    }
    versions.remove_prefix(std::min(end + 1, versions.size()));
  }
}

class LoadedNetworks final : public ScanNetworks {
 public:
  const std::string& models() const override { return models_; }
  const std::string& warning() const override { return warning_; }
  const std::string& runs_on() const override { return runs_on_; }

  Result<std::vector<LabelsRecord>> Run(std::span<const ImageView<const uint8_t>> pictures,
                                        NetworkTimes* times) const override {
    const Clock::time_point start = Clock::now();
    std::vector<LabelsRecord> records(pictures.size());
    BatchReport report;
    PEEL_ASSIGN_OR_RETURN(std::vector<Labels> labels,
                          labeller_->LabelBatch(pictures, pictures.size(), &report));
    times->halvings += report.halvings;
    for (size_t i = 0; i < pictures.size(); ++i) {
      records[i].labels = std::move(labels[i]);
    }
    times->labels += Since(start);
    const Clock::time_point labelled = Clock::now();
    for (size_t i = 0; i < pictures.size(); ++i) {
      MatteOptions options;
      options.edges = Edges::kOff;
      PEEL_ASSIGN_OR_RETURN(const Matte matte, matte_->Run(pictures[i], options, &pool_));
      if (!matte.subject_found || matte.alphas.empty()) continue;
      PEEL_ASSIGN_OR_RETURN(records[i].subject,
                            MeasureSubject(pictures[i], matte.alphas.front().view()));
    }
    times->matte += Since(labelled);
    return records;
  }

 private:
  friend Result<std::unique_ptr<ScanNetworks>> ScanNetworks::Load(
      const ScanNetworkOptions& options, std::span<const ImageView<const uint8_t>> samples);

  mutable ThreadPool pool_{1};
  std::unique_ptr<Labeller> labeller_;
  std::unique_ptr<MattingModel> matte_;
  std::string models_, warning_, runs_on_;
};

}  // namespace

bool ScanNetworkOptions::is_mixed() const {
  return precision != engine::Precision::kAuto && precision != engine::Precision::kFp32;
}

Result<std::unique_ptr<ScanNetworks>> ScanNetworks::Load(
    const ScanNetworkOptions& options, std::span<const ImageView<const uint8_t>> samples) {
  auto networks = std::make_unique<LoadedNetworks>();
  LabellerOptions labels;
  labels.clip = options.clip;
  labels.network.place.device = options.device;
  labels.network.place.strict = options.strict;
  // Numbers of less precision are put to the test first.
  labels.network.precision =
      options.is_mixed() && samples.empty() ? engine::Precision::kFp32 : options.precision;
  PEEL_ASSIGN_OR_RETURN(networks->labeller_, options.is_mixed() && !samples.empty()
                                                 ? LoadProven(labels, samples)
                                                 : Labeller::Load(labels));
  const LabellerInfo& info = networks->labeller_->info();
  networks->warning_ = info.warning;
  Json models;
  AddVersions(info.versions, &models);
  if (!info.networks.empty()) {
    const NetworkInfo& first = info.networks.front();
    networks->runs_on_ = first.device + " " + first.backend + " " + first.precision;
  }
  ModelOptions matte;
  matte.threads = 1;
  matte.device = options.device;
  matte.precision = options.precision;
  matte.strict = options.strict;
  PEEL_ASSIGN_OR_RETURN(LoadedModel loaded, LoadModel(matte, networks->pool_));
  AddSentence(loaded.info.warning, &networks->warning_);
  models["matte"] = loaded.info.name;
  networks->matte_ = std::move(loaded.matting);
  networks->models_ = models.dump();
  return std::unique_ptr<ScanNetworks>(std::move(networks));
}

}  // namespace peel::library
