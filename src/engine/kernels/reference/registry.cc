#include <algorithm>
#include <string_view>
#include <vector>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/reference.h"

namespace peel::engine {
namespace {

// By operator, domain, version.
bool Before(const ReferenceEntry& a, const ReferenceEntry& b) {
  const std::string_view op_a = a.op_type, op_b = b.op_type, dom_a = a.domain, dom_b = b.domain;
  if (op_a != op_b) return op_a < op_b;
  if (dom_a != dom_b) return dom_a < dom_b;
  return a.since_version < b.since_version;
}

std::vector<ReferenceEntry> Collect() {
  // NOLINTNEXTLINE(google-build-using-namespace): the namespace whose families it lists
  using namespace reference;
  std::vector<ReferenceEntry> all;
  for (const auto family : {ActivationOps(),
                            ArgOps(),
                            BinaryOps(),
                            CastOps(),
                            ConvOps(),
                            ConvTransposeOps(),
                            CumulativeOps(),
                            EinsumOps(),
                            GatherOps(),
                            GeneratorOps(),
                            GridSampleOps(),
                            IntegerOps(),
                            LogicOps(),
                            MatMulOps(),
                            MovementOps(),
                            NormalisationOps(),
                            PadOps(),
                            PoolOps(),
                            QuantizedMatrixOps(),
                            QuantizeOps(),
                            ReduceOps(),
                            ResizeOps(),
                            ScatterOps(),
                            SelectOps(),
                            ShapeOps(),
                            SoftmaxOps(),
                            UnaryOps()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  std::sort(all.begin(), all.end(), Before);
  return all;
}

const std::vector<ReferenceEntry>& Table() {
  static const std::vector<ReferenceEntry> table = Collect();
  return table;
}

}  // namespace

std::span<const ReferenceEntry> AllReferences() { return Table(); }

ReferenceOp FindReference(const Node& node) {
  const ReferenceEntry key{node.domain.c_str(), node.op_type.c_str(), node.opset, nullptr};
  const auto& table = Table();
  auto it = std::upper_bound(table.begin(), table.end(), key, Before);
  if (it == table.begin()) return nullptr;
  --it;
  return it->op_type == node.op_type && it->domain == node.domain ? it->run : nullptr;
}

Status RunReference(const Node& node, std::span<const Tensor* const> inputs,
                    std::span<Tensor> outputs) {
  const ReferenceOp run = FindReference(node);
  if (!run) {
    return Unsupported("operator " + node.Describe() + " of opset " + std::to_string(node.opset) +
                       " is not supported");
  }
  Status status = run(OpArgs{node, inputs, outputs});
  if (status.ok()) return status;
  return std::move(status).WithContext(node.Describe());
}

}  // namespace peel::engine
