#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "src/engine/session.h"
#include "src/matte/network.h"

namespace peel {

// The engine's session as the matte's network. Keeps as many contexts as runs have overlapped, so
// that a second picture finds its memory ready.
class SessionNetwork final : public Network {
 public:
  // kUnsupported for a session whose first input holds no floats.
  static Result<std::shared_ptr<const SessionNetwork>> Create(
      std::shared_ptr<const engine::Session> session);

  const std::vector<NetworkPort>& inputs() const override { return inputs_; }
  const std::vector<NetworkPort>& outputs() const override { return outputs_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return session_->metadata();
  }
  Result<std::vector<NetworkTensor>> Run(std::span<const float> input,
                                         std::span<const int64_t> shape,
                                         std::span<const std::string> outputs) const override;
  void TrimMemory() const override;

  // Plans for inputs of this shape and takes the memory, so that the first Run need not. Says what
  // the network will compute with.
  Result<engine::NumberReport> Prepare(std::span<const int64_t> shape,
                                       std::span<const std::string> outputs) const;

 private:
  explicit SessionNetwork(std::shared_ptr<const engine::Session> session);
  Result<engine::NamedTensor> Feed(std::span<const float> input,
                                   std::span<const int64_t> shape) const;
  std::unique_ptr<engine::Context> Take() const;
  void Give(std::unique_ptr<engine::Context> context) const;

  std::shared_ptr<const engine::Session> session_;
  std::vector<NetworkPort> inputs_, outputs_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<engine::Context>> idle_;
};

}  // namespace peel
