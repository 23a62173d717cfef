#include "src/engine/plan/layout.h"

#include <limits>

#include "src/engine/plan/image_operand.h"

namespace peel::engine {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr int kSweeps = 6;

// Local search: a value's layout is flipped wherever that makes its producer and its readers
// together cheaper, until nothing changes. Started from "blocked where possible" and from "plain
// where possible"; the better end wins. Neither start alone gets over the hill in the middle of a
// chain of operators that can do both.
class Search {
 public:
  Search(const Graph& graph, std::span<const NodeId> live, std::span<const ValueId> outputs,
         const std::vector<Choices>& choices)
      : graph_(graph),
        live_(live),
        choices_(choices),
        readers_(graph.values.size()),
        producer_(graph.values.size(), kNone),
        fetched_(graph.values.size(), 0),
        flippable_(graph.values.size(), 0),
        reorder_cost_(graph.values.size(), kNever) {
    for (const NodeId n : live) {
      const Node& node = graph.nodes[static_cast<size_t>(n)];
      for (const ValueId v : node.inputs) {
        if (v == kNone) continue;
        auto& list = readers_[static_cast<size_t>(v)];
        if (list.empty() || list.back() != n) list.push_back(n);
      }
      for (const ValueId v : node.outputs) {
        if (v != kNone) producer_[static_cast<size_t>(v)] = n;
      }
      bool both[2] = {false, false};
      for (const Variant& variant : choices[static_cast<size_t>(n)].variants) {
        both[static_cast<int>(variant.out)] = true;
      }
      if (both[1] && !node.outputs.empty()) {
        flippable_[static_cast<size_t>(node.outputs[0])] = both[0] ? 1 : 2;
      }
    }
    for (const ValueId v : outputs) fetched_[static_cast<size_t>(v)] = 1;
    for (size_t v = 0; v < graph.values.size(); ++v) {
      const Value& value = graph.values[v];
      if (NodeView::IsImage(value) || NodeView::IsByteImage(value))
        reorder_cost_[v] = ReorderCost(graph.values[v]);
    }
  }

  std::vector<Layout> Run(Layout start, double* total) {
    std::vector<Layout> layouts(graph_.values.size(), Layout::kPlain);
    for (size_t v = 0; v < layouts.size(); ++v) {
      if (flippable_[v] == 2 || (flippable_[v] == 1 && start == Layout::kBlocked)) {
        layouts[v] = Layout::kBlocked;
      }
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool changed = false;
      for (const NodeId n : live_) {
        const Node& node = graph_.nodes[static_cast<size_t>(n)];
        if (node.outputs.empty() || node.outputs[0] == kNone) continue;
        const ValueId v = node.outputs[0];
        if (flippable_[static_cast<size_t>(v)] != 1) continue;
        Layout& layout = layouts[static_cast<size_t>(v)];
        const double before = Around(v, layouts);
        layout = layout == Layout::kPlain ? Layout::kBlocked : Layout::kPlain;
        if (Around(v, layouts) < before * (1 - 1e-9)) {
          changed = true;
        } else {
          layout = layout == Layout::kPlain ? Layout::kBlocked : Layout::kPlain;
        }
      }
      if (!changed) break;
    }
    *total = 0;
    for (const NodeId n : live_) *total += NodeCost(n, layouts, nullptr);
    for (size_t v = 0; v < layouts.size(); ++v)
      *total += FetchCost(static_cast<ValueId>(v), layouts);
    return layouts;
  }

  // The cheapest variant that produces what the layouts say.
  double NodeCost(NodeId n, const std::vector<Layout>& layouts, int* chosen) const {
    const Node& node = graph_.nodes[static_cast<size_t>(n)];
    const auto& variants = choices_[static_cast<size_t>(n)].variants;
    double best = kNever;
    for (size_t k = 0; k < variants.size(); ++k) {
      const Variant& variant = variants[k];
      double cost = variant.cost;
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i] == kNone) continue;
        if (layouts[static_cast<size_t>(node.outputs[i])] != variant.out) cost = kNever;
      }
      for (size_t i = 0; i < node.inputs.size() && cost < best; ++i) {
        const ValueId v = node.inputs[i];
        if (v == kNone || graph_.value(v).is_constant()) continue;
        if (layouts[static_cast<size_t>(v)] != variant.in[i]) {
          // A reorder serves all readers that want it.
          cost += reorder_cost_[static_cast<size_t>(v)] /
                  static_cast<double>(readers_[static_cast<size_t>(v)].size());
        }
      }
      if (cost < best) {
        best = cost;
        if (chosen) *chosen = static_cast<int>(k);
      }
    }
    return best;
  }

 private:
  double FetchCost(ValueId v, const std::vector<Layout>& layouts) const {
    const auto i = static_cast<size_t>(v);
    return fetched_[i] && layouts[i] == Layout::kBlocked ? reorder_cost_[i] : 0;
  }
  double Around(ValueId v, const std::vector<Layout>& layouts) const {
    double cost = NodeCost(producer_[static_cast<size_t>(v)], layouts, nullptr);
    for (const NodeId n : readers_[static_cast<size_t>(v)]) cost += NodeCost(n, layouts, nullptr);
    return cost + FetchCost(v, layouts);
  }

  const Graph& graph_;
  std::span<const NodeId> live_;
  const std::vector<Choices>& choices_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<NodeId> producer_;
  std::vector<char> fetched_;
  std::vector<char> flippable_;  // 1: either layout, 2: blocked only
  std::vector<double> reorder_cost_;
};

}  // namespace

double ReorderCost(const Value& value) {
  return StreamCost(
      static_cast<double>(DataTypeSize(value.type)) *
      (Floats(*value.shape, Layout::kPlain) + Floats(*value.shape, Layout::kBlocked)));
}

std::vector<Layout> AssignLayouts(const Graph& graph, std::span<const NodeId> live,
                                  std::span<const ValueId> outputs, std::vector<Choices>& choices) {
  Search search(graph, live, outputs, choices);
  double blocked_cost = 0, plain_cost = 0;
  std::vector<Layout> layouts = search.Run(Layout::kBlocked, &blocked_cost);
  std::vector<Layout> plain = search.Run(Layout::kPlain, &plain_cost);
  if (plain_cost < blocked_cost) layouts = std::move(plain);
  for (const NodeId n : live) {
    search.NodeCost(n, layouts, &choices[static_cast<size_t>(n)].chosen);
  }
  return layouts;
}

}  // namespace peel::engine
