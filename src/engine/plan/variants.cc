#include "src/engine/plan/variants.h"

#include <algorithm>

namespace peel::engine {
namespace {

struct Family {
  std::string_view op_type;
  Enumerate enumerate;
};

// ONNX's own domain. Operators that are not listed have their reference only.
constexpr Family kFamilies[] = {
    {"Concat", ConcatVariants},  {"Dropout", ViewVariants}, {"Flatten", ViewVariants},
    {"Identity", ViewVariants},  {"Reshape", ViewVariants}, {"Squeeze", ViewVariants},
    {"Unsqueeze", ViewVariants},
};

}  // namespace

bool NodeView::IsImage(const Value& value) {
  return value.type == DataType::kFloat32 && value.shape && value.shape->size() == 4 &&
         std::none_of(value.shape->begin(), value.shape->end(),
                      [](int64_t extent) { return extent == 0; });
}

double StreamCost(double bytes) { return 0.002 + bytes / 8e6 / kCostThreads; }

Choices EnumerateVariants(const NodeView& view) {
  Choices choices;
  if (view.node().domain.empty()) {
    for (const Family& family : kFamilies) {
      if (family.op_type == view.node().op_type) family.enumerate(view, choices);
    }
  }
  ReferenceVariants(view, choices);
  return choices;
}

}  // namespace peel::engine
