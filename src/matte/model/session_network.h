#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/session.h"
#include "src/matte/model/network.h"

namespace peel {

// The engine's session as the matte's network. Keeps contexts between runs, so that a second
// picture finds its memory ready: as many as runs have overlapped lately, and of those that wait
// never more than this machine has processors. Any thread may call.
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

  // Contexts that wait for a run, each with an arena of its own.
  size_t idle_contexts() const;
  // Frees them; the next run makes its own anew.
  void DropIdle() const;

 private:
  // A context for one run.
  class Lease {
   public:
    explicit Lease(const SessionNetwork& network) : network_(network), context_(network.Take()) {}
    ~Lease() { network_.Give(std::move(context_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    engine::Context* operator->() const { return context_.get(); }

   private:
    const SessionNetwork& network_;
    std::unique_ptr<engine::Context> context_;
  };

  explicit SessionNetwork(std::shared_ptr<const engine::Session> session);
  Result<engine::NamedTensor> Feed(std::span<const float> input,
                                   std::span<const int64_t> shape) const;
  std::unique_ptr<engine::Context> Take() const;
  void Give(std::unique_ptr<engine::Context> context) const noexcept;

  std::shared_ptr<const engine::Session> session_;
  std::vector<NetworkPort> inputs_, outputs_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<engine::Context>> idle_;  // the one used last at the end
  mutable size_t running_ = 0;
  // Most runs at a time in this stretch of runs and in the one before.
  mutable size_t most_ = 0, most_before_ = 0;
  mutable int runs_ = 0;  // of this stretch
};

}  // namespace peel
