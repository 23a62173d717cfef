#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "src/engine/session.h"
#include "src/matte/network.h"

namespace peel {

// A matte's network on the engine. Keeps one context for every call that runs at the same time, so
// that a second picture finds its memory ready.
class SessionNetwork final : public Network {
 public:
  explicit SessionNetwork(std::unique_ptr<engine::Session> session);

  const std::vector<NetworkPort>& inputs() const override { return inputs_; }
  const std::vector<NetworkPort>& outputs() const override { return outputs_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return session_->metadata();
  }
  // kInvalidArgument where input and shape do not fit; kUnsupported where an output is not float.
  Result<std::vector<NetworkTensor>> Run(std::span<const float> input,
                                         std::span<const int64_t> shape,
                                         std::span<const std::string> outputs) const override;

  // Plans for inputs of this shape and takes the memory, so that the first Run need not.
  Status Prepare(std::span<const int64_t> shape, std::span<const std::string> outputs) const;

  int threads() const { return session_->threads(); }

 private:
  std::unique_ptr<engine::Context> Borrow() const;
  void GiveBack(std::unique_ptr<engine::Context> context) const;

  std::unique_ptr<engine::Session> session_;
  std::vector<NetworkPort> inputs_, outputs_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<engine::Context>> idle_;
};

}  // namespace peel
