#include "src/engine/quantize/select.h"

#include <algorithm>
#include <numeric>

namespace peel::engine {
namespace {

constexpr int kExtraTrials = 10;  // attempts to fit in more after the bisection

}  // namespace

Result<Selection> SelectParts(std::span<const double> worth, std::span<const char> fixed,
                              const Tolerance& tolerance, int probe_pictures, const Trial& trial,
                              const QuantizeProgress& progress) {
  const size_t n = worth.size();
  Selection result;
  std::vector<size_t> open;
  for (size_t i = 0; i < n; ++i) {
    if (worth[i] > 0 && !fixed[i]) open.push_back(i);
  }
  const auto tell = [&](std::string_view stage, size_t done, size_t total) {
    if (progress) progress(stage, static_cast<int>(done), static_cast<int>(total));
  };
  const auto run = [&](std::span<const size_t> parts, int pictures) {
    std::vector<char> chosen(n);
    for (const size_t i : parts) chosen[i] = 1;
    ++result.trials;
    return trial(chosen, pictures);
  };
  const auto settle = [&](std::span<const size_t> parts, const MaskError& error) {
    result.chosen.assign(n, 0);
    for (const size_t i : parts) result.chosen[i] = 1;
    result.error = error;
  };
  settle({}, {});
  if (open.empty()) return result;

  tell("trying all layers", 0, 1);
  PEEL_ASSIGN_OR_RETURN(const MaskError all, run(open, 0));
  if (tolerance.Holds(all)) {
    settle(open, all);
    return result;
  }

  result.used.assign(n, 0);
  for (size_t k = 0; k < open.size(); ++k) {
    tell("trying each layer", k, open.size());
    PEEL_ASSIGN_OR_RETURN(const MaskError alone, run(std::span(&open[k], 1), probe_pictures));
    result.used[open[k]] = tolerance.Used(alone);
  }
  const auto price = [&](size_t i) { return result.used[i] * result.used[i] / worth[i]; };
  std::stable_sort(open.begin(), open.end(),
                   [&](size_t a, size_t b) { return price(a) < price(b); });

  size_t good = 0, bad = open.size();
  while (bad - good > 1) {
    const size_t middle = good + (bad - good) / 2;
    tell("bisecting", open.size() - (bad - good), open.size());
    PEEL_ASSIGN_OR_RETURN(const MaskError error, run(std::span(open).first(middle), 0));
    if (tolerance.Holds(error)) {
      good = middle;
      settle(std::span(open).first(good), error);
    } else {
      bad = middle;
    }
  }

  // The first part that did not fit may be the only bad one among the rest.
  std::vector<size_t> kept(open.begin(), open.begin() + static_cast<ptrdiff_t>(good));
  std::vector<size_t> rest(open.begin() + static_cast<ptrdiff_t>(good), open.end());
  if (!rest.empty()) rest.erase(rest.begin());
  size_t step = std::max<size_t>(rest.size() / 2, 1);
  for (int attempt = 0; attempt < kExtraTrials && !rest.empty(); ++attempt) {
    step = std::min(step, rest.size());
    tell("fitting in more", static_cast<size_t>(attempt), kExtraTrials);
    std::vector<size_t> more = kept;
    more.insert(more.end(), rest.begin(), rest.begin() + static_cast<ptrdiff_t>(step));
    PEEL_ASSIGN_OR_RETURN(const MaskError error, run(more, 0));
    if (tolerance.Holds(error)) {
      kept = std::move(more);
      settle(kept, error);
      rest.erase(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(step));
    } else if (step > 1) {
      step /= 2;
    } else {
      rest.erase(rest.begin());
    }
  }
  return result;
}

}  // namespace peel::engine
