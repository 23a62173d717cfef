// Einstein summation.
#include <cctype>
#include <map>
#include <string>
#include <vector>

#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

constexpr char kEllipsis = '.';  // stands for "..." inside a parsed term

// "b...ij" to the letters with one kEllipsis; kCorrupt for anything else.
Result<std::string> ParseTerm(const std::string& text) {
  std::string term;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (c == '.') {
      if (text.compare(i, 3, "...") != 0 || term.find(kEllipsis) != term.npos) {
        return Corrupt("attribute 'equation' has a stray '.'");
      }
      i += 2;
      term += kEllipsis;
      continue;
    }
    if (!std::isalpha(static_cast<unsigned char>(c))) {
      return Corrupt(std::string("attribute 'equation' has a stray '") + c + "'");
    }
    term += c;
  }
  return term;
}

std::vector<std::string> SplitAt(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Extents of the letters and of what the ellipses stand for, over all operands.
struct Extents {
  std::map<char, int64_t> letters;
  std::map<char, int> uses;
  Shape ellipsis;
};

Status Collect(const std::string& term, const Shape& shape, Extents* extents) {
  const bool ellipsis = term.find(kEllipsis) != term.npos;
  const size_t letters = term.size() - (ellipsis ? 1 : 0);
  if (shape.size() < letters || (!ellipsis && shape.size() != letters)) {
    return InvalidArgument("an operand of " + ShapeString(shape) + " does not fit the term '" +
                           term + "'");
  }
  size_t axis = 0;
  for (const char c : term) {
    if (c == kEllipsis) {
      const size_t count = shape.size() - letters;
      const auto begin = shape.begin() + static_cast<std::ptrdiff_t>(axis);
      PEEL_ASSIGN_OR_RETURN(
          extents->ellipsis,
          Broadcast(extents->ellipsis, Shape(begin, begin + static_cast<std::ptrdiff_t>(count))));
      axis += count;
      continue;
    }
    const int64_t extent = shape[axis++];
    ++extents->uses[c];
    const auto [it, added] = extents->letters.emplace(c, extent);
    if (added || it->second == extent || extent == 1) continue;
    if (it->second != 1) {
      return InvalidArgument(std::string("the index '") + c + "' has the extents " +
                             std::to_string(it->second) + " and " + std::to_string(extent));
    }
    it->second = extent;
  }
  return OkStatus();
}

Status Einsum(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  const std::string equation = ctx.node().String("equation", "");
  const size_t arrow = equation.find("->");
  const std::vector<std::string> terms = SplitAt(equation.substr(0, arrow), ',');
  if (terms.size() != static_cast<size_t>(ctx.input_count())) {
    return Corrupt("attribute 'equation' names " + std::to_string(terms.size()) +
                   " operands; there are " + std::to_string(ctx.input_count()));
  }
  Extents extents;
  for (int i = 0; i < ctx.input_count(); ++i) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
    PEEL_ASSIGN_OR_RETURN(const std::string term, ParseTerm(terms[static_cast<size_t>(i)]));
    PEEL_RETURN_IF_ERROR(Collect(term, ctx.InputShape(i), &extents));
  }
  std::string result(1, kEllipsis);
  if (arrow != std::string::npos) {
    PEEL_ASSIGN_OR_RETURN(result, ParseTerm(equation.substr(arrow + 2)));
  } else {
    // Without an arrow: the indices that occur once, in alphabetical order.
    for (const auto& [letter, uses] : extents.uses) {
      if (uses == 1) result += letter;
    }
  }
  Shape out;
  for (size_t i = 0; i < result.size(); ++i) {
    const char c = result[i];
    if (c == kEllipsis) {
      out.insert(out.end(), extents.ellipsis.begin(), extents.ellipsis.end());
      continue;
    }
    const auto it = extents.letters.find(c);
    if (it == extents.letters.end() || result.find(c, i + 1) != result.npos) {
      return Corrupt(std::string("attribute 'equation' has a wrong index '") + c +
                     "' in its result");
    }
    out.push_back(it->second);
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

constexpr OpSchema kSchemas[] = {{"", "Einsum", 12, 1, -1, Einsum}};

}  // namespace

std::span<const OpSchema> EinsumSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas
