#pragma once

#include <functional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/quantize/judge.h"
#include "src/engine/session.h"
#include "src/pipeline/model/tuning_record.h"

namespace peel {

// What RunTune is to measure, and on which pictures.
struct TuneJob {
  std::string model;                // NAME or FILE; "" is the embedded model
  std::vector<std::string> images;  // folders or pictures
  bool recursive = false;
  int max_pictures = 32;
  int threads = 0;
  engine::Tolerance tolerance{};
  engine::QuantizeProgress progress{};
};

// A way to run the model that was tried.
struct TuneCandidate {
  std::string name;  // "bf16", "int8"
  std::string note;  // why it was not taken; "" where it was
  int nodes = 0;     // on narrower numbers
  double fp32_ms = 0, narrow_ms = 0;
  engine::MaskError error;
};

// What RunTune tried and chose.
struct TuneReport {
  std::string model, record;  // record: the file written
  int threads = 0, calibration_pictures = 0, held_out_pictures = 0;
  std::vector<std::string> skipped;
  std::vector<TuneCandidate> candidates;
  Tuning tuning;
};

// Measures what is faster than float32 within the tolerance, and keeps it for --precision auto.
// bfloat16: in the convolutions that have a kernel for it, but for those that are too sensitive
// (engine/quantize/select.h). int8: the model's NAME_int8.onnx where there is one. Each must keep
// the tolerance on held-out pictures and be faster in each of two series of paired runs, with all
// threads and with one (as several pictures at a time run); the fastest is taken, float32 where
// none is. Errors as RunQuantize.
Result<TuneReport> RunTune(const TuneJob& job);

}  // namespace peel
