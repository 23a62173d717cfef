// Reductions along axes.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

// Sums of reals gather in double, of integers in 64 bits that wrap.
template <typename T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double,
                                std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;

// A reduction: where it starts, how it takes a value, and its result after n of them. W is Wide<T>.
struct SumR {
  template <typename W>
  static W Start() {
    return W{0};
  }
  template <typename W>
  static W Take(W sum, W x) {
    return WrapAdd(sum, x);
  }
  template <typename W>
  static auto Finish(W sum, int64_t) {
    return sum;
  }
};
struct MeanR : SumR {
  template <typename W>
  static auto Finish(W sum, int64_t n) {
    if constexpr (std::is_integral_v<W>)
      return n == 0 ? W{0} : static_cast<W>(sum / static_cast<W>(n));
    else
      return sum / static_cast<W>(n);
  }
};
struct ProdR : SumR {
  template <typename W>
  static W Start() {
    return W{1};
  }
  template <typename W>
  static W Take(W product, W x) {
    return WrapMul(product, x);
  }
};
struct L1R : SumR {
  template <typename W>
  static W Take(W sum, W x) {
    return WrapAdd(sum, x < W{0} ? WrapSub(W{0}, x) : x);
  }
};
struct SumSquareR : SumR {
  template <typename W>
  static W Take(W sum, W x) {
    return WrapAdd(sum, WrapMul(x, x));
  }
};
struct L2R : SumSquareR {
  template <typename W>
  static auto Finish(W sum, int64_t) {
    return std::sqrt(static_cast<double>(sum));
  }
};
struct LogSumR : SumR {
  template <typename W>
  static auto Finish(W sum, int64_t) {
    return std::log(static_cast<double>(sum));
  }
};
// NaN wins over every number.
struct MaxR : SumR {
  template <typename W>
  static W Start() {
    if constexpr (std::is_floating_point_v<W>)
      return -std::numeric_limits<W>::infinity();
    else
      return std::numeric_limits<W>::lowest();
  }
  template <typename W>
  static W Take(W best, W x) {
    return x <= best || best != best ? best : x;
  }
};
struct MinR : SumR {
  template <typename W>
  static W Start() {
    if constexpr (std::is_floating_point_v<W>)
      return std::numeric_limits<W>::infinity();
    else
      return std::numeric_limits<W>::max();
  }
  template <typename W>
  static W Take(W best, W x) {
    return x >= best || best != best ? best : x;
  }
};

// Which axes go. Without axes all do, or with noop_with_empty_axes none.
Result<std::vector<int64_t>> ReducedAxes(const OpArgs& args) {
  const int rank = args.inputs[0]->rank();
  PEEL_ASSIGN_OR_RETURN(auto axes, IntsOf(args, 1, "axes"));
  if (axes.empty() && args.node.Int("noop_with_empty_axes", 0) == 0) {
    axes.resize(static_cast<size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
  }
  return NormaliseAxes(std::move(axes), rank);
}

struct Plan {
  StridedLoop<2> loop;  // over the input; operand 1 is the output, with stride 0 along what goes
  int64_t outputs, each;
};
Result<Plan> PlanReduction(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameType(x, args.outputs[0]));
  PEEL_ASSIGN_OR_RETURN(const auto axes, ReducedAxes(args));
  Shape kept = x.shape();
  int64_t each = 1;
  for (const int64_t axis : axes) {
    each *= kept[static_cast<size_t>(axis)];
    kept[static_cast<size_t>(axis)] = 1;
  }
  std::vector<int64_t> strides = DenseStrides(kept);
  for (const int64_t axis : axes) strides[static_cast<size_t>(axis)] = 0;
  const int64_t outputs = Product(kept, 0, kept.size());
  if (outputs != args.outputs[0].elements()) {
    return InvalidArgument("the output does not fit the axes that remain");
  }
  return Plan{StridedLoop<2>(x.shape(), {DenseStrides(x.shape()), strides}), outputs, each};
}

template <typename R, typename T>
std::vector<Wide<T>> Gather(const Plan& plan, const T* x, R) {
  using W = Wide<T>;
  std::vector<W> sums(static_cast<size_t>(plan.outputs), R::template Start<W>());
  const int64_t n = plan.loop.run(), step = plan.loop.stride(0), out_step = plan.loop.stride(1);
  plan.loop.ForEachRun([&](const std::array<int64_t, 2>& at) {
    const T* in = x + at[0];
    W* to = sums.data() + at[1];
    if (out_step == 0) {
      W sum = *to;
      for (int64_t i = 0; i < n; ++i) sum = R::Take(sum, static_cast<W>(in[i * step]));
      *to = sum;
    } else {
      for (int64_t i = 0; i < n; ++i) {
        to[i * out_step] = R::Take(to[i * out_step], static_cast<W>(in[i * step]));
      }
    }
  });
  return sums;
}

template <typename R>
Status ReduceWide(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Plan plan, PlanReduction(args));
  const Tensor& x = *args.inputs[0];
  const auto run = [&]<typename T>(T* y) {
    const auto sums = Gather(plan, x.data<T>(), R{});
    for (size_t i = 0; i < sums.size(); ++i) y[i] = Convert<T>(R::Finish(sums[i], plan.each));
  };
  if (x.type() == DataType::kBool) {  // Max is "any", Min is "all"
    if constexpr (std::is_same_v<R, MaxR> || std::is_same_v<R, MinR>) {
      const auto sums = Gather(plan, x.data<uint8_t>(), R{});
      for (size_t i = 0; i < sums.size(); ++i) {
        args.outputs[0].data<uint8_t>()[i] =
            plan.each == 0 ? std::is_same_v<R, MinR> : sums[i] != 0;
      }
      return OkStatus();
    }
  }
  return DispatchNumber(x.type(), [&]<typename T>() {
    run(args.outputs[0].data<T>());
    return OkStatus();
  });
}

// log(sum(exp(x))) without overflow: exp of what each value is below the largest.
Status LogSumExp(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Plan plan, PlanReduction(args));
  const Tensor& x = *args.inputs[0];
  return DispatchNumber(x.type(), [&]<typename T>() {
    std::vector<double> largest(static_cast<size_t>(plan.outputs), 0.0);
    std::vector<double> sums(static_cast<size_t>(plan.outputs), 0.0);
    const auto top = Gather(plan, x.data<T>(), MaxR{});
    for (size_t i = 0; i < top.size(); ++i) {
      largest[i] = static_cast<double>(top[i]);
      if (std::isinf(largest[i])) largest[i] = 0;  // all -inf, or a +inf that exp keeps
    }
    if (plan.each == 0) std::fill(largest.begin(), largest.end(), 0.0);
    plan.loop.ForEachRun([&](const std::array<int64_t, 2>& at) {
      for (int64_t i = 0; i < plan.loop.run(); ++i) {
        const auto to = static_cast<size_t>(at[1] + i * plan.loop.stride(1));
        const T v = x.data<T>()[at[0] + i * plan.loop.stride(0)];
        sums[to] += std::exp(static_cast<double>(v) - largest[to]);
      }
    });
    for (size_t i = 0; i < sums.size(); ++i) {
      args.outputs[0].data<T>()[i] = Convert<T>(std::log(sums[i]) + largest[i]);
    }
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "ReduceSum", 1, Widened<ReduceWide<SumR>>},
    {"", "ReduceMean", 1, Widened<ReduceWide<MeanR>>},
    {"", "ReduceProd", 1, Widened<ReduceWide<ProdR>>},
    {"", "ReduceL1", 1, Widened<ReduceWide<L1R>>},
    {"", "ReduceL2", 1, Widened<ReduceWide<L2R>>},
    {"", "ReduceSumSquare", 1, Widened<ReduceWide<SumSquareR>>},
    {"", "ReduceLogSum", 1, Widened<ReduceWide<LogSumR>>},
    {"", "ReduceLogSumExp", 1, Widened<LogSumExp>},
    {"", "ReduceMax", 1, Widened<ReduceWide<MaxR>>},
    {"", "ReduceMin", 1, Widened<ReduceWide<MinR>>},
};

}  // namespace

std::span<const ReferenceEntry> ReduceOps() { return kEntries; }

}  // namespace peel::engine::reference
