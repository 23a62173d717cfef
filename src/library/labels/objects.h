#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/library/labels/labels.h"
#include "src/library/labels/network.h"

namespace peel::library {

// How a picture lies in a detector's square input: scaled by `ratio`, in the top left corner.
struct Letterbox {
  int size = 0;               // of the input, width and height
  int width = 0, height = 0;  // of the picture in it
  double ratio = 1;           // of a length there to one in the picture
};
// As large as fits, cut off to whole pixels and never less than one.
Letterbox FitInto(int size, int width, int height);

struct ObjectThresholds {
  float score = 0.3f;     // at least; objectness times the class's probability
  float overlap = 0.45f;  // of two boxes of one class: the weaker one goes above this
};

// Boxes of YOLOX's output for one picture: for each cell of the grids of 8, 16 and 32 pixels the
// offset of the centre, the logarithms of the sides, objectness and the classes' probabilities
// (yolox/utils/boxes.py, postprocess: each cell speaks for its best class alone, suppression goes
// class by class). output: cells x (5 + labels.size()); width and height are the picture's own.
// What is not finite is left out; boxes end at the picture's border.
std::vector<Detection> DecodeObjects(std::span<const float> output,
                                     std::span<const std::string> labels, const Letterbox& box,
                                     int width, int height, const ObjectThresholds& thresholds);

// YOLOX of any size: one square RGB input, one output as above. Class names are the file's metadata
// `labels`, a line each; without them 80 classes are COCO's.
class ObjectDetector {
 public:
  // Errors name the file; kUnsupported says in which way it is no YOLOX.
  static Result<std::unique_ptr<ObjectDetector>> Load(const NetworkFile& file,
                                                      const NetworkOptions& options);
  // Upright RGB pictures of any sizes. Any thread. kOutOfMemory where all at once are too many.
  Result<std::vector<std::vector<Detection>>> Detect(
      std::span<const ImageView<const uint8_t>> pictures, const ObjectThresholds& thresholds) const;

  const NetworkInfo& info() const { return network_->info(); }
  int64_t fixed_batch() const { return network_->fixed_batch(); }
  const std::vector<std::string>& labels() const { return labels_; }

 private:
  ObjectDetector() = default;

  std::unique_ptr<Network> network_;
  std::vector<std::string> labels_, outputs_;
  int size_ = 0;
};

// COCO's 80 names.
std::span<const std::string_view> CocoLabels();

}  // namespace peel::library
