// The operators on bytes that stand for several of ONNX's (peel.QConv, …), and the borders between
// bytes and float32. MaxPool, Concat and Resize of bytes are in the files of those of floats.
#include <climits>
#include <optional>

#include "src/engine/kernels/bytes/qconv.h"
#include "src/engine/kernels/registry.h"
#include "src/engine/plan/activation.h"
#include "src/engine/plan/byte_operand.h"
#include "src/engine/plan/conv_problem.h"
#include "src/engine/plan/variants.h"
#include "src/engine/plan/weights.h"

namespace peel::engine {
namespace {

constexpr Layout kLayouts[] = {Layout::kBlocked, Layout::kPlain};

bool IsConstant(const NodeView& view, int i, DataType type) {
  return view.HasInput(i) && view.Input(i).is_constant() && view.Input(i).type == type;
}

std::string MakeQConv(const NodeView& view, QConvProblem* problem) {
  const Node& node = view.node();
  const bool bytes = NodeView::IsByteImage(view.Output());
  if (!NodeView::IsByteImage(view.Input(0)) || (!bytes && !NodeView::IsImage(view.Output()))) {
    return "wants images";
  }
  if (!IsConstant(view, 1, DataType::kInt8) || !IsConstant(view, 2, DataType::kFloat32) ||
      (view.HasInput(3) && !IsConstant(view, 3, DataType::kInt32))) {
    return "wants constant weights, multipliers and bias";
  }
  QConvProblem q;
  if (std::string why = ReadConvGeometry(view, &q.conv); !why.empty()) return why;
  if (!bytes && !ReadActivation(node, &q.conv.epilogue)) {
    return "has an activation that no kernel knows";
  }
  q.to_float = !bytes;
  q.x_zero = ByteAttribute(node, "x_zero");
  q.range = ByteRangeOf(node);
  *problem = q;
  return "";
}

// Everything that packing looks at besides weights and bias.
std::string Form(const char* kernel, const QConvProblem& q, const Tensor& multiplier) {
  const ConvProblem& p = q.conv;
  std::string form = kernel;
  for (const int x : {p.in_channels, p.out_channels, p.kernel_h, p.kernel_w, p.groups, q.x_zero,
                      static_cast<int>(p.in_layout), static_cast<int>(p.out_layout)}) {
    form += ',';
    form += std::to_string(x);
  }
  // Two nodes may share weights and bias and differ in the scale of their result.
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  const auto* bytes = static_cast<const uint8_t*>(multiplier.raw());
  for (size_t i = 0; i < multiplier.bytes(); ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
  return form + ',' + std::to_string(hash);
}

Result<Emitted> EmitQConv(EmitArgs& args, const QConvKernel& kernel, const QConvProblem& problem) {
  const Tensor weights = *args.in[1].constant, multiplier = *args.in[2].constant;
  const Tensor bias = args.in.size() > 3 && args.in[3].present ? *args.in[3].constant : Tensor();
  Emitted step;
  PEEL_ASSIGN_OR_RETURN(
      auto packed,
      args.weights.Get(weights, bias, Form(kernel.name, problem, multiplier),
                       kernel.packed_bytes(problem), [=](const void* elements, void* out) {
                         kernel.pack(problem, static_cast<const int8_t*>(elements),
                                     bias.data<int32_t>(), multiplier.data<float>(), out);
                       }));
  step.scratch_bytes = kernel.scratch_bytes(problem, args.threads);
  const void* pointer = packed->data();
  step.packed.push_back(std::move(packed));
  step.run = [in = args.in[0], out = args.out[0], problem, pointer,
              run = kernel.run](const RunEnv& env) {
    QConvArgs conv;
    conv.input = in.At<uint8_t>(env);
    conv.input_batch_stride = in.batch_stride;
    conv.packed = pointer;
    conv.output = out.At<uint8_t>(env);
    conv.output_batch_stride = out.batch_stride;
    conv.scratch = env.scratch;
    run(problem, conv, *env.pool);
    return OkStatus();
  };
  return step;
}

// Any dense tensor as one image, which is all that a function of single bytes asks for; four
// extents as they are.
Shape4 Rows(const Shape& shape) {
  if (shape.size() == 4) return ImageShape(shape);
  Shape4 rows;
  for (const int64_t extent : shape) rows.width *= extent;
  return rows;
}

// Adds blocked (images only) and plain variants of a function of single bytes.
template <typename Emit>
void AddElementwise(const NodeView& view, Choices& choices, uint32_t may_overwrite, double bytes,
                    const Emit& emit) {
  const Shape& shape = view.OutputShape();
  if (Elements(shape) == 0) return;
  for (const Layout layout : kLayouts) {
    if (layout == Layout::kBlocked && !NodeView::IsByteImage(view.Output())) continue;
    Variant variant = SameLayout(view, layout == Layout::kBlocked ? "bytes_blocked" : "bytes",
                                 layout, StreamCost(bytes * Floats(shape, layout)));
    variant.may_overwrite = may_overwrite;
    variant.strided = shape.size() == 4;
    const Shape4 rows = Rows(shape);
    variant.emit = [emit, batch = rows.batch, count = ImageFloats(layout, rows)](EmitArgs& args) {
      return emit(args, batch, count);
    };
    choices.variants.push_back(std::move(variant));
  }
}

// The scale and zero point of a QuantizeLinear or DequantizeLinear of uint8, where there is one of
// each and both are known.
std::optional<ByteGrid> GridOf(const NodeView& view) {
  const Node& node = view.node();
  if (node.Int("block_size", 0) != 0 || !IsConstant(view, 1, DataType::kFloat32) ||
      view.Input(1).constant.elements() != 1) {
    return std::nullopt;
  }
  ByteGrid grid{*view.Input(1).constant.data<float>(), 0};
  if (!view.HasInput(2)) return grid;
  if (!IsConstant(view, 2, DataType::kUint8) || view.Input(2).constant.elements() != 1) {
    return std::nullopt;
  }
  grid.zero = *view.Input(2).constant.data<uint8_t>();
  return grid;
}

}  // namespace

void QConvVariants(const NodeView& view, Choices& choices) {
  QConvProblem problem;
  if (const std::string why = MakeQConv(view, &problem); !why.empty()) {
    choices.rejections.push_back({"integer kernels", why});
    return;
  }
  for (const QConvKernel& kernel : QConvKernels()) {
    std::string reason;
    bool taken = false;
    for (const Layout in : kLayouts) {
      for (const Layout out : kLayouts) {
        problem.conv.in_layout = in;
        problem.conv.out_layout = out;
        if (std::string why = kernel.reject(problem); !why.empty()) {
          if (reason.empty()) reason = std::move(why);
          continue;
        }
        taken = true;
        Variant variant = SameLayout(view, kernel.name, in, kernel.cost(problem, kCostThreads));
        variant.out = out;
        variant.strided = true;
        variant.emit = [&kernel, problem](EmitArgs& args) {
          return EmitQConv(args, kernel, problem);
        };
        choices.variants.push_back(std::move(variant));
      }
    }
    if (!taken) choices.rejections.push_back({kernel.name, reason});
  }
}

void QTableVariants(const NodeView& view, Choices& choices) {
  if (!IsConstant(view, 1, DataType::kUint8)) {
    choices.rejections.push_back({"bytes", "its table is not known before the run"});
    return;
  }
  AddElementwise(view, choices, 1, 4, [](EmitArgs& args, int64_t batch, int64_t count) {
    return Result<Emitted>(Simple([batch, count, x = args.in[0], y = args.out[0],
                                   table = *args.in[1].constant](const RunEnv& env) {
      RunByteTable(table.data<uint8_t>(), batch, count, ReadBytes(x, env), WriteBytes(y, env),
                   *env.pool);
      return OkStatus();
    }));
  });
}

void QAddVariants(const NodeView& view, Choices& choices) {
  if (view.Input(0).is_constant() || view.Input(1).is_constant()) {
    choices.rejections.push_back({"bytes", "takes no constants"});
    return;
  }
  const Node& node = view.node();
  ByteSum sum;
  sum.a_zero = ByteAttribute(node, "a_zero");
  sum.b_zero = ByteAttribute(node, "b_zero");
  sum.a_scale = node.Float("a_scale", 1);
  sum.b_scale = node.Float("b_scale", 1);
  sum.range = ByteRangeOf(node);
  AddElementwise(view, choices, 3, 4, [sum](EmitArgs& args, int64_t batch, int64_t count) {
    return Result<Emitted>(Simple(
        [sum, batch, count, a = args.in[0], b = args.in[1], y = args.out[0]](const RunEnv& env) {
          RunByteAdd(sum, batch, count, ReadBytes(a, env), ReadBytes(b, env), WriteBytes(y, env),
                     *env.pool);
          return OkStatus();
        }));
  });
}

void QuantizeVariants(const NodeView& view, Choices& choices) {
  const bool quantise = view.node().op_type == "QuantizeLinear";
  const Value &floats = quantise ? view.Input(0) : view.Output(),
              &bytes = quantise ? view.Output() : view.Input(0);
  const auto grid = GridOf(view);
  if (!grid || floats.type != DataType::kFloat32 || bytes.type != DataType::kUint8) {
    choices.rejections.push_back({"bytes", "wants float32 and uint8 with one known scale"});
    return;
  }
  const Shape& shape = view.OutputShape();
  if (Elements(shape) == 0) return;
  const bool image = shape.size() == 4;
  for (const Layout in : kLayouts) {
    for (const Layout out : kLayouts) {
      if (!image && (in == Layout::kBlocked || out == Layout::kBlocked)) continue;
      const Layout widest = in == Layout::kBlocked ? in : out;
      Variant variant = SameLayout(view, quantise ? "quantize" : "dequantize", in,
                                   StreamCost((in == out ? 5 : 8) * Floats(shape, widest)));
      for (size_t i = 1; i < variant.in.size(); ++i) variant.in[i] = Layout::kPlain;
      variant.out = out;
      variant.strided = image;
      variant.emit = [grid = *grid, quantise, in, out,
                      rows = Rows(shape)](EmitArgs& args) -> Result<Emitted> {
        return Simple(
            [grid, quantise, in, out, rows, x = args.in[0], y = args.out[0]](const RunEnv& env) {
              if (quantise) {
                RunQuantize(grid, rows, in, Read(x, env), out, WriteBytes(y, env), *env.pool);
              } else {
                RunDequantize(grid, rows, in, ReadBytes(x, env), out, Write(y, env), *env.pool);
              }
              return OkStatus();
            });
      };
      choices.variants.push_back(std::move(variant));
    }
  }
}

}  // namespace peel::engine
