#include <algorithm>
#include <climits>

#include "src/engine/kernels/conv_transpose.h"
#include "src/engine/plan/activation.h"
#include "src/engine/plan/image_operand.h"
#include "src/engine/plan/tune.h"
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
  AxisPads rows, columns;
  if (!ReadPads(node, 0, p.in_height, p.out_height, p.kernel_h, p.stride_h, p.dilation_h, &rows) ||
      !ReadPads(node, 1, p.in_width, p.out_width, p.kernel_w, p.stride_w, p.dilation_w, &columns)) {
    return "has odd pads";
  }
  p.pad_top = static_cast<int>(rows.before);
  p.pad_left = static_cast<int>(columns.before);
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
  PEEL_ASSIGN_OR_RETURN(auto packed, args.weights.Get(weights, bias, Form(kernel.name, problem),
                                                      kernel.packed_bytes(problem), [=](void* out) {
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
  for (const ConvKernel& kernel : ConvKernels()) {  // lives as long as the program
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
        const double price = WeightPrice(kernel, problem);
        variant.cost = kernel.cost(problem, kCostThreads) + price;
        variant.timing_key = TimingKey(kernel, problem);
        variant.measure = [&kernel, problem, price](ThreadPool& pool) {
          std::optional<double> cost = TimeConv(kernel, problem, pool);
          if (cost) *cost += price;
          return cost;
        };
        const PackedKernel calls{kernel.name, kernel.packed_bytes, kernel.pack,
                                 kernel.scratch_bytes, kernel.run};
        variant.emit = [calls, problem](EmitArgs& args) { return EmitConv(args, calls, problem); };
        choices.variants.push_back(std::move(variant));
      }
    }
    if (!taken) choices.rejections.push_back({kernel.name, reason});
  }
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
