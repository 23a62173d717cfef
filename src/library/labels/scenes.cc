#include "src/library/labels/scenes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "src/image/resize.h"
#include "src/library/labels/resize_linear.h"

namespace peel::library {
namespace {

constexpr std::string_view kLogits = "logits", kFeatures = "features";
constexpr std::string_view kNoClass = "background";  // a class of the training, not of pictures
constexpr int kOpenSize = 224;
constexpr int64_t kMaxSize = 4096;

std::vector<std::string_view> Synonyms(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, end);
    while (name.starts_with(' ')) name.remove_prefix(1);
    if (!name.empty()) names.push_back(name);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

std::string Lowercase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// The middle 7/8, at least a pixel.
ImageView<const uint8_t> Middle(ImageView<const uint8_t> rgb) {
  const auto shrink = [](int* extent) {
    const int border = *extent / 16;
    *extent -= 2 * border;
    return border;
  };
  const int x = shrink(&rgb.width), y = shrink(&rgb.height);
  rgb.data += y * rgb.stride + ptrdiff_t{x} * rgb.channels;
  return rgb;
}

}  // namespace

std::vector<std::string> ReadableLabels(const std::vector<std::string>& synonyms) {
  std::map<std::string, int> classes_of;
  for (const std::string& list : synonyms) {
    for (const std::string_view name : Synonyms(list)) ++classes_of[Lowercase(name)];
  }
  std::vector<std::string> labels;
  for (const std::string& list : synonyms) {
    const std::vector<std::string_view> names = Synonyms(list);
    const auto own = std::ranges::find_if(
        names, [&](std::string_view name) { return classes_of[Lowercase(name)] == 1; });
    if (names.empty()) {
      labels.push_back(list);
    } else {
      labels.emplace_back(own == names.end() ? names.front() : *own);
    }
  }
  return labels;
}

void Normalise(std::vector<float>* vector) {
  double squares = 0;
  for (const float v : *vector) squares += double{v} * v;
  if (!(squares > 0) || !std::isfinite(squares)) {
    vector->clear();
    return;
  }
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& v : *vector) v *= scale;
}

Result<std::unique_ptr<SceneClassifier>> SceneClassifier::Load(const NetworkFile& file,
                                                               const NetworkOptions& options) {
  std::unique_ptr<SceneClassifier> classifier(new SceneClassifier);
  PEEL_ASSIGN_OR_RETURN(classifier->network_, Network::Load(file, options));
  Network& network = *classifier->network_;
  const auto refuse = [&](const std::string& why) {
    return Unsupported((file.path.empty() ? file.name : file.path) +
                       ": this is no classifier of scenes (" + why + ")");
  };
  const engine::Port& input = network.input();
  if ((input.type != engine::DataType::kFloat32 && input.type != engine::DataType::kUint8) ||
      !input.has_shape || input.shape.size() != 4 || (input.shape[1] > 0 && input.shape[1] != 3)) {
    return refuse("its input is not N x 3 x H x W floats or bytes");
  }
  const auto extent = [](int64_t e) { return e > 0 ? e : int64_t{kOpenSize}; };
  const int64_t size = extent(input.shape[2]);
  if (size != extent(input.shape[3]) || size > kMaxSize) return refuse("its input is no square");
  if (network.fixed_batch() > 1) return refuse("it takes several pictures and no fewer");
  classifier->size_ = static_cast<int>(size);
  classifier->labels_ = ReadableLabels(SplitLines(network.Metadata("labels")));
  if (classifier->labels_.empty()) {
    return refuse("its metadata have no `labels`, a line for each class");
  }
  std::string logits = network.outputs().front().name;
  bool has_features = false;
  for (const engine::Port& port : network.outputs()) {
    if (port.name == kLogits) logits = port.name;
    has_features = has_features || port.name == kFeatures;
  }
  classifier->outputs_ = {logits};
  if (has_features) classifier->outputs_.emplace_back(kFeatures);
  const engine::Shape shape = {1, 3, size, size};
  PEEL_RETURN_IF_ERROR(network.Prepare(shape, classifier->outputs_));
  const auto blank = [](engine::Tensor& t) {
    std::fill_n(static_cast<uint8_t*>(t.raw()), t.bytes(), uint8_t{0});
    return OkStatus();
  };
  PEEL_ASSIGN_OR_RETURN(const std::vector<engine::Tensor> outputs,
                        network.Run(shape, blank, classifier->outputs_));
  if (outputs[0].elements() != static_cast<int64_t>(classifier->labels_.size())) {
    return refuse("it has " + std::to_string(classifier->labels_.size()) + " labels and " +
                  std::to_string(outputs[0].elements()) + " classes");
  }
  if (has_features) classifier->embedding_size_ = static_cast<int>(outputs[1].elements());
  return classifier;
}

Result<std::vector<Scene>> SceneClassifier::Classify(
    std::span<const ImageView<const uint8_t>> pictures) const {
  const auto count = static_cast<int64_t>(pictures.size());
  const auto fill = [&](engine::Tensor& input) -> Status {
    const int64_t picture_values = input.elements() / count;
    for (size_t i = 0; i < pictures.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(const ImageU8 small,
                            Resize(Middle(pictures[i]), size_, size_, ResizeFilter::kBilinear));
      const int64_t at = static_cast<int64_t>(i) * picture_values;
      if (input.type() == engine::DataType::kUint8) {
        ToPlanes(small.view(), /*backwards=*/false, uint8_t{0}, size_, size_,
                 input.data<uint8_t>() + at);
      } else {
        float* const planes = input.data<float>() + at;
        ToPlanes(small.view(), /*backwards=*/false, 0.0f, size_, size_, planes);
        for (int64_t v = 0; v < picture_values; ++v) planes[v] = planes[v] / 127.5f - 1;
      }
    }
    return OkStatus();
  };
  PEEL_ASSIGN_OR_RETURN(const std::vector<engine::Tensor> outputs,
                        network_->Run({count, 3, size_, size_}, fill, outputs_));
  const size_t classes = labels_.size();
  const auto features = static_cast<size_t>(embedding_size_);
  if (outputs[0].elements() != count * static_cast<int64_t>(classes) ||
      (features > 0 && outputs[1].elements() != count * embedding_size_)) {
    return Internal(info().name + ": its outputs have other sizes than before");
  }
  std::vector<Scene> scenes(pictures.size());
  for (size_t i = 0; i < scenes.size(); ++i) {
    const float* const logits = outputs[0].data<float>() + i * classes;
    const float* const first = logits + (labels_.front() == kNoClass && classes > 1 ? 1 : 0);
    const float* const best = std::max_element(first, logits + classes);
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += std::exp(double{logits[c]} - *best);
    if (std::isfinite(sum)) {
      scenes[i].label = labels_[static_cast<size_t>(best - logits)];
      scenes[i].score = static_cast<float>(1 / sum);
    }
    if (features > 0) {
      const float* const from = outputs[1].data<float>() + i * features;
      scenes[i].embedding.assign(from, from + features);
      Normalise(&scenes[i].embedding);
    }
  }
  return scenes;
}

}  // namespace peel::library
