#include <cstring>

#include "src/engine/plan/variants.h"

namespace peel::engine {

void ViewVariants(const NodeView& view, Choices& choices) {
  const Node& node = view.node();
  // Dropout's mask, where somebody reads it, is the reference's business.
  if (node.outputs.size() > 1 && node.outputs[1] != kNone) return;
  if (view.Input(0).type != view.Output().type) return;
  const auto add = [&](Layout layout) {
    Variant variant;
    variant.kernel = "view";
    variant.kind = Variant::Kind::kView;
    variant.in.assign(node.inputs.size(), Layout::kPlain);
    variant.in[0] = variant.out = layout;
    // For where the output must lie elsewhere than the input.
    variant.emit = [](EmitArgs& args) -> Result<Emitted> {
      const Operand in = args.in[0], out = args.out[0];
      PEEL_ASSIGN_OR_RETURN(const uint64_t bytes, LayoutBytes(in.type, in.shape, in.layout));
      Emitted step;
      step.run = [in, out, bytes](const RunEnv& env) {
        if (bytes > 0) std::memcpy(out.At<uint8_t>(env), in.At<uint8_t>(env), bytes);
        return OkStatus();
      };
      return step;
    };
    choices.variants.push_back(std::move(variant));
  };
  add(Layout::kPlain);
  const bool same = view.InputShape(0) == view.OutputShape();
  const Value& x = view.Input(0);
  if (same && (NodeView::IsImage(x) || NodeView::IsByteImage(x))) add(Layout::kBlocked);
}

}  // namespace peel::engine
