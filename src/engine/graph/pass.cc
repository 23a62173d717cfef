#include "src/engine/graph/pass.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/schema.h"

namespace peel::engine {
namespace {

// First what others need to see through (constants, casts), then folding into weights, then
// integers where the model has them, then patterns that become one operator, then, once the dead
// read nothing any more, what its neighbour takes in.
constexpr Pass kPasses[] = {
    {"fold_constants", passes::FoldConstants},
    {"widen_half", passes::WidenHalf},
    {"remove_identity", passes::RemoveIdentity},
    {"merge_duplicates", passes::MergeDuplicates},
    {"merge_transposes", passes::MergeTransposes},
    {"resize_for_upsample", passes::ResizeForUpsample},
    {"fold_batch_norm", passes::FoldBatchNorm},
    {"fold_affine", passes::FoldAffine},
    {"fuse_pad", passes::FusePad},
    {"fuse_channel_norm", passes::FuseChannelNorm},
    {"unsigned_bytes", passes::UnsignedBytes},
    {"integer_conv", passes::IntegerConv},
    {"integer_ops", passes::IntegerOps},
    {"fuse_gelu", passes::FuseGelu},
    {"fuse_hard_swish", passes::FuseHardSwish},
    {"fuse_swish", passes::FuseSwish},
    {"remove_dead_nodes", passes::RemoveDeadNodes},
    {"clamp_tables", passes::ClampTables},
    {"fuse_residual", passes::FuseResidual},
    {"fuse_activation", passes::FuseActivation},
    {"fuse_max_pool", passes::FuseMaxPool},
};

// "a,b" to {"a", "b"}; unknown names in the environment do no harm.
std::set<std::string, std::less<>> DisabledByEnvironment() {
  std::set<std::string, std::less<>> names;
  const char* text = std::getenv("PEEL_PASSES_OFF");
  if (text == nullptr) return names;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    names.emplace(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return names;
}

}  // namespace

std::span<const Pass> AllPasses() { return kPasses; }

Result<std::vector<PassReport>> RunPasses(Graph& graph, std::span<const std::string> disabled,
                                          const PassContext& context) {
  std::set<std::string, std::less<>> off = DisabledByEnvironment();
  for (const std::string& name : disabled) {
    const bool known = name == "all" || std::any_of(std::begin(kPasses), std::end(kPasses),
                                                    [&](const Pass& p) { return name == p.name; });
    if (!known) return InvalidArgument("there is no pass '" + name + "' to switch off");
    off.insert(name);
  }
  // Rewrites may then rely on every node having the operands that its operator demands.
  for (const Node& node : graph.nodes) PEEL_RETURN_IF_ERROR(CheckNode(node));
  std::vector<PassReport> reports;
  for (const Pass& pass : kPasses) {
    PassReport& report = reports.emplace_back();
    report.name = pass.name;
    report.disabled = off.contains("all") || off.contains(pass.name);
    if (report.disabled) continue;
    const auto start = std::chrono::steady_clock::now();
    auto changes = pass.run(graph, context);
    if (!changes.ok()) return std::move(changes).status();
    report.changes = *changes;
    const Status verified = graph.Verify();
    report.milliseconds =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (!verified.ok()) {
      return Internal(std::string("the pass ") + pass.name +
                      " has broken the graph: " + verified.message());
    }
  }
  return reports;
}

}  // namespace peel::engine
