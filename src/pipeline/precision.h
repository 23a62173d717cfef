#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/engine/quantize/quantize.h"
#include "src/engine/session.h"
#include "src/matte/catalogue.h"

namespace peel {

// A model's 8-bit version.
struct Int8Model {
  std::string path;
  engine::ModelBytes file;
};

// NAME_int8.onnx: beside the model's file, then wherever models of that name are looked for.
// kNotFound where there is none, kInvalidArgument where the one found says that it was made from
// other bytes than these; both texts say what to do.
Result<Int8Model> FindInt8Model(const LocatedModel& model, std::span<const uint8_t> bytes);

// How a wish for a precision is met: what to load, and with which options.
struct PrecisionPlan {
  engine::ModelBytes file;         // the model's own, or its 8-bit version
  std::string path;                // of that file; "(embedded)"
  engine::SessionOptions session;  // precision and node_precisions set
  engine::Precision wish = engine::Precision::kAuto;
  std::string note;  // why the wish is not met; "" so far as known
};

// file: the bytes of `where`. auto is what `peel model tune` has recorded for this model and
// machine, float32 without a record.
PrecisionPlan PlanPrecision(engine::Precision wish, const LocatedModel& where,
                            engine::ModelBytes file, int threads);

// What runs in fact, for users: "fp32", "bf16" or "int8" (the narrowest in use).
std::string PrecisionName(const engine::NumberReport& numbers);
// "int8 (90 of 119 convolutions, 29 fp32)".
std::string PrecisionDetail(const engine::NumberReport& numbers);

// The note of the plan, or one where a loaded model does not compute what was asked for; "" where
// it does. Ends with what runs instead.
std::string PrecisionFallback(const PrecisionPlan& plan, const engine::NumberReport& numbers);

// The bytes of a located model. Errors name the file.
Result<engine::ModelBytes> ReadModel(const LocatedModel& where);

}  // namespace peel
