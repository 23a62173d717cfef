#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/quantize/quantize.h"
#include "src/matte/model/catalogue.h"
#include "src/matte/model/model_family.h"
#include "src/pipeline/model/int8_model.h"

namespace peel {

// A matte model as quantising and tuning see it: its file, and how pictures are fed to it and read.
struct MatteModelFile {
  LocatedModel where;
  engine::ModelBytes file;
  Profile profile;
  std::vector<std::string> fetches;  // the outputs that the profile names
  engine::Port input;

  // For engine/quantize/judge.h: the mask as probabilities, or 0..1 for class labels.
  engine::ToMask ToMask() const;
};

// NAME or FILE; "" is the embedded model. Errors as LoadModel's.
Result<MatteModelFile> OpenMatteModel(const std::string& name_or_file);

// Pictures as the model's inputs.
struct PictureSamples {
  std::vector<engine::Sample> calibration;
  std::vector<engine::Sample> held_out;
  std::vector<std::string> skipped;  // pictures that could not be read, each with its reason
};

// At least this many pictures are needed to choose anything by.
inline constexpr int kMinPictures = 4;

// The pictures of folders (or files) with the model's own preprocessing: at most max_pictures,
// evenly taken from all, a quarter of them held out. kInvalidArgument where fewer than kMinPictures
// can be read; kNotFound for a folder that is not there.
Result<PictureSamples> LoadSamples(const MatteModelFile& model,
                                   const std::vector<std::string>& names, bool recursive,
                                   int max_pictures);

// Which model RunQuantize is to quantise, by which pictures.
struct QuantizeJob {
  std::string model;                // NAME or FILE; "" is the embedded model
  std::vector<std::string> images;  // folders or pictures
  bool recursive = false;
  int max_pictures = 32;
  std::string output;               // "" : Int8ModelPath
  int threads = 0;                  // 0: AvailableCpus()
  engine::QuantizeOptions options;  // without a pool
};

// What RunQuantize wrote, and how close it is to the original.
struct QuantizeReport {
  std::string model, source, output;  // source: "(embedded)" or a file
  uint64_t source_bytes = 0, output_bytes = 0;
  int calibration_pictures = 0, held_out_pictures = 0;
  std::vector<std::string> skipped;
  engine::QuantizedModel result;  // without its bytes
};

// Quantises the model and writes the file atomically.
Result<QuantizeReport> RunQuantize(const QuantizeJob& job);

}  // namespace peel
