#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/quantize/layers.h"
#include "src/engine/quantize/ranges.h"
#include "src/engine/quantize/weights.h"

namespace peel::engine {

// Writes models in QDQ form: every operator stays what it is, and pairs of QuantizeLinear and
// DequantizeLinear say which of its operands are integers. An engine that knows the pattern
// computes with integers, everybody else gets the same numbers in floats.
class QdqWriter {
 public:
  // source and layers stay alive; codes by layer input; weights by layer. signed_levels:
  // activations are int8 (levels less 128) rather than uint8.
  QdqWriter(std::span<const uint8_t> source, std::string directory, const QuantTarget& target,
            const std::map<std::string, ActivationCode>& codes,
            std::span<const QuantWeights> weights, bool signed_levels)
      : source_(source),
        directory_(std::move(directory)),
        target_(target),
        codes_(codes),
        weights_(weights),
        signed_(signed_levels) {}

  // The file with the layers of which chosen[i] is set on integers: one pair of nodes an
  // activation, weights int8 with a scale an output channel, bias int32. metadata is added to the
  // file's.
  Result<std::string> Write(std::span<const char> chosen,
                            const std::map<std::string, std::string>& metadata = {}) const;

 private:
  // Values that are made bytes, each with whether it exists in bytes alone.
  std::map<std::string, bool> ByteValues(std::span<const char> chosen) const;

  std::span<const uint8_t> source_;
  std::string directory_;
  const QuantTarget& target_;
  const std::map<std::string, ActivationCode>& codes_;
  std::span<const QuantWeights> weights_;
  bool signed_;
};

}  // namespace peel::engine
