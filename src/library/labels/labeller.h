#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/library/labels/clip.h"
#include "src/library/labels/faces.h"
#include "src/library/labels/labels.h"
#include "src/library/labels/network.h"
#include "src/library/labels/objects.h"
#include "src/library/labels/scenes.h"

namespace peel::library {

// Which networks look at pictures, and how they run.
struct LabellerOptions {
  bool objects = true, faces = true, scenes = true;
  // ONNX files; "" is the one that the program carries (YOLOX-nano, YuNet, MobileNet v2).
  std::string objects_model, faces_model, scenes_model;
  // A folder with a CLIP (clip.h), whose vectors are the embedding then; "": none.
  std::string clip;
  ObjectThresholds object_thresholds;
  FaceThresholds face_thresholds;
  NetworkOptions network;  // device, backend, precision, strictness
};

// What runs in fact.
struct LabellerInfo {
  std::vector<NetworkInfo>
      networks;            // objects, faces, scenes, as far as they are wanted; not CLIP's
  std::string versions;    // "objects=yolox-nano faces=yunet-n scenes=mobilenet-v2"
  std::string warning;     // the networks' fall-backs, each said once; "" if none
  int embedding_size = 0;  // 0 without an embedding
};

// Objects, faces, scene and embedding of pictures. Immutable once loaded; any thread may label, and
// each call works on the calling thread alone.
class Labeller {
 public:
  // Errors name the model's file, what is wrong with it and what would be right.
  static Result<std::unique_ptr<Labeller>> Load(const LabellerOptions& options);

  // An upright sRGB picture of three channels, of any size; a long side of 500 pixels is enough.
  // The labels depend on nothing but its pixels and the options. kInvalidArgument for other
  // channels, kOutOfMemory.
  Result<Labels> Label(const ImageView<const uint8_t>& upright_rgb) const;

  // The same of several, `batch` of them in one run of a network where its file allows that, for
  // devices that gain by it. Where memory runs out the batch is halved and work goes on at the same
  // picture; the error of a single picture comes back. Labels are those of Label, but on GPUs for
  // the order of their sums.
  Result<std::vector<Labels>> LabelBatch(std::span<const ImageView<const uint8_t>> pictures,
                                         size_t batch, BatchReport* report = nullptr) const;

  const LabellerInfo& info() const { return info_; }
  // A sentence more for info().warning.
  void AddWarning(const std::string& sentence);
  // For vectors of texts; null without options.clip.
  const Clip* clip() const { return clip_.get(); }
  // What the networks can say, as they say it; empty where a network is not wanted.
  std::vector<std::string> ObjectLabels() const;
  std::vector<std::string> SceneLabels() const;

 private:
  Labeller() = default;

  LabellerOptions options_;
  LabellerInfo info_;
  std::unique_ptr<ObjectDetector> objects_;
  std::unique_ptr<FaceDetector> faces_;
  std::unique_ptr<SceneClassifier> scenes_;
  std::unique_ptr<Clip> clip_;
};

}  // namespace peel::library
