#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel {

// One input or output of a network as its file declares it; -1 for a dimension left open.
struct NetworkPort {
  std::string name;
  std::vector<int64_t> shape;
};

// A result of a run: dense row-major floats that live as long as `owner` does.
struct NetworkTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::span<const float> values;
  std::shared_ptr<const void> owner;
};

// All that the matte needs to know of an engine: float pictures in, float planes out.
// Implementations allow Run from several threads at once.
class Network {
 public:
  virtual ~Network() = default;

  virtual const std::vector<NetworkPort>& inputs() const = 0;
  virtual const std::vector<NetworkPort>& outputs() const = 0;
  // The file's own key-value metadata ("peel.family" and the like).
  virtual const std::map<std::string, std::string, std::less<>>& metadata() const = 0;

  // Feeds the first input with dense NCHW floats of this shape and returns the outputs asked for,
  // in that order. Outputs that are not asked for need not be computed.
  virtual Result<std::vector<NetworkTensor>> Run(std::span<const float> input,
                                                 std::span<const int64_t> shape,
                                                 std::span<const std::string> outputs) const = 0;

  // Frees the memory that waits for the next run.
  virtual void TrimMemory() const {}
};

}  // namespace peel
