// Comparisons, logic on bool and on bits.
#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

struct EqualFn {
  bool operator()(auto a, auto b) const { return a == b; }
};
struct LessFn {
  bool operator()(auto a, auto b) const { return a < b; }
};
struct LessOrEqualFn {
  bool operator()(auto a, auto b) const { return a <= b; }
};
struct GreaterFn {
  bool operator()(auto a, auto b) const { return a > b; }
};
struct GreaterOrEqualFn {
  bool operator()(auto a, auto b) const { return a >= b; }
};

template <typename F>
Status CompareWide(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[1];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  if (y.type() != DataType::kBool) return RefuseType(y.type());
  if (a.type() == DataType::kBool) return BroadcastBinary<uint8_t, uint8_t, uint8_t>(a, b, y, F{});
  return DispatchNumber(a.type(),
                        [&]<typename T>() { return BroadcastBinary<T, T, uint8_t>(a, b, y, F{}); });
}
template <typename F>
constexpr ReferenceOp kCompare = Widened<CompareWide<F>>;

struct AndFn {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct OrFn {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct XorFn {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

// On bool, which is a byte of 0 or 1.
template <typename F>
Status Logical(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[1];
  if (a.type() != DataType::kBool) return RefuseType(a.type());
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, args.outputs[0]));
  return BroadcastBinary<uint8_t, uint8_t, uint8_t>(a, b, args.outputs[0], F{});
}

template <typename F>
Status Bitwise(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[1];
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, args.outputs[0]));
  return DispatchInteger(
      a.type(), [&]<typename T>() { return BroadcastBinary<T, T, T>(a, b, args.outputs[0], F{}); });
}

// A shift by as many bits as there are, or more, leaves none. Signed types shift right
// arithmetically.
Status BitShift(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[1];
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, args.outputs[0]));
  const bool left = args.node.String("direction", "LEFT") == "LEFT";
  return DispatchInteger(a.type(), [&]<typename T>() {
    using U = std::make_unsigned_t<T>;
    constexpr U kBits = static_cast<U>(sizeof(T) * 8);
    return BroadcastBinary<T, T, T>(a, b, args.outputs[0], [left](T x, T by) -> T {
      if (static_cast<U>(by) >= kBits) return !left && x < T{0} ? static_cast<T>(-1) : T{0};
      return left ? static_cast<T>(static_cast<U>(x) << by) : static_cast<T>(x >> by);
    });
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Equal", 7, kCompare<EqualFn>},
    {"", "Less", 7, kCompare<LessFn>},
    {"", "LessOrEqual", 12, kCompare<LessOrEqualFn>},
    {"", "Greater", 7, kCompare<GreaterFn>},
    {"", "GreaterOrEqual", 12, kCompare<GreaterOrEqualFn>},
    {"", "And", 7, Logical<AndFn>},
    {"", "Or", 7, Logical<OrFn>},
    {"", "Xor", 7, Logical<XorFn>},
    {"", "BitwiseAnd", 18, Bitwise<AndFn>},
    {"", "BitwiseOr", 18, Bitwise<OrFn>},
    {"", "BitwiseXor", 18, Bitwise<XorFn>},
    {"", "BitShift", 11, BitShift},
};

}  // namespace

std::span<const ReferenceEntry> LogicOps() { return kEntries; }

}  // namespace peel::engine::reference
