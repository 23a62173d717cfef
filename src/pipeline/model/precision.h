#pragma once

#include <string>

#include "src/base/status.h"
#include "src/engine/session.h"
#include "src/matte/model/catalogue.h"

namespace peel {

// How a wish for a precision is met: what to load, and with which options.
struct PrecisionPlan {
  engine::ModelBytes file;         // the model's own, or its 8-bit version
  std::string path;                // of that file; "(embedded)"
  engine::SessionOptions session;  // precision and node_precisions set; without a pool
  engine::Precision wish = engine::Precision::kAuto;
  std::string note;  // why the wish is not met; "" so far as known
};

// file: the bytes of `where`. auto is what `peel model tune` has recorded for this model and
// machine, float32 without a record.
PrecisionPlan PlanPrecision(engine::Precision wish, const LocatedModel& where,
                            engine::ModelBytes file);

// What runs in fact, for users: "fp32", "bf16" or "int8" (the narrowest in use).
std::string PrecisionName(const engine::NumberReport& numbers);
// "int8 (90 of 119 convolutions, 29 fp32)".
std::string PrecisionDetail(const engine::NumberReport& numbers);

// The note of the plan, or one where a loaded model does not compute what was asked for; "" where
// it does. Ends with what runs instead.
std::string PrecisionFallback(const PrecisionPlan& plan, const engine::NumberReport& numbers);

}  // namespace peel
