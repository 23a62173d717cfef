#include <algorithm>
#include <climits>
#include <optional>

#include "src/engine/plan/activation.h"
#include "src/engine/plan/variants.h"
#include "src/engine/plan/weights.h"

namespace peel::engine {
namespace {

bool FitsInt(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](int64_t e) { return e <= INT_MAX; });
}

// The node as kernels see it, layouts left out; otherwise why it is none of theirs.
std::string MakeProblem(const NodeView& view, ConvProblem* problem) {
  const Node& node = view.node();
  if (!NodeView::IsImage(view.Input(0)) || !NodeView::IsImage(view.Output())) {
    return "wants float32 images";
  }
  const Value& weights = view.Input(1);
  if (!weights.is_constant() || weights.type != DataType::kFloat32) {
    return "wants float32 weights that are constant";
  }
  if (view.HasInput(2) && !(view.Input(2).is_constant())) return "wants a constant bias";
  const Shape &in = view.InputShape(0), &w = *weights.shape, &out = view.OutputShape();
  if (w.size() != 4 || !FitsInt(in) || !FitsInt(w) || !FitsInt(out)) return "is too large";
  if (view.HasInput(3) && view.InputShape(3) != out) return "the residual has another shape";

  ConvProblem p;
  p.batch = static_cast<int>(in[0]);
  p.in_channels = static_cast<int>(in[1]);
  p.in_height = static_cast<int>(in[2]);
  p.in_width = static_cast<int>(in[3]);
  p.out_channels = static_cast<int>(out[1]);
  p.out_height = static_cast<int>(out[2]);
  p.out_width = static_cast<int>(out[3]);
  p.kernel_h = static_cast<int>(w[2]);
  p.kernel_w = static_cast<int>(w[3]);
  const auto pair = [&](const char* key, int* h, int* wide) {
    const std::vector<int64_t> values = node.Ints(key, {1, 1});
    if (values.size() != 2) return false;
    *h = static_cast<int>(values[0]);
    *wide = static_cast<int>(values[1]);
    return values[0] > 0 && values[1] > 0 && values[0] <= INT_MAX && values[1] <= INT_MAX;
  };
  if (!pair("strides", &p.stride_h, &p.stride_w) ||
      !pair("dilations", &p.dilation_h, &p.dilation_w)) {
    return "has odd strides or dilations";
  }
  p.groups = static_cast<int>(node.Int("group", 1));
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  if (auto_pad == "NOTSET" || auto_pad.empty()) {
    const std::vector<int64_t> pads = node.Ints("pads", {0, 0, 0, 0});
    if (pads.size() != 4 || *std::min_element(pads.begin(), pads.end()) < 0 ||
        *std::max_element(pads.begin(), pads.end()) > INT_MAX / 4) {
      return "has odd pads";
    }
    p.pad_top = static_cast<int>(pads[0]);
    p.pad_left = static_cast<int>(pads[1]);
  } else if (auto_pad != "VALID") {
    // SAME: the output has ceil(in / stride) pixels, and what that lacks is padded on both sides.
    const auto before = [&](int64_t extent, int64_t size, int64_t k, int64_t s, int64_t d) {
      const int64_t total = std::max<int64_t>(0, (size - 1) * s + (k - 1) * d + 1 - extent);
      return static_cast<int>(auto_pad == "SAME_LOWER" ? (total + 1) / 2 : total / 2);
    };
    p.pad_top = before(p.in_height, p.out_height, p.kernel_h, p.stride_h, p.dilation_h);
    p.pad_left = before(p.in_width, p.out_width, p.kernel_w, p.stride_w, p.dilation_w);
  }
  if (!ReadActivation(node, &p.epilogue)) return "has an activation that no kernel knows";
  p.epilogue.residual = view.HasInput(3);
  *problem = p;
  return "";
}

// Everything of a problem that packing may look at.
std::string Form(const ConvKernel& kernel, const ConvProblem& p) {
  std::string form = kernel.name;
  for (const int x : {p.batch, p.in_channels, p.in_height, p.in_width, p.out_channels, p.out_height,
                      p.out_width, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.dilation_h,
                      p.dilation_w, p.pad_top, p.pad_left, p.groups, static_cast<int>(p.in_layout),
                      static_cast<int>(p.out_layout)}) {
    form += ',' + std::to_string(x);
  }
  return form;
}

Result<Emitted> EmitConv(EmitArgs& args, const ConvKernel& kernel, const ConvProblem& problem) {
  const Tensor& weights = *args.in[1].constant;
  const Tensor bias =
      args.in.size() > 2 && args.in[2].present ? *args.in[2].constant : Tensor();
  Emitted step;
  PEEL_ASSIGN_OR_RETURN(
      auto packed, args.weights.Get(weights, bias, Form(kernel, problem),
                                    kernel.packed_bytes(problem), [&](void* out) {
                                      kernel.pack(problem, weights.data<float>(),
                                                  bias.data<float>(), out);
                                    }));
  step.scratch_bytes = kernel.scratch_bytes(problem, args.threads);
  const void* pointer = packed->data();
  step.packed.push_back(std::move(packed));
  const Operand in = args.in[0], out = args.out[0];
  const Operand residual = args.in.size() > 3 ? args.in[3] : Operand();
  step.run = [in, out, residual, problem, pointer, run = kernel.run](const RunEnv& env) {
    ConvArgs conv;
    conv.input = in.At<float>(env);
    conv.input_batch_stride = in.batch_stride;
    conv.packed = pointer;
    if (residual.present) {
      conv.residual = residual.At<float>(env);
      conv.residual_batch_stride = residual.batch_stride;
    }
    conv.output = out.At<float>(env);
    conv.output_batch_stride = out.batch_stride;
    conv.scratch = env.scratch;
    run(problem, conv, *env.pool);
    return OkStatus();
  };
  return step;
}

}  // namespace

void ConvVariants(const NodeView& view, Choices& choices) {
  ConvProblem problem;
  if (const std::string why = MakeProblem(view, &problem); !why.empty()) {
    choices.rejections.push_back({"blocked and plain kernels", why});
    return;
  }
  for (const ConvKernel& kernel : ConvKernels()) {
    std::string reason;
    bool taken = false;
    for (const Layout in : {Layout::kBlocked, Layout::kPlain}) {
      for (const Layout out : {Layout::kBlocked, Layout::kPlain}) {
        problem.in_layout = in;
        problem.out_layout = out;
        if (std::string why = kernel.reject(problem); !why.empty()) {
          if (reason.empty()) reason = std::move(why);
          continue;
        }
        taken = true;
        Variant variant;
        variant.kernel = kernel.name;
        variant.in = {in, Layout::kPlain, Layout::kPlain, out};
        variant.in.resize(view.node().inputs.size(), Layout::kPlain);
        variant.out = out;
        variant.strided = true;
        variant.cost = kernel.cost(problem, kCostThreads);
        variant.emit = [&kernel, problem](EmitArgs& args) {
          return EmitConv(args, kernel, problem);
        };
        choices.variants.push_back(std::move(variant));
      }
    }
    if (!taken) choices.rejections.push_back({kernel.name, reason});
  }
}

}  // namespace peel::engine
