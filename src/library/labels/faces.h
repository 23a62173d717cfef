#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/library/labels/labels.h"
#include "src/library/labels/network.h"

namespace peel::library {

struct FaceThresholds {
  float score = 0.8f;    // at least; the geometric mean of the network's two judgements
  float overlap = 0.3f;  // of two boxes: the weaker one goes above this
};

// YuNet's maps at one stride, rows of cells from the top: probability of a face, of an object,
// box (4 values a cell), landmarks (10).
struct FaceMaps {
  std::span<const float> face, object, box, landmarks;
};

// Faces in an input of width x height pixels (multiples of 32), as OpenCV's FaceDetectorYN decodes
// them: maps for the strides 8, 16 and 32; overlaps are those of whole pixels. scale_x, scale_y:
// parts of the picture's sides that a pixel of the input is. What is not finite is left out; boxes
// end at the picture's border, landmarks may lie beyond it.
std::vector<Face> DecodeFaces(const std::array<FaceMaps, 3>& maps, int width, int height,
                              double scale_x, double scale_y, const FaceThresholds& thresholds);

// How a picture lies in the input: scaled to its long side, in the top left corner. Of few shapes,
// so that a library takes few plans: the long side is 416, the short one 256, 320 or 416.
struct FaceInput {
  int width = 0, height = 0;                  // of the input
  int picture_width = 0, picture_height = 0;  // of the picture in it
};
FaceInput FitFaces(int width, int height);

// YuNet (libfacedetection.train), which takes pictures of any size. Whether eyes are open it does
// not tell: its landmarks are the centres of the eyes alone.
class FaceDetector {
 public:
  // Errors name the file; kUnsupported says in which way it is no YuNet.
  static Result<std::unique_ptr<FaceDetector>> Load(const NetworkFile& file,
                                                    const NetworkOptions& options);
  // Upright RGB. Any thread. Faces by falling score; those narrower than about a fortieth of the
  // long side are missed.
  Result<std::vector<Face>> Detect(ImageView<const uint8_t> rgb,
                                   const FaceThresholds& thresholds) const;

  const NetworkInfo& info() const { return network_->info(); }

 private:
  FaceDetector() = default;

  std::unique_ptr<Network> network_;
};

}  // namespace peel::library
