#include <optional>

#include "src/engine/kernels/gemm/gemm.h"
#include "src/engine/kernels/map/softmax.h"
#include "src/engine/plan/image_operand.h"
#include "src/engine/plan/weights.h"

namespace peel::engine {
namespace {

bool IsMatrix(const Value& value) {
  return value.type == DataType::kFloat32 && value.shape && value.shape->size() >= 2 &&
         ElementCount(*value.shape).value() > 0;
}

std::string Form(const GemmProblem& p) {
  return "gemm," + std::to_string(p.n) + ',' + std::to_string(p.k) + ',' +
         std::to_string(p.transpose_b) + ',' + std::to_string(p.alpha);
}

// The bias that Gemm's third operand is for every row, times beta; nothing where it is not one.
std::optional<std::vector<float>> RowBias(const NodeView& view, int64_t n) {
  if (!view.HasInput(2)) return std::vector<float>();
  const Value& c = view.Input(2);
  if (!c.is_constant()) return std::nullopt;
  auto values = c.constant.AsFloats();
  if (!values.ok()) return std::nullopt;
  const bool row = !c.shape->empty() && c.shape->back() == n;
  if (values->size() == 1) {
    values->resize(static_cast<size_t>(n), values->front());
  } else if (!row || static_cast<int64_t>(values->size()) != n) {
    return std::nullopt;
  }
  for (float& v : *values) v *= view.node().Float("beta", 1);
  return *std::move(values);
}

void AddGemm(const NodeView& view, Choices& choices, const GemmProblem& problem,
             std::vector<float> bias) {
  Variant variant = SameLayout(view, "gemm", Layout::kPlain, 0);
  const double work = static_cast<double>(problem.m) * static_cast<double>(problem.n) *
                      static_cast<double>(problem.k);
  variant.cost = StreamCost(4 * Elements(view.OutputShape())) + work / 6e7 / kCostThreads;
  variant.emit = [problem, bias = std::move(bias)](EmitArgs& args) -> Result<Emitted> {
    const Tensor b = *args.in[1].constant;
    const Tensor c = args.in.size() > 2 && args.in[2].present ? *args.in[2].constant : Tensor();
    Emitted step;
    PEEL_ASSIGN_OR_RETURN(auto packed,
                          args.weights.Get(b, c, Form(problem), GemmPackedBytes(problem),
                                           [=](const void* elements, void* to) {
                                             PackGemm(problem, static_cast<const float*>(elements),
                                                      bias.empty() ? nullptr : bias.data(), to);
                                           }));
    const void* pointer = packed->data();
    step.packed.push_back(std::move(packed));
    step.scratch_bytes = GemmScratchBytes(problem, args.threads);
    step.run = [problem, pointer, a = args.in[0], y = args.out[0]](const RunEnv& env) {
      RunGemm(problem, a.At<float>(env), problem.transpose_a ? problem.m : problem.k, pointer,
              nullptr, y.At<float>(env), problem.n, env.scratch, *env.pool);
      return OkStatus();
    };
    return step;
  };
  choices.variants.push_back(std::move(variant));
}

}  // namespace

void MatrixVariants(const NodeView& view, Choices& choices) {
  const Node& node = view.node();
  const auto reject = [&](const char* why) { choices.rejections.push_back({"gemm", why}); };
  if (!IsMatrix(view.Input(0)) || !IsMatrix(view.Input(1))) return reject("wants float32 matrices");
  if (!view.Input(1).is_constant() || view.InputShape(1).size() != 2) {
    return reject("wants a constant matrix on the right");
  }
  const Shape &a = view.InputShape(0), &b = view.InputShape(1);
  GemmProblem problem;
  std::vector<float> bias;
  if (node.op_type == "Gemm") {
    problem.transpose_a = node.Int("transA", 0) != 0;
    problem.transpose_b = node.Int("transB", 0) != 0;
    problem.alpha = node.Float("alpha", 1);
    problem.m = a[problem.transpose_a ? 1 : 0];
    problem.k = a[problem.transpose_a ? 0 : 1];
    problem.n = b[problem.transpose_b ? 0 : 1];
    auto row = RowBias(view, problem.n);
    if (!row) return reject("wants a constant bias of one row");
    bias = *std::move(row);
  } else {
    problem.k = a.back();
    problem.n = b[1];
    problem.m = ElementCount(a).value() / problem.k;
  }
  AddGemm(view, choices, problem, std::move(bias));
}

void SoftmaxVariants(const NodeView& view, Choices& choices) {
  const Node& node = view.node();
  const Value& x = view.Input(0);
  if (x.type != DataType::kFloat32 || ElementCount(*x.shape).value() == 0 || x.shape->empty()) {
    choices.rejections.push_back({"softmax", "wants float32"});
    return;
  }
  const auto rank = static_cast<int64_t>(x.shape->size());
  const bool flattens = node.opset < 13;  // everything from the axis on is one distribution
  int64_t axis = node.Int("axis", flattens ? 1 : -1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return;
  SoftmaxProblem problem;
  problem.log = node.op_type == "LogSoftmax";
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t extent = (*x.shape)[static_cast<size_t>(i)];
    if (i < axis) {
      problem.outer *= extent;
    } else if (i == axis || flattens) {
      problem.axis *= extent;
    } else {
      problem.inner *= extent;
    }
  }
  Variant variant =
      SameLayout(view, "softmax", Layout::kPlain, StreamCost(24 * Elements(*x.shape)));
  variant.may_overwrite = 1;
  variant.emit = [problem](EmitArgs& args) -> Result<Emitted> {
    return Simple([problem, in = args.in[0], out = args.out[0]](const RunEnv& env) {
      RunSoftmax(problem, in.At<float>(env), out.At<float>(env), *env.pool);
      return OkStatus();
    });
  };
  choices.variants.push_back(std::move(variant));
}

}  // namespace peel::engine
