#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/quantize/judge.h"
#include "src/engine/session.h"

namespace peel {

// What --precision auto does with one model on one machine, as `peel model tune` has measured it.
struct Tuning {
  engine::Precision choice = engine::Precision::kFp32;  // kFp32, kBf16 (some nodes) or kInt8
  std::vector<std::string> bf16_nodes;                  // kBf16: these
  std::string int8_hash;                                // kInt8: HashText of the file measured
  double fp32_ms = 0, narrow_ms = 0;                    // medians of one run each
  engine::MaskError error;                              // of the choice, on held-out pictures
};

// The record of this model's bytes on this machine; nullopt where there is none that can be read
// whole.
std::optional<Tuning> ReadTuning(std::span<const uint8_t> model);
Status WriteTuning(std::span<const uint8_t> model, const Tuning& tuning);
// The file it lies in, for messages.
std::string TuningPath(std::span<const uint8_t> model);

}  // namespace peel
