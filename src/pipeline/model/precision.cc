#include "src/pipeline/model/precision.h"

#include <utility>

#include "src/base/cache_file.h"
#include "src/base/cpu.h"
#include "src/base/hash.h"
#include "src/pipeline/model/int8_model.h"
#include "src/pipeline/model/tuning_record.h"

namespace peel {

using engine::Precision;

PrecisionPlan PlanPrecision(Precision wish, const LocatedModel& where, engine::ModelBytes file) {
  PrecisionPlan plan;
  plan.wish = wish;
  plan.path = where.embedded() ? "(embedded)" : where.path;
  plan.session.precision = Precision::kFp32;
  const auto take_int8 = [&](Int8Model found) {
    plan.path = found.path;
    plan.file = std::move(found.file);
    plan.session.precision = Precision::kInt8;
  };
  plan.file = std::move(file);
  switch (wish) {
    case Precision::kFp32:
      break;
    case Precision::kBf16:
      plan.session.precision = Precision::kBf16;
      break;
    case Precision::kFp16:
      plan.session.precision = Precision::kFp16;
      break;
    case Precision::kInt8: {
      auto found = FindInt8Model(where, plan.file.bytes);
      if (found.ok()) {
        take_int8(*std::move(found));
      } else {
        plan.note = found.status().message();
      }
      break;
    }
    case Precision::kAuto: {
      const auto tuning = ReadTuning(plan.file.bytes);
      if (!tuning) break;
      if (tuning->choice == Precision::kBf16) {
        for (const std::string& node : tuning->bf16_nodes) {
          plan.session.node_precisions[node] = Precision::kBf16;
        }
      } else if (tuning->choice == Precision::kInt8) {
        // Exactly the file that was measured, or none.
        auto found = FindInt8Model(where, plan.file.bytes);
        if (found.ok() && HashText(Hash64(found->file.bytes)) == tuning->int8_hash) {
          take_int8(*std::move(found));
        } else {
          plan.note = "the 8-bit version of " + where.name +
                      " that `peel model tune` had measured is not there any more";
        }
      }
      break;
    }
  }
  return plan;
}

std::string PrecisionName(const engine::NumberReport& numbers) {
  return numbers.int8 > 0 ? "int8" : numbers.bf16 > 0 ? "bf16" : numbers.fp16 > 0 ? "fp16" : "fp32";
}

std::string PrecisionDetail(const engine::NumberReport& numbers) {
  const int narrow = numbers.int8 > 0   ? numbers.int8
                     : numbers.bf16 > 0 ? numbers.bf16
                                        : numbers.fp16;
  const int all = numbers.fp32 + numbers.bf16 + numbers.int8 + numbers.fp16;
  if (narrow == 0 || narrow == all) return PrecisionName(numbers);
  std::string text = PrecisionName(numbers) + " (" + std::to_string(narrow) + " of " +
                     std::to_string(all) + " convolutions";
  if (numbers.int8 > 0 && numbers.bf16 > 0) text += ", " + std::to_string(numbers.bf16) + " bf16";
  if (numbers.fp32 > 0) text += ", " + std::to_string(numbers.fp32) + " fp32";
  return text + ")";
}

std::string PrecisionFallback(const PrecisionPlan& plan, const engine::NumberReport& numbers) {
  const std::string runs = PrecisionName(numbers);
  // A model that holds integers itself is what was asked for, whatever the way to it.
  if (plan.wish == Precision::kInt8 && numbers.int8 > 0) return "";
  std::string why = plan.note;
  if (why.empty()) {
    switch (plan.wish) {
      case Precision::kAuto:
        return "";
      case Precision::kFp32:
        if (numbers.int8 == 0 && numbers.bf16 == 0) return "";
        why = "this model is quantised; its float32 original is another file";
        break;
      case Precision::kBf16:
        if (numbers.bf16 > 0) return "";
        why = "nothing in this model computes faster in bfloat16 on this processor (" +
              CpuTarget() + ")";
        break;
      case Precision::kFp16:
        if (numbers.fp16 > 0) return "";
        why = "half precision is TensorRT's; elsewhere it takes a model file that holds it";
        break;
      case Precision::kInt8:
        why = "no convolution of " + plan.path + " computes in integers";
        break;
    }
  }
  return why + "; " + runs + " is used";
}

}  // namespace peel
