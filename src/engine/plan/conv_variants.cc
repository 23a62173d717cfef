#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/conv/conv_transpose.h"
#include "src/engine/kernels/conv/direct_bf16.h"
#include "src/engine/kernels/registry.h"
#include "src/engine/plan/activation.h"
#include "src/engine/plan/conv_problem.h"
#include "src/engine/plan/image_operand.h"
#include "src/engine/plan/tune.h"
#include "src/engine/plan/variants.h"
#include "src/engine/plan/weights.h"

namespace peel::engine {
namespace {

// The node as kernels see it, layouts left out; otherwise the reason why they cannot take it.
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
  if (view.HasInput(3) && view.InputShape(3) != view.OutputShape()) {
    return "the residual has another shape";
  }
  ConvProblem p;
  if (std::string why = ReadConvGeometry(view, &p); !why.empty()) return why;
  if (!ReadActivation(node, &p.epilogue)) return "has an activation that no kernel knows";
  const bool after = node.Int("residual_after", 0) != 0;
  p.epilogue.residual = view.HasInput(3) && !after;
  p.epilogue.residual_after = view.HasInput(3) && after;
  *problem = p;
  return "";
}

// Everything of a problem that packing looks at: not the images' extents, so that plans for other
// sizes share the weights.
std::string Form(const char* kernel, const ConvProblem& p) {
  std::string form = kernel;
  for (const int x : {p.in_channels, p.out_channels, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w,
                      p.dilation_h, p.dilation_w, p.pad_top, p.pad_left, p.groups,
                      static_cast<int>(p.in_layout), static_cast<int>(p.out_layout)}) {
    form += ',';
    form += std::to_string(x);
  }
  return form;
}

// conv.h's entry or conv_transpose.h's functions: one shape of call.
struct PackedKernel {
  const char* name;
  size_t (*packed_bytes)(const ConvProblem&);
  void (*pack)(const ConvProblem&, const float* weights, const float* bias, void* packed);
  size_t (*scratch_bytes)(const ConvProblem&, int threads);
  void (*run)(const ConvProblem&, const ConvArgs&, ThreadPool&);
};

Result<Emitted> EmitConv(EmitArgs& args, const PackedKernel& kernel, const ConvProblem& problem) {
  const Tensor weights = *args.in[1].constant;
  const Tensor bias = args.in.size() > 2 && args.in[2].present ? *args.in[2].constant : Tensor();
  Emitted step;
  PEEL_ASSIGN_OR_RETURN(
      auto packed,
      args.weights.Get(weights, bias, Form(kernel.name, problem), kernel.packed_bytes(problem),
                       [=](const void* elements, void* out) {
                         kernel.pack(problem, static_cast<const float*>(elements),
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

// The kernel, which lives as long as the program, in every layout in which it takes the problem, or
// why it does in none.
void AddKernel(const NodeView& view, const ConvKernel& kernel, ConvProblem problem,
               Choices& choices) {
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
      if (kernel.residual_in_place && view.HasInput(3) && IsClamp(problem.epilogue)) {
        variant.may_overwrite = 1u << 3;
      }
      const double price = WeightPrice(kernel, problem);
      variant.cost = kernel.cost(problem, kCostThreads) + price;
      variant.timing_key = TimingKey(kernel, problem);
      variant.measure = [&kernel, problem, price](ThreadPool& pool) {
        std::optional<double> cost = TimeConv(kernel, problem, pool);
        if (cost) *cost += price;
        return cost;
      };
      const PackedKernel calls{kernel.name, kernel.packed_bytes, kernel.pack, kernel.scratch_bytes,
                               kernel.run};
      variant.emit = [calls, problem](EmitArgs& args) { return EmitConv(args, calls, problem); };
      choices.variants.push_back(std::move(variant));
    }
  }
  if (!taken) choices.rejections.push_back({kernel.name, reason});
}

}  // namespace

void ConvVariants(const NodeView& view, Choices& choices) {
  ConvProblem problem;
  if (const std::string why = MakeProblem(view, &problem); !why.empty()) {
    choices.rejections.push_back({"blocked and plain kernels", why});
    return;
  }
  const auto add_all = [&](std::span<const ConvKernel> kernels) {
    for (const ConvKernel& kernel : kernels) AddKernel(view, kernel, problem, choices);
  };
  if (view.precision() == Precision::kBf16) add_all(Bf16ConvKernels());
  add_all(ConvKernels());
}

void ConvMaxPoolVariants(const NodeView& view, Choices& choices) {
  ConvProblem problem;
  if (const std::string why = MakeProblem(view, &problem); !why.empty()) {
    choices.rejections.push_back({kDirectFewIn.name, why});
    return;
  }
  AddKernel(view, kDirectFewIn, problem, choices);
}

void ConvTransposeVariants(const NodeView& view, Choices& choices) {
  static constexpr PackedKernel kCalls{"conv_transpose", ConvTransposePackedBytes,
                                       PackConvTranspose, ConvTransposeScratchBytes,
                                       RunConvTranspose};
  ConvProblem problem;
  std::string why = MakeProblem(view, &problem);
  problem.in_layout = problem.out_layout = Layout::kBlocked;
  // The padding that output_shape and auto_pad imply is found from the extents; leave those to the
  // reference.
  const Node& node = view.node();
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  if (why.empty() && (node.HasAttribute("output_shape") || auto_pad != "NOTSET")) {
    why = "wants its padding spelled out";
  }
  if (why.empty()) why = RejectConvTranspose(problem);
  if (!why.empty()) {
    choices.rejections.push_back({kCalls.name, why});
    return;
  }
  Variant variant = SameLayout(view, kCalls.name, Layout::kBlocked, 0);
  variant.strided = true;
  const Shape& w = view.InputShape(1);
  const double work = Elements(view.InputShape(0)) * Elements(w) / static_cast<double>(w[0]);
  variant.cost = StreamCost(4 * Elements(view.OutputShape())) + work / 4e7 / kCostThreads;
  variant.emit = [problem](EmitArgs& args) { return EmitConv(args, kCalls, problem); };
  choices.variants.push_back(std::move(variant));
}

}  // namespace peel::engine
