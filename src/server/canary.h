#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/server/work/worker_pool.h"

namespace peel::server {

// Whether the service can do what it is for: a small picture of its own goes through the pool like
// everybody's, and its subject must come out.
class Canary {
 public:
  // kInternal where the picture cannot be made.
  static Result<std::unique_ptr<Canary>> Make(WorkerPool& pool, std::chrono::milliseconds deadline);

  using Answer = std::function<void(bool well, const std::string& why)>;
  // Asked again while a canary flies, all get its answer.
  void Ask(Answer answer);
  bool last_well() const { return last_well_; }

 private:
  Canary(WorkerPool& pool, std::chrono::milliseconds deadline) : pool_(pool), deadline_(deadline) {}
  void End(const Outcome& outcome);

  WorkerPool& pool_;
  std::chrono::milliseconds deadline_;
  std::shared_ptr<const std::vector<uint8_t>> picture_;
  std::vector<Answer> waiting_;
  bool last_well_ = false;
};

}  // namespace peel::server
