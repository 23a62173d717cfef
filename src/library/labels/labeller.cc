#include "src/library/labels/labeller.h"

#include <algorithm>
#include <utility>

#include "src/library/labels/scan_models.h"

namespace peel::library {
namespace {

NetworkFile FileOf(const std::string& path, std::span<const uint8_t> embedded, const char* name) {
  if (!path.empty()) return {path, {}, ""};
  return {"", embedded, name};
}

Status CheckPicture(const ImageView<const uint8_t>& rgb) {
  if (rgb.channels != 3) {
    return InvalidArgument("labels are given to RGB pictures; this one has " +
                           std::to_string(rgb.channels) + " channels");
  }
  if (rgb.empty()) return InvalidArgument("an empty picture has no labels");
  return OkStatus();
}

// Pictures that one run may take at most.
size_t Most(int64_t fixed_batch, size_t pictures) {
  return fixed_batch > 0 ? static_cast<size_t>(fixed_batch) : pictures;
}

}  // namespace

Result<std::unique_ptr<Labeller>> Labeller::Load(const LabellerOptions& options) {
  std::unique_ptr<Labeller> labeller(new Labeller);
  labeller->options_ = options;
  LabellerInfo& info = labeller->info_;
  const auto note = [&](const char* role, const NetworkInfo& network) {
    info.networks.push_back(network);
    if (!info.versions.empty()) info.versions += ' ';
    info.versions += std::string(role) + "=" + network.name;
    if (!network.warning.empty()) labeller->AddWarning(network.warning);
  };
  if (options.objects) {
    PEEL_ASSIGN_OR_RETURN(
        labeller->objects_,
        ObjectDetector::Load(FileOf(options.objects_model, EmbeddedObjects(), "(embedded objects)"),
                             options.network));
    note("objects", labeller->objects_->info());
  }
  if (options.faces) {
    PEEL_ASSIGN_OR_RETURN(
        labeller->faces_,
        FaceDetector::Load(FileOf(options.faces_model, EmbeddedFaces(), "(embedded faces)"),
                           options.network));
    note("faces", labeller->faces_->info());
  }
  if (options.scenes) {
    PEEL_ASSIGN_OR_RETURN(
        labeller->scenes_,
        SceneClassifier::Load(FileOf(options.scenes_model, EmbeddedScenes(), "(embedded scenes)"),
                              options.network));
    note("scenes", labeller->scenes_->info());
    info.embedding_size = labeller->scenes_->embedding_size();
  }
  if (!options.clip.empty()) {
    PEEL_ASSIGN_OR_RETURN(labeller->clip_, Clip::Load(options.clip, options.network));
    const Clip& clip = *labeller->clip_;
    info.versions += (info.versions.empty() ? "" : " ") + clip.version();
    info.embedding_size = clip.embedding_size();
    if (const std::string warning = clip.warning(); !warning.empty()) labeller->AddWarning(warning);
  }
  return labeller;
}

Result<Labels> Labeller::Label(const ImageView<const uint8_t>& upright_rgb) const {
  PEEL_ASSIGN_OR_RETURN(std::vector<Labels> labels, LabelBatch({&upright_rgb, 1}, 1));
  return std::move(labels.front());
}

Result<std::vector<Labels>> Labeller::LabelBatch(std::span<const ImageView<const uint8_t>> pictures,
                                                 size_t batch, BatchReport* report) const {
  for (const ImageView<const uint8_t>& picture : pictures) {
    PEEL_RETURN_IF_ERROR(CheckPicture(picture));
  }
  std::vector<Labels> labels(pictures.size());
  // What did not fit into one network's run is not tried with the next.
  BatchReport went;
  went.batch = std::max<size_t>(batch, 1);
  if (objects_) {
    const auto run = [&](size_t first, size_t n) -> Status {
      PEEL_ASSIGN_OR_RETURN(
          auto found, objects_->Detect(pictures.subspan(first, n), options_.object_thresholds));
      for (size_t i = 0; i < n; ++i) labels[first + i].objects = std::move(found[i]);
      return OkStatus();
    };
    PEEL_RETURN_IF_ERROR(
        RunInBatches(pictures.size(), Most(objects_->fixed_batch(), pictures.size()), &went, run));
  }
  if (faces_) {
    // One at a time: pictures of one shape only could share a run.
    for (size_t i = 0; i < pictures.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(labels[i].faces, faces_->Detect(pictures[i], options_.face_thresholds));
    }
  }
  if (scenes_) {
    const auto run = [&](size_t first, size_t n) -> Status {
      PEEL_ASSIGN_OR_RETURN(auto scenes, scenes_->Classify(pictures.subspan(first, n)));
      for (size_t i = 0; i < n; ++i) {
        labels[first + i].scene = std::move(scenes[i].label);
        labels[first + i].scene_score = scenes[i].score;
        labels[first + i].embedding = std::move(scenes[i].embedding);
      }
      return OkStatus();
    };
    PEEL_RETURN_IF_ERROR(
        RunInBatches(pictures.size(), Most(scenes_->fixed_batch(), pictures.size()), &went, run));
  }
  for (size_t i = 0; clip_ && i < pictures.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(labels[i].embedding, clip_->EmbedPicture(pictures[i]));
  }
  if (report != nullptr) *report = went;
  return labels;
}

void Labeller::AddWarning(const std::string& sentence) {
  info_.warning += info_.warning.empty() ? sentence : ". " + sentence;
}

std::vector<std::string> Labeller::ObjectLabels() const {
  return objects_ ? objects_->labels() : std::vector<std::string>{};
}

std::vector<std::string> Labeller::SceneLabels() const {
  return scenes_ ? scenes_->labels() : std::vector<std::string>{};
}

}  // namespace peel::library
