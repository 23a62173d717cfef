#pragma once

#include "src/base/status.h"
#include "src/engine/graph/graph.h"
#include "src/engine/graph/specialise.h"

namespace peel::engine {

// Turns results of nodes into constants and keeps count of the memory that they take.
class Folder {
 public:
  // evaluate may be null: then only what needs no kernel is folded (Constant, Shape, Size, and
  // operators that merely rename or reshape a constant).
  explicit Folder(const Evaluator* evaluate) : evaluate_(evaluate) {}

  // Makes the node's outputs constants where they can be known now; true where it did, and the node
  // may go. The outputs' types and shapes have been inferred. Large results are left to the run
  // unless they are hardly larger than what they are made from (a widened weight, say), and so are
  // all past a total of kBudget. An operator that the evaluator does not have is left alone.
  Result<bool> Fold(Graph& graph, const Node& node);

  static constexpr uint64_t kLargeBytes = uint64_t{16} << 20;
  static constexpr uint64_t kBudget = uint64_t{1} << 30;

 private:
  Result<bool> Evaluate(Graph& graph, const Node& node);
  bool WorthKeeping(const Graph& graph, const Node& node) const;

  const Evaluator* evaluate_;
  uint64_t spent_ = 0;
};

// Whether the operator's result holds the elements of its first input in the same order, so that it
// is that input under another shape (Reshape, Squeeze, Unsqueeze, Flatten, Identity, Dropout).
bool IsView(const Node& node);

}  // namespace peel::engine
