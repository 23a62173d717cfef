#include "src/engine/quantize/codes.h"

#include <utility>
#include <vector>

namespace peel::engine {
namespace {

// Disjoint sets of names, by the first one met of each.
class Ties {
 public:
  const std::string& Root(const std::string& name) {
    std::string& parent = parents_.emplace(name, name).first->second;
    if (parent == name) return parent;
    parent = Root(std::string(parent));
    return parent;
  }
  void Tie(const std::string& a, const std::string& b) {
    const std::string root_a = Root(a), root_b = Root(b);
    parents_[root_b] = root_a;
  }

 private:
  std::map<std::string, std::string> parents_;
};

}  // namespace

std::map<std::string, ActivationCode> ChooseCodes(const QuantTarget& target,
                                                  const std::map<std::string, ActivationSeen>& seen,
                                                  RangeMethod method,
                                                  const QuantizeProgress& progress) {
  Ties ties;
  for (const QuantMover& mover : target.movers) {
    if (!mover.one_code) continue;
    for (const std::string& input : mover.inputs) ties.Tie(mover.output, input);
  }
  std::map<std::string, Histogram> sets;
  for (const auto& [name, one] : seen) sets[ties.Root(name)].Add(one.values);
  std::map<std::string, ActivationCode> by_root, codes;
  for (const auto& [root, histogram] : sets) {
    if (progress) {
      progress("choosing ranges", static_cast<int>(by_root.size()), static_cast<int>(sets.size()));
    }
    by_root[root] = ChooseCode(histogram, method);
  }
  for (const auto& [name, one] : seen) codes[name] = by_root.at(ties.Root(name));
  return codes;
}

}  // namespace peel::engine
