#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/engine/graph/graph.h"
#include "src/engine/graph/pass.h"
#include "src/engine/plan/instance.h"
#include "src/engine/plan/plan.h"
#include "src/engine/session.h"

namespace peel::engine {

// What a model consists of, before any rewrite.
ModelInfo DescribeGraph(const Graph& graph);

// Session on Peel's own kernels. Running it is in native_session.cc, describing it in
// native_session_text.cc.
class NativeSession : public Session {
 public:
  // Takes a graph as the reader left it: checks the operators, runs the passes.
  static Result<std::unique_ptr<Session>> Make(Graph graph, const SessionOptions& options);

  // What a plan holds for. Values are those of ShapeDecidingInputs only.
  struct PlanKey {
    std::vector<Shape> shapes;  // by graph input
    std::vector<Tensor> values;
    std::vector<ValueId> fetches;
    bool operator==(const PlanKey& other) const;
  };
  // From the cache, or made. Concurrent callers that miss may both make one; one is kept.
  Result<std::shared_ptr<const Plan>> PlanFor(const PlanKey& key) const;
  // kInvalidArgument unless feeds are exactly the inputs, of the declared types and shapes.
  // Afterwards ordered[i] is the tensor of graph input i.
  Status Bind(std::span<const NamedTensor> feeds, std::vector<const Tensor*>* ordered) const;
  Result<std::vector<ValueId>> Fetches(std::span<const std::string> names) const;
  const std::vector<int>& deciding() const { return deciding_; }

  const Graph& graph() const { return graph_; }
  ThreadPool& pool() const { return *pool_; }

  const std::vector<Port>& inputs() const override { return graph_.inputs; }
  const std::vector<Port>& outputs() const override { return graph_.outputs; }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return graph_.metadata;
  }
  ModelInfo Info() const override { return info_; }
  std::unique_ptr<Context> NewContext() const override;
  std::string Summary() const override;
  Result<std::string> PlanText(
      const std::map<std::string, Shape, std::less<>>& shapes) const override;
  int threads() const override { return pool_->size(); }

 private:
  NativeSession() = default;
  Result<std::shared_ptr<const Plan>> MakePlan(const PlanKey& key) const;

  Graph graph_;  // after the passes
  ModelInfo info_;
  std::vector<PassReport> passes_;
  std::vector<std::string> disabled_passes_;
  std::vector<int> deciding_;  // inputs whose values decide shapes, ascending
  uint64_t max_memory_ = 0;
  std::vector<std::string> disabled_kernels_;
  Precisions precisions_;
  std::unique_ptr<ThreadPool> alone_;  // where no pool was given
  ThreadPool* pool_ = nullptr;
  Timings::Mode tune_ = Timings::Mode::kOff;
  std::unique_ptr<Timings> timings_;  // null where kernels are chosen by estimates alone
  mutable WeightStore weights_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<PlanKey, std::shared_ptr<const Plan>>> plans_;  // latest use first
};

}  // namespace peel::engine
