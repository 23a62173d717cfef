#include "src/library/labels/faces.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "src/library/labels/overlap.h"
#include "src/library/labels/resize_linear.h"

namespace peel::library {
namespace {

constexpr int kLongSide = 416;
// Multiples of 32, for pictures of 16:9, of 4:3 and 3:2, and squares.
constexpr int kShortSides[] = {256, 320, kLongSide};
constexpr int kStrides[] = {8, 16, 32};
constexpr size_t kBoxValues = 4, kLandmarkValues = 10;

const std::vector<std::string>& OutputNames() {
  static const std::vector<std::string> names = {"cls_8",  "obj_8",  "bbox_8",  "kps_8",
                                                 "cls_16", "obj_16", "bbox_16", "kps_16",
                                                 "cls_32", "obj_32", "bbox_32", "kps_32"};
  return names;
}
constexpr size_t kMapsOfStride = 4;

struct Candidate {
  Corners corners;  // whole pixels of the input
  float score = 0;
  int kind = 0;
  Face face;
};

// Cut off as a conversion to int does, within what any picture has.
float WholePixels(float value) { return std::trunc(std::clamp(value, -1e6f, 1e6f)); }

}  // namespace

FaceInput FitFaces(int width, int height) {
  FaceInput input;
  const int longer = std::max(width, height), shorter = std::min(width, height);
  const int scaled =
      std::clamp(static_cast<int>(std::lround(static_cast<double>(kLongSide) * shorter / longer)),
                 1, kLongSide);
  const int padded = *std::find_if(std::begin(kShortSides), std::end(kShortSides),
                                   [&](int side) { return side >= scaled; });
  const bool wide = width >= height;
  input.picture_width = wide ? kLongSide : scaled;
  input.picture_height = wide ? scaled : kLongSide;
  input.width = wide ? kLongSide : padded;
  input.height = wide ? padded : kLongSide;
  return input;
}

std::vector<Face> DecodeFaces(const std::array<FaceMaps, 3>& maps, int width, int height,
                              double scale_x, double scale_y, const FaceThresholds& thresholds) {
  std::vector<Candidate> candidates;
  for (size_t s = 0; s < maps.size(); ++s) {
    const FaceMaps& m = maps[s];
    const int columns = width / kStrides[s], rows = height / kStrides[s];
    const auto stride = static_cast<float>(kStrides[s]);
    for (int i = 0; i < columns * rows; ++i) {
      const auto cell = static_cast<size_t>(i);
      const float face = std::clamp(m.face[cell], 0.0f, 1.0f);
      const float object = std::clamp(m.object[cell], 0.0f, 1.0f);
      const float score = std::sqrt(face * object);
      if (!(score >= thresholds.score)) continue;
      const auto whole_row = i / columns;
      const auto column = static_cast<float>(i % columns), row = static_cast<float>(whole_row);
      const float* b = m.box.data() + cell * kBoxValues;
      const float w = std::exp(b[2]) * stride, h = std::exp(b[3]) * stride;
      const float x = (column + b[0]) * stride - w / 2, y = (row + b[1]) * stride - h / 2;
      if (!std::isfinite(x + y + w + h)) continue;
      Candidate c;
      c.score = score;
      c.corners = {WholePixels(x), WholePixels(y), 0, 0};
      c.corners.right = c.corners.left + WholePixels(w);
      c.corners.bottom = c.corners.top + WholePixels(h);
      const auto part = [](double at, double scale) {
        return static_cast<float>(std::clamp(at * scale, 0.0, 1.0));
      };
      Box& box = c.face.box;
      box.x = part(x, scale_x);
      box.y = part(y, scale_y);
      box.width = part(double{x} + w, scale_x) - box.x;
      box.height = part(double{y} + h, scale_y) - box.y;
      if (!(box.width > 0) || !(box.height > 0)) continue;  // beside the picture
      c.face.score = score;
      bool finite = true;
      const float* points = m.landmarks.data() + cell * kLandmarkValues;
      for (size_t k = 0; k < c.face.landmarks.size(); ++k) {
        c.face.landmarks[k] = {
            static_cast<float>(double{(points[2 * k] + column) * stride} * scale_x),
            static_cast<float>(double{(points[2 * k + 1] + row) * stride} * scale_y)};
        finite = finite && std::isfinite(c.face.landmarks[k][0] + c.face.landmarks[k][1]);
      }
      if (finite) candidates.push_back(c);
    }
  }
  std::vector<Face> faces;
  for (const size_t i : KeepBest<Candidate>(candidates, thresholds.overlap)) {
    faces.push_back(candidates[i].face);
  }
  return faces;
}

Result<std::unique_ptr<FaceDetector>> FaceDetector::Load(const NetworkFile& file,
                                                         const NetworkOptions& options) {
  std::unique_ptr<FaceDetector> detector(new FaceDetector);
  PEEL_ASSIGN_OR_RETURN(detector->network_, Network::Load(file, options));
  Network& network = *detector->network_;
  const auto refuse = [&](const std::string& why) {
    return Unsupported((file.path.empty() ? file.name : file.path) + ": this is no YuNet model (" +
                       why + "); faces are found by YuNet files that take any size alone");
  };
  const engine::Port& input = network.input();
  if (input.type != engine::DataType::kFloat32 || !input.has_shape || input.shape.size() != 4 ||
      (input.shape[1] > 0 && input.shape[1] != 3)) {
    return refuse("its input is not 1 x 3 x H x W floats");
  }
  if (input.shape[2] > 0 || input.shape[3] > 0) return refuse("its input has a fixed size");
  for (const std::string& name : OutputNames()) {
    if (std::ranges::none_of(network.outputs(), [&](const auto& o) { return o.name == name; })) {
      return refuse("it has no output " + name);
    }
  }
  const FaceInput usual = FitFaces(4, 3);
  PEEL_RETURN_IF_ERROR(network.Prepare({1, 3, usual.height, usual.width}, OutputNames()));
  return detector;
}

Result<std::vector<Face>> FaceDetector::Detect(ImageView<const uint8_t> rgb,
                                               const FaceThresholds& thresholds) const {
  const FaceInput at = FitFaces(rgb.width, rgb.height);
  const auto fill = [&](engine::Tensor& input) -> Status {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 small,
                          ResizeLinear(rgb, at.picture_width, at.picture_height));
    ToPlanes(small.view(), /*backwards=*/true, 0.0f, at.width, at.height, input.data<float>());
    return OkStatus();
  };
  PEEL_ASSIGN_OR_RETURN(const std::vector<engine::Tensor> outputs,
                        network_->Run({1, 3, at.height, at.width}, fill, OutputNames()));
  std::array<FaceMaps, 3> maps;
  for (size_t s = 0; s < maps.size(); ++s) {
    const int64_t cells = int64_t{at.width / kStrides[s]} * (at.height / kStrides[s]);
    const auto values = [&](size_t map, size_t each, std::span<const float>* to) -> Status {
      const engine::Tensor& t = outputs[s * kMapsOfStride + map];
      if (t.elements() != cells * static_cast<int64_t>(each)) {
        return Unsupported(info().name + ": output " + OutputNames()[s * kMapsOfStride + map] +
                           " has the shape " + engine::ShapeString(t.shape()) +
                           ", which is not YuNet's");
      }
      *to = {t.data<float>(), static_cast<size_t>(t.elements())};
      return OkStatus();
    };
    PEEL_RETURN_IF_ERROR(values(0, 1, &maps[s].face));
    PEEL_RETURN_IF_ERROR(values(1, 1, &maps[s].object));
    PEEL_RETURN_IF_ERROR(values(2, kBoxValues, &maps[s].box));
    PEEL_RETURN_IF_ERROR(values(3, kLandmarkValues, &maps[s].landmarks));
  }
  return DecodeFaces(maps, at.width, at.height, 1.0 / at.picture_width, 1.0 / at.picture_height,
                     thresholds);
}

}  // namespace peel::library
