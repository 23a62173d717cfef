#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/library/store/photo_record.h"
#include "src/pipeline/model/model_loader.h"

namespace peel::library {

// Which networks a scan runs, and how.
struct ScanNetworkOptions {
  engine::Device device = engine::Device::kAuto;
  engine::Precision precision = engine::Precision::kAuto;
  bool strict = false;  // what was asked for and cannot be had is an error
  std::string clip;     // a folder with CLIP's files, or ""

  bool is_mixed() const;  // of less precision than float32
};

// Where the time of the networks went, in seconds.
struct NetworkTimes {
  double labels = 0, matte = 0;
  int halvings = 0;  // of a batch, as memory ran out
};

// The networks of phase 3: objects, faces, scene and embedding, and the matte of the embedded
// model, by which the subject is measured. Each runs on one thread; any number of threads may call.
class ScanNetworks {
 public:
  // kNotFound, kUnsupported, kDeviceRefused as LoadModel has them. Less precision than float32 is
  // used where labels and embeddings of the samples (pictures as Run takes them) come out the same
  // with it (labels/agreement.h); without samples it is float32 for the labels.
  static Result<std::unique_ptr<ScanNetworks>> Load(
      const ScanNetworkOptions& options, std::span<const ImageView<const uint8_t>> samples = {});
  virtual ~ScanNetworks() = default;

  // JSON: what the networks are, by name.
  virtual const std::string& models() const = 0;
  // What is to be told: a device or precision that was asked for and is not had; or "".
  virtual const std::string& warning() const = 0;
  // "cpu fp32", for the run's settings.
  virtual const std::string& runs_on() const = 0;

  // One record a picture (3 channels, upright), in their order. Fails as a whole where there is no
  // memory for so many (kOutOfMemory): then fewer may do.
  virtual Result<std::vector<LabelsRecord>> Run(std::span<const ImageView<const uint8_t>> pictures,
                                                NetworkTimes* times) const = 0;
};

}  // namespace peel::library
