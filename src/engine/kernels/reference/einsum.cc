// Einsum, two operands at a time from the left.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

// An index is a letter, or for the axes of an ellipsis a number counted from the right (-1 is the
// last), so that ellipses of different lengths line up.
using Index = int;
using Indices = std::vector<Index>;

constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The indices of one term; ellipsis: how many axes "..." stands for.
Result<Indices> ParseTerm(const std::string& term, int ellipsis) {
  Indices indices;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term[i] == ' ') continue;
    if (IsLetter(term[i])) {
      indices.push_back(term[i]);
    } else if (term.compare(i, 3, "...") == 0) {
      for (int k = ellipsis; k > 0; --k) indices.push_back(-k);
      i += 2;
    } else {
      return InvalidArgument("the equation has a stray '" + term.substr(i, 1) + "'");
    }
  }
  return indices;
}

struct Operand {
  Tensor tensor;
  Indices indices;
};

// Strides of the operand over an index space: 0 where it lacks an index or repeats an extent of 1,
// the sum over its axes where it has one twice (a diagonal).
std::vector<int64_t> StridesOver(const Operand& operand, const Indices& space) {
  const auto dense = DenseStrides(operand.tensor.shape());
  std::vector<int64_t> strides(space.size(), 0);
  for (size_t d = 0; d < operand.indices.size(); ++d) {
    const auto at = std::find(space.begin(), space.end(), operand.indices[d]);
    if (operand.tensor.shape()[d] != 1)
      strides[static_cast<size_t>(at - space.begin())] += dense[d];
  }
  return strides;
}

// The extents of every index over the operands.
Result<std::map<Index, int64_t>> ExtentsOf(const std::vector<Operand>& operands) {
  std::map<Index, int64_t> extents;
  for (const Operand& operand : operands) {
    for (size_t d = 0; d < operand.indices.size(); ++d) {
      const int64_t extent = operand.tensor.shape()[d];
      int64_t& known = extents.try_emplace(operand.indices[d], extent).first->second;
      if (known == 1) known = extent;
      if (extent != known && extent != 1) return InvalidArgument("the operands' extents differ");
    }
  }
  return extents;
}

// out[kept] = sum over the other indices of a * b. out is written in full.
template <typename T>
void Contract(const Operand& a, const Operand& b, const Indices& kept,
              const std::map<Index, int64_t>& extents, Tensor& out) {
  Indices space = kept;
  for (const Operand* operand : {&a, &b}) {
    for (const Index index : operand->indices) {
      if (std::find(space.begin(), space.end(), index) == space.end()) space.push_back(index);
    }
  }
  Shape shape;
  for (const Index index : space) shape.push_back(extents.at(index));
  std::fill_n(out.data<T>(), out.elements(), T{0});
  const StridedLoop<3> loop(
      shape, {StridesOver({out, kept}, space), StridesOver(a, space), StridesOver(b, space)});
  const int64_t so = loop.stride(0), sa = loop.stride(1), sb = loop.stride(2);
  loop.ForEachRun([&](const std::array<int64_t, 3>& at) {
    T* to = out.data<T>() + at[0];
    const T *x = a.tensor.data<T>() + at[1], *y = b.tensor.data<T>() + at[2];
    for (int64_t i = 0; i < loop.run(); ++i) {
      to[i * so] = WrapAdd(to[i * so], WrapMul(x[i * sa], y[i * sb]));
    }
  });
}

// The terms left of the arrow, one an operand.
std::vector<std::string> SplitTerms(const std::string& equation) {
  std::vector<std::string> terms(1);
  for (const char c : equation.substr(0, equation.find("->"))) {
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  }
  return terms;
}

// The indices of the result: as the equation says, else those that occur once, after the ellipsis.
// longest: dimensions that the longest ellipsis stands for.
Result<Indices> ResultIndices(const std::string& equation, const std::vector<Operand>& operands,
                              int longest) {
  const size_t arrow = equation.find("->");
  if (arrow != std::string::npos) return ParseTerm(equation.substr(arrow + 2), longest);
  Indices result;
  for (int k = longest; k > 0; --k) result.push_back(-k);
  std::map<Index, int> uses;
  for (const Operand& operand : operands) {
    for (const Index index : operand.indices) ++uses[index];
  }
  for (const auto& [index, count] : uses) {
    if (index > 0 && count == 1) result.push_back(index);
  }
  return result;
}

// Contracts the operands one after the other, from the left.
template <typename T>
Status ContractAll(const std::vector<Operand>& operands, const Indices& result,
                   const std::map<Index, int64_t>& extents, Tensor& y) {
  PEEL_ASSIGN_OR_RETURN(Tensor one, Tensor::Allocate(y.type(), {}));
  *one.data<T>() = T{1};
  Operand so_far = operands[0];
  if (operands.size() == 1) {
    Contract<T>(so_far, {one, {}}, result, extents, y);
    return OkStatus();
  }
  for (size_t i = 1; i + 1 < operands.size(); ++i) {
    // What a later operand or the result still needs stays.
    const auto needed = [&](Index index) {
      if (std::count(result.begin(), result.end(), index) != 0) return true;
      return std::any_of(operands.begin() + static_cast<int64_t>(i) + 1, operands.end(),
                         [&](const Operand& later) {
                           return std::count(later.indices.begin(), later.indices.end(), index);
                         });
    };
    Indices kept;
    Shape extent;
    for (const Operand* operand : {static_cast<const Operand*>(&so_far), &operands[i]}) {
      for (const Index index : operand->indices) {
        if (!needed(index) || std::count(kept.begin(), kept.end(), index) != 0) continue;
        kept.push_back(index);
        extent.push_back(extents.at(index));
      }
    }
    PEEL_ASSIGN_OR_RETURN(Tensor next, Tensor::Allocate(y.type(), std::move(extent)));
    Contract<T>(so_far, operands[i], kept, extents, next);
    so_far = {std::move(next), std::move(kept)};
  }
  Contract<T>(so_far, operands.back(), result, extents, y);
  return OkStatus();
}

Status Einsum(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, args.inputs.size()));
  Tensor& y = args.outputs[0];
  const std::string equation = args.node.String("equation", "");
  const std::vector<std::string> terms = SplitTerms(equation);
  if (terms.size() != args.inputs.size() || terms.empty()) {
    return InvalidArgument("the equation does not have one term an operand");
  }
  std::vector<Operand> operands;
  int longest = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    PEEL_RETURN_IF_ERROR(RequireSameType(*args.inputs[i], y));
    const int letters = static_cast<int>(std::count_if(terms[i].begin(), terms[i].end(), IsLetter));
    const int ellipsis = std::max(0, args.inputs[i]->rank() - letters);
    if (terms[i].find("...") != std::string::npos) longest = std::max(longest, ellipsis);
    PEEL_ASSIGN_OR_RETURN(Indices indices, ParseTerm(terms[i], ellipsis));
    if (static_cast<int>(indices.size()) != args.inputs[i]->rank()) {
      return InvalidArgument("a term of the equation does not have its operand's rank");
    }
    operands.push_back({*args.inputs[i], std::move(indices)});
  }
  PEEL_ASSIGN_OR_RETURN(const auto extents, ExtentsOf(operands));
  PEEL_ASSIGN_OR_RETURN(const Indices result, ResultIndices(equation, operands, longest));
  Shape shape;
  for (const Index index : result) {
    const auto it = extents.find(index);
    if (it == extents.end() || std::count(result.begin(), result.end(), index) != 1) {
      return InvalidArgument("the equation's result has a wrong index");
    }
    shape.push_back(it->second);
  }
  PEEL_RETURN_IF_ERROR(RequireShape(y, shape, "the output"));

  return DispatchNumber(y.type(), [&]<typename T>() -> Status {
    return ContractAll<T>(operands, result, extents, y);
  });
}

constexpr ReferenceEntry kEntries[] = {{"", "Einsum", 12, Widened<Einsum>}};

}  // namespace

std::span<const ReferenceEntry> EinsumOps() { return kEntries; }

}  // namespace peel::engine::reference
