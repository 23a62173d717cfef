#include <cmath>

#include "src/engine/kernels/map/channel_norm.h"
#include "src/engine/plan/image_operand.h"

namespace peel::engine {

void ChannelNormVariants(const NodeView& view, Choices& choices) {
  const Node& node = view.node();
  const auto constant = [&](int i) {
    return view.Input(i).is_constant() && view.Input(i).type == DataType::kFloat32;
  };
  if (!NodeView::IsImage(view.Input(0)) || !constant(1) || !constant(2)) {
    choices.rejections.push_back({"channel_norm", "wants float32 images and known parameters"});
    return;
  }
  ChannelNormProblem problem;
  problem.shape = ImageShape(view.InputShape(0));
  problem.own_begin = node.Int("own_begin", 0);
  problem.own_end = node.Int("own_end", 0);
  problem.epsilon = node.Float("epsilon", 1e-5f);
  problem.lo = node.Float("min", -HUGE_VALF);
  problem.hi = node.Float("max", HUGE_VALF);
  for (const Layout layout : {Layout::kBlocked, Layout::kPlain}) {
    problem.layout = layout;
    const double floats = Floats(view.InputShape(0), layout);
    const double own = static_cast<double>(problem.own_end - problem.own_begin) /
                       static_cast<double>(problem.shape.channels);
    Variant variant =
        SameLayout(view, layout == Layout::kBlocked ? "channel_norm_blocked" : "channel_norm",
                   layout, StreamCost(4 * floats * (2 + own)));
    variant.in[1] = variant.in[2] = Layout::kPlain;
    variant.strided = true;
    variant.may_overwrite = 1;
    variant.emit = [problem](EmitArgs& args) -> Result<Emitted> {
      Emitted step = Simple([problem, x = args.in[0], scale = *args.in[1].constant,
                             shift = *args.in[2].constant, y = args.out[0]](const RunEnv& env) {
        RunChannelNorm(problem, scale.data<float>(), shift.data<float>(), Read(x, env),
                       Write(y, env), env.scratch, *env.pool);
        return OkStatus();
      });
      step.scratch_bytes = ChannelNormScratchBytes(problem);
      return step;
    };
    choices.variants.push_back(std::move(variant));
  }
}

}  // namespace peel::engine
