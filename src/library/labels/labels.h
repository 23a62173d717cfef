#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel::library {

// A box in parts of the picture's width and height, 0 to 1, from its top left corner.
struct Box {
  float x = 0, y = 0, width = 0, height = 0;
};

struct Detection {
  std::string label;  // COCO's, "person"
  float score = 0;    // 0 to 1
  Box box;
};

struct Face {
  Box box;
  float score = 0;
  std::array<std::array<float, 2>, 5>
      landmarks{};  // eyes, nose, corners of the mouth; x and y as Box's
};

struct Labels {
  std::string scene;  // the classifier's first label
  float scene_score = 0;
  std::vector<Detection> objects;  // by score, falling
  std::vector<Face> faces;
  std::vector<float> embedding;  // of length 1 (L2), or empty
};

}  // namespace peel::library
