#include "src/library/labels/objects.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "src/library/labels/overlap.h"
#include "src/library/labels/resize_linear.h"

namespace peel::library {
namespace {

constexpr int kStrides[] = {8, 16, 32};
constexpr int kLargestStride = 32;
constexpr size_t kBeforeClasses = 5;  // centre, sides, objectness
constexpr float kBorder = 114;        // what the input holds beside the picture
// A file that leaves its size open is one of the larger models.
constexpr int kOpenSize = 640;
constexpr int64_t kMaxSize = 4096;

constexpr std::string_view kCoco[] = {"person",        "bicycle",      "car",
                                      "motorcycle",    "airplane",     "bus",
                                      "train",         "truck",        "boat",
                                      "traffic light", "fire hydrant", "stop sign",
                                      "parking meter", "bench",        "bird",
                                      "cat",           "dog",          "horse",
                                      "sheep",         "cow",          "elephant",
                                      "bear",          "zebra",        "giraffe",
                                      "backpack",      "umbrella",     "handbag",
                                      "tie",           "suitcase",     "frisbee",
                                      "skis",          "snowboard",    "sports ball",
                                      "kite",          "baseball bat", "baseball glove",
                                      "skateboard",    "surfboard",    "tennis racket",
                                      "bottle",        "wine glass",   "cup",
                                      "fork",          "knife",        "spoon",
                                      "bowl",          "banana",       "apple",
                                      "sandwich",      "orange",       "broccoli",
                                      "carrot",        "hot dog",      "pizza",
                                      "donut",         "cake",         "chair",
                                      "couch",         "potted plant", "bed",
                                      "dining table",  "toilet",       "tv",
                                      "laptop",        "mouse",        "remote",
                                      "keyboard",      "cell phone",   "microwave",
                                      "oven",          "toaster",      "sink",
                                      "refrigerator",  "book",         "clock",
                                      "vase",          "scissors",     "teddy bear",
                                      "hair drier",    "toothbrush"};

struct Candidate {
  Corners corners;  // in the picture's pixels
  float score = 0;
  size_t kind = 0;  // class
};

int64_t Cells(int64_t size) {
  int64_t cells = 0;
  for (const int stride : kStrides) cells += (size / stride) * (size / stride);
  return cells;
}

std::vector<std::string> LabelsFor(const Network& network, size_t classes) {
  std::vector<std::string> labels = SplitLines(network.Metadata("labels"));
  if (labels.size() == classes) return labels;
  labels.clear();
  for (size_t i = 0; i < classes; ++i) {
    labels.push_back(classes == std::size(kCoco) ? std::string(kCoco[i])
                                                 : "class " + std::to_string(i));
  }
  return labels;
}

}  // namespace

std::span<const std::string_view> CocoLabels() { return kCoco; }

Letterbox FitInto(int size, int width, int height) {
  Letterbox box;
  box.size = size;
  box.ratio = std::min(static_cast<double>(size) / width, static_cast<double>(size) / height);
  box.width = std::clamp(static_cast<int>(width * box.ratio), 1, size);
  box.height = std::clamp(static_cast<int>(height * box.ratio), 1, size);
  return box;
}

std::vector<Detection> DecodeObjects(std::span<const float> output,
                                     std::span<const std::string> labels, const Letterbox& box,
                                     int width, int height, const ObjectThresholds& thresholds) {
  const size_t values = kBeforeClasses + labels.size();
  std::vector<Candidate> candidates;
  const float* cell = output.data();
  const float* const end = cell + output.size();
  for (const int stride : kStrides) {
    const int side = box.size / stride;
    for (int i = 0; i < side * side && end - cell >= static_cast<ptrdiff_t>(values);
         ++i, cell += values) {
      const float objectness = cell[4];
      if (!(objectness >= thresholds.score)) continue;  // no class can be likelier; NaN too
      const float* classes = cell + kBeforeClasses;
      const auto best =
          static_cast<size_t>(std::max_element(classes, classes + labels.size()) - classes);
      const float score = objectness * classes[best];
      if (!(score >= thresholds.score)) continue;
      const auto at = static_cast<float>(stride), ratio = static_cast<float>(box.ratio);
      const float x = (cell[0] + static_cast<float>(i % side)) * at;
      const auto row = i / side;
      const float y = (cell[1] + static_cast<float>(row)) * at;
      const float w = std::exp(cell[2]) * at, h = std::exp(cell[3]) * at;
      const Corners corners = {(x - w / 2) / ratio, (y - h / 2) / ratio, (x + w / 2) / ratio,
                               (y + h / 2) / ratio};
      if (!std::isfinite(corners.left + corners.top + corners.right + corners.bottom)) continue;
      candidates.push_back({corners, score, best});
    }
  }
  std::vector<Detection> detections;
  for (const size_t i : KeepBest<Candidate>(candidates, thresholds.overlap)) {
    const Candidate& c = candidates[i];
    const auto part = [](float at, int whole) {
      return std::clamp(at / static_cast<float>(whole), 0.0f, 1.0f);
    };
    Box in_picture = {part(c.corners.left, width), part(c.corners.top, height), 0, 0};
    in_picture.width = part(c.corners.right, width) - in_picture.x;
    in_picture.height = part(c.corners.bottom, height) - in_picture.y;
    if (!(in_picture.width > 0) || !(in_picture.height > 0)) continue;  // beside the picture
    detections.push_back({labels[c.kind], std::min(c.score, 1.0f), in_picture});
  }
  return detections;
}

Result<std::unique_ptr<ObjectDetector>> ObjectDetector::Load(const NetworkFile& file,
                                                             const NetworkOptions& options) {
  std::unique_ptr<ObjectDetector> detector(new ObjectDetector);
  PEEL_ASSIGN_OR_RETURN(detector->network_, Network::Load(file, options));
  Network& network = *detector->network_;
  const auto refuse = [&](const std::string& why) {
    return Unsupported((file.path.empty() ? file.name : file.path) + ": this is no YOLOX model (" +
                       why + "); objects are found by YOLOX files alone");
  };
  const engine::Port& input = network.input();
  if (input.type != engine::DataType::kFloat32 || !input.has_shape || input.shape.size() != 4 ||
      (input.shape[1] > 0 && input.shape[1] != 3)) {
    return refuse("its input is not N x 3 x H x W floats");
  }
  const auto extent = [](int64_t e) { return e > 0 ? e : int64_t{kOpenSize}; };
  const int64_t size = extent(input.shape[2]);
  if (size != extent(input.shape[3]) || size % kLargestStride != 0 || size > kMaxSize) {
    return refuse("its input is not a square of a multiple of 32 pixels");
  }
  detector->size_ = static_cast<int>(size);
  detector->outputs_ = {network.outputs().front().name};
  // One run tells the number of classes, which a file need not say.
  const engine::Shape shape = {1, 3, size, size};
  if (network.fixed_batch() > 1) return refuse("it takes several pictures and no fewer");
  PEEL_RETURN_IF_ERROR(network.Prepare(shape, detector->outputs_));
  const auto blank = [](engine::Tensor& t) {
    std::fill_n(t.data<float>(), t.elements(), kBorder);
    return OkStatus();
  };
  PEEL_ASSIGN_OR_RETURN(const std::vector<engine::Tensor> outputs,
                        network.Run(shape, blank, detector->outputs_));
  const engine::Shape& got = outputs[0].shape();
  if (got.size() != 3 || got[0] != 1 || got[1] != Cells(size) ||
      got[2] <= static_cast<int64_t>(kBeforeClasses)) {
    return refuse("its output is " + engine::ShapeString(got) + " where 1x" +
                  std::to_string(Cells(size)) + "x(5 + classes) belongs");
  }
  detector->labels_ = LabelsFor(network, static_cast<size_t>(got[2]) - kBeforeClasses);
  return detector;
}

Result<std::vector<std::vector<Detection>>> ObjectDetector::Detect(
    std::span<const ImageView<const uint8_t>> pictures, const ObjectThresholds& thresholds) const {
  const auto count = static_cast<int64_t>(pictures.size());
  const int64_t picture_values = int64_t{3} * size_ * size_;
  std::vector<Letterbox> boxes;
  const auto fill = [&](engine::Tensor& input) -> Status {
    for (size_t i = 0; i < pictures.size(); ++i) {
      const Letterbox& box =
          boxes.emplace_back(FitInto(size_, pictures[i].width, pictures[i].height));
      PEEL_ASSIGN_OR_RETURN(const ImageU8 small, ResizeLinear(pictures[i], box.width, box.height));
      ToPlanes(small.view(), /*backwards=*/true, kBorder, size_, size_,
               input.data<float>() + static_cast<int64_t>(i) * picture_values);
    }
    return OkStatus();
  };
  PEEL_ASSIGN_OR_RETURN(const std::vector<engine::Tensor> outputs,
                        network_->Run({count, 3, size_, size_}, fill, outputs_));
  const int64_t values = outputs[0].elements() / count;
  if (values != Cells(size_) * static_cast<int64_t>(kBeforeClasses + labels_.size())) {
    return Internal(info().name + ": its output has another size than before");
  }
  std::vector<std::vector<Detection>> found;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const std::span<const float> output(outputs[0].data<float>() + static_cast<int64_t>(i) * values,
                                        static_cast<size_t>(values));
    found.push_back(DecodeObjects(output, labels_, boxes[i], pictures[i].width, pictures[i].height,
                                  thresholds));
  }
  return found;
}

}  // namespace peel::library
