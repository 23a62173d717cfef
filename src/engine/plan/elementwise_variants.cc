#include "src/engine/kernels/map/elementwise.h"

#include <optional>

#include "src/engine/plan/activation.h"
#include "src/engine/plan/image_operand.h"

namespace peel::engine {
namespace {

constexpr Layout kLayouts[] = {Layout::kBlocked, Layout::kPlain};

// Any dense plain tensor as rows, which is all that a function of single elements asks for.
Shape4 Rows(const Shape& shape) {
  if (shape.size() == 4) return ImageShape(shape);
  Shape4 rows;
  for (size_t i = 0; i + 1 < shape.size(); ++i) rows.channels *= shape[i];
  if (!shape.empty()) rows.width = shape.back();
  return rows;
}

bool IsFloats(const Value& value) {
  return value.type == DataType::kFloat32 && ElementCount(*value.shape).value() > 0;
}

// Adds blocked (images only) and plain variants of a function of single elements.
template <typename Run>
void AddUnary(const NodeView& view, Choices& choices, double work, Run run) {
  const Value& x = view.Input(0);
  if (!IsFloats(x)) {
    choices.rejections.push_back({"elementwise", "wants float32"});
    return;
  }
  for (const Layout layout : kLayouts) {
    const bool image = NodeView::IsImage(x);
    if (layout == Layout::kBlocked && !image) continue;
    Variant variant =
        SameLayout(view, layout == Layout::kBlocked ? "elementwise_blocked" : "elementwise", layout,
                   StreamCost((8 + work) * Floats(*x.shape, layout)));
    for (size_t i = 1; i < variant.in.size(); ++i) variant.in[i] = Layout::kPlain;
    variant.may_overwrite = 1;
    variant.strided = image;
    const Shape4 shape = Rows(*x.shape);
    variant.emit = [run, layout, shape](EmitArgs& args) -> Result<Emitted> {
      return Simple([run, layout, shape, in = args.in[0], out = args.out[0]](const RunEnv& env) {
        run(layout, shape, Read(in, env), Write(out, env), *env.pool);
        return OkStatus();
      });
    };
    choices.variants.push_back(std::move(variant));
  }
}

struct BinaryNode {
  BinaryProblem problem;
  int first = 0, second = 1;  // inputs of the node: the one of the result's shape, and the other
  bool per_image = false;     // the second has something of its own for each item of the batch
};

std::optional<BinaryOp> BinaryOpOf(const Node& node) {
  static constexpr struct {
    std::string_view op_type;
    BinaryOp op;
  } kOps[] = {{"Add", BinaryOp::kAdd}, {"Sub", BinaryOp::kSub}, {"Mul", BinaryOp::kMul},
              {"Div", BinaryOp::kDiv}, {"Min", BinaryOp::kMin}, {"Max", BinaryOp::kMax},
              {"Sum", BinaryOp::kAdd}};
  for (const auto& entry : kOps) {
    if (entry.op_type == node.op_type) return entry.op;
  }
  return std::nullopt;
}

// How the operands meet; empty where a kernel can do it.
std::string MatchBinary(const NodeView& view, Layout layout, BinaryNode* out) {
  const auto op = BinaryOpOf(view.node());
  if (!op || view.input_count() != 2) return "takes two operands";
  if (!IsFloats(view.Input(0)) || !IsFloats(view.Input(1))) return "wants float32";
  const Shape& result = view.OutputShape();
  if (layout == Layout::kBlocked && !NodeView::IsImage(view.Output())) return "wants images";
  BinaryNode b;
  b.problem.op = *op;
  b.problem.layout = layout;
  if (view.InputShape(0) != result) {
    if (view.InputShape(1) != result) return "wants one operand of the result's shape";
    b.first = 1;
    b.second = 0;
    b.problem.swapped = true;
  }
  b.problem.shape = Rows(result);
  Shape small = view.InputShape(b.second);
  if (ElementCount(small).value() == 1) {
    b.problem.broadcast = Broadcast::kScalar;
    *out = b;
    return "";
  }
  small.insert(small.begin(), result.size() - small.size(), 1);
  if (small == result) {
    b.problem.broadcast = Broadcast::kSame;
    *out = b;
    return "";
  }
  if (result.size() == 4 && small[1] == result[1] && small[2] == 1 && small[3] == 1 &&
      (small[0] == 1 || small[0] == result[0])) {
    b.problem.broadcast = Broadcast::kPerChannel;
    b.per_image = small[0] > 1;
    *out = b;
    return "";
  }
  if (result.size() == 4 && small[1] == 1 && small[2] == result[2] && small[3] == result[3] &&
      (small[0] == 1 || small[0] == result[0])) {
    b.problem.broadcast = Broadcast::kSpatial;
    b.per_image = small[0] > 1;
    *out = b;
    return "";
  }
  if (layout == Layout::kBlocked) return "stretches its operand in an odd way";
  // Ones, then the result's extents, then ones: outer repeats of a vector over inner elements.
  size_t begin = 0, end = small.size();
  while (begin < end && small[begin] == 1) ++begin;
  while (end > begin && small[end - 1] == 1) --end;
  Shape4 rows;
  for (size_t i = 0; i < result.size(); ++i) {
    if (i < begin) {
      rows.batch *= result[i];
    } else if (i >= end) {
      rows.width *= result[i];
    } else {
      if (small[i] != result[i]) return "stretches its operand in an odd way";
      rows.channels *= result[i];
    }
  }
  if (rows.width == 1) {  // rows of their own: the vector is the "image" that all share
    std::swap(rows.width, rows.channels);
    std::swap(rows.batch, rows.channels);
    b.problem.broadcast = Broadcast::kSpatial;
  } else {
    b.problem.broadcast = Broadcast::kPerChannel;
  }
  b.problem.shape = rows;
  *out = b;
  return "";
}

void AddBinary(const NodeView& view, Choices& choices, BinaryNode node, const char* name,
               Layout second_layout) {
  const Shape& result = view.OutputShape();
  Variant variant = SameLayout(view, name, node.problem.layout,
                               StreamCost(12 * Floats(result, node.problem.layout)));
  variant.in[static_cast<size_t>(node.second)] = second_layout;
  variant.may_overwrite = 1u << node.first;
  if (node.problem.broadcast == Broadcast::kSame) variant.may_overwrite |= 1u << node.second;
  const Shape4 rows = Rows(result);
  variant.strided = result.size() == 4 && node.problem.shape.batch == rows.batch &&
                    node.problem.shape.channels == rows.channels;
  if (node.problem.broadcast == Broadcast::kSpatial && second_layout == Layout::kBlocked) {
    node.problem.spatial_step = kBlock;
  }
  const bool dense = !variant.strided;
  variant.emit = [node, dense](EmitArgs& args) -> Result<Emitted> {
    const Operand a = args.in[static_cast<size_t>(node.first)];
    const Operand b = args.in[static_cast<size_t>(node.second)];
    return Simple([node, dense, a, b, y = args.out[0]](const RunEnv& env) {
      ConstSlice first = Read(a, env), second = Read(b, env);
      Slice out = Write(y, env);
      if (dense) {
        first.batch_stride = out.batch_stride =
            node.problem.shape.channels * node.problem.shape.pixels();
        second.batch_stride = first.batch_stride;
      }
      if (node.problem.broadcast != Broadcast::kSame && !node.per_image) second.batch_stride = 0;
      RunBinary(node.problem, first, second, out, *env.pool);
      return OkStatus();
    });
  };
  choices.variants.push_back(std::move(variant));
}

}  // namespace

void ActivationVariants(const NodeView& view, Choices& choices) {
  Epilogue epilogue;
  if (!ActivationOf(view.graph(), view.node(), &epilogue)) {
    choices.rejections.push_back({"elementwise", "its parameters are not known before the run"});
    return;
  }
  const bool cheap = epilogue.activation == Activation::kRelu ||
                     epilogue.activation == Activation::kLeakyRelu ||
                     epilogue.activation == Activation::kClip;
  AddUnary(
      view, choices, cheap ? 0 : 16,
      [epilogue](Layout layout, const Shape4& shape, ConstSlice in, Slice out, ThreadPool& pool) {
        RunActivation(epilogue.activation, epilogue.alpha, epilogue.beta, layout, shape, in, out,
                      pool);
      });
}

void UnaryVariants(const NodeView& view, Choices& choices) {
  static constexpr struct {
    std::string_view op_type;
    UnaryOp op;
  } kOps[] = {{"Exp", UnaryOp::kExp},   {"Log", UnaryOp::kLog},
              {"Sqrt", UnaryOp::kSqrt}, {"Reciprocal", UnaryOp::kReciprocal},
              {"Neg", UnaryOp::kNeg},   {"Abs", UnaryOp::kAbs},
              {"Erf", UnaryOp::kErf},   {"Floor", UnaryOp::kFloor},
              {"Ceil", UnaryOp::kCeil}};
  for (const auto& entry : kOps) {
    if (entry.op_type != view.node().op_type) continue;
    AddUnary(view, choices, 8,
             [op = entry.op](Layout layout, const Shape4& shape, ConstSlice in, Slice out,
                             ThreadPool& pool) { RunUnary(op, layout, shape, in, out, pool); });
  }
}

void BinaryVariants(const NodeView& view, Choices& choices) {
  for (const Layout layout : kLayouts) {
    const char* name = layout == Layout::kBlocked ? "binary_blocked" : "binary";
    BinaryNode node;
    std::string why = MatchBinary(view, layout, &node);
    if (why.empty()) why = RejectBinary(node.problem);
    const bool same = node.problem.broadcast == Broadcast::kSame;
    if (why.empty()) {
      const Value& second = view.Input(node.second);
      if (layout == Layout::kPlain || second.is_constant()) {
        if (layout == Layout::kBlocked && same) {
          why = "a constant of the whole shape is kept plain";
        } else {
          AddBinary(view, choices, node, name, Layout::kPlain);
        }
      } else {
        const bool image = NodeView::IsImage(second);
        if (image) AddBinary(view, choices, node, name, Layout::kBlocked);
        if (!same) AddBinary(view, choices, node, name, Layout::kPlain);
      }
    }
    if (!why.empty()) choices.rejections.push_back({name, why});
  }
}

}  // namespace peel::engine
