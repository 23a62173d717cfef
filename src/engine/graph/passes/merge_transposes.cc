// Transpose(Transpose(x)) is one Transpose, or none.
#include <algorithm>

#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

bool IsPermutation(std::vector<int64_t> perm) {
  std::sort(perm.begin(), perm.end());
  for (size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<int64_t>(i)) return false;
  }
  return !perm.empty();
}

}  // namespace

Result<int> MergeTransposes(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    if (!rewriter.node(n).Is("Transpose") || rewriter.node(n).inputs.size() != 1) continue;
    Node outer = rewriter.node(n);
    const Node* inner = rewriter.ProducerIs(outer.inputs[0], "Transpose");
    if (inner == nullptr || inner->inputs.size() != 1) continue;
    const std::vector<int64_t> first = inner->Ints("perm"), second = outer.Ints("perm");
    if (first.size() != second.size() || !IsPermutation(first) || !IsPermutation(second)) continue;
    std::vector<int64_t> both;
    both.reserve(second.size());
    for (const int64_t p : second) both.push_back(first[static_cast<size_t>(p)]);
    const ValueId source = inner->inputs[0];
    ++changes;
    if (std::is_sorted(both.begin(), both.end()) && !rewriter.IsOutput(outer.outputs[0])) {
      rewriter.Replace(outer.outputs[0], source);
      rewriter.Remove(n);
      continue;
    }
    outer.inputs[0] = source;
    outer.attributes["perm"] = both;
    rewriter.Become(n, std::move(outer));
  }
  return changes;
}

}  // namespace peel::engine::passes
