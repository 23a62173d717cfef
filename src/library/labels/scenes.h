#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/library/labels/network.h"

namespace peel::library {

// What a classifier says of one picture.
struct Scene {
  std::string label;
  float score = 0;               // probability of the label, 0 to 1
  std::vector<float> embedding;  // the features before the last layer, of length 1
};

// A classifier that looks at the middle 7/8 of a picture in both directions, squeezed into its
// square (as TensorFlow's slim evaluates MobileNet): one input of N x 3 x S x S in RGB, uint8 as
// they are or floats from -1 to 1; outputs `logits` (or the only output of as many values as there
// are labels) and, for the embedding, `features`. Names are the file's metadata `labels`, a line
// each, synonyms separated by commas.
class SceneClassifier {
 public:
  // Errors name the file; kUnsupported says what is missing.
  static Result<std::unique_ptr<SceneClassifier>> Load(const NetworkFile& file,
                                                       const NetworkOptions& options);
  // Upright RGB pictures of any sizes. Any thread. kOutOfMemory where all at once are too many.
  Result<std::vector<Scene>> Classify(std::span<const ImageView<const uint8_t>> pictures) const;

  const NetworkInfo& info() const { return network_->info(); }
  int64_t fixed_batch() const { return network_->fixed_batch(); }
  int embedding_size() const { return embedding_size_; }  // 0 without features
  // As they are shown (ReadableLabels).
  const std::vector<std::string>& labels() const { return labels_; }

 private:
  SceneClassifier() = default;

  std::unique_ptr<Network> network_;
  std::vector<std::string> labels_, outputs_;  // logits first
  int size_ = 0, embedding_size_ = 0;
};

// One name for each class of lists such as "tench, Tinca tinca": the first synonym, or where two
// classes share that the first that is nobody else's.
std::vector<std::string> ReadableLabels(const std::vector<std::string>& synonyms);

// Scales to length 1; a vector of zeros or of what is not finite becomes empty.
void Normalise(std::vector<float>* vector);

}  // namespace peel::library
