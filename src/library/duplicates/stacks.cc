#include "src/library/duplicates/stacks.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "src/library/duplicates/cosine_kernels.h"

namespace peel::library {
namespace {

constexpr int64_t kTogetherMs = 2000;
constexpr float kAlikeCosine = 0.85f;
constexpr int kAlikeDistance = 90;
constexpr int kLeastHashQuality = 50;
// Live photos are 1.5 to 3 s, of some cameras up to 6.
constexpr double kLongestLive = 10;

bool Together(const StackItem& a, const StackItem& b) {
  if (a.taken_ms == kNoTime || b.taken_ms == kNoTime) return true;
  // Clocks of broken files may be anything: no difference that could wrap round.
  const int64_t later = std::max(a.taken_ms, b.taken_ms),
                earlier = std::min(a.taken_ms, b.taken_ms);
  return later <= kTogetherMs + std::min(earlier, INT64_MAX - kTogetherMs);
}

class StackFinder {
 public:
  StackFinder(std::span<const StackItem> items, std::span<const FilmItem> films,
              const HalfRows& embeddings)
      : items_(items), films_(films), embeddings_(embeddings), behind_still_(items.size(), false) {}

  std::vector<Stack> Run() {
    FindByStem();
    FindLive();
    FindBursts();
    std::sort(stacks_.begin(), stacks_.end(), [](const Stack& x, const Stack& y) {
      return std::tuple(x.kind, x.members.front()) < std::tuple(y.kind, y.members.front());
    });
    return std::move(stacks_);
  }

 private:
  void FindByStem() {
    std::vector<size_t> order;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].stem != 0) order.push_back(i);
    }
    std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
      return std::pair(items_[a].stem, a) < std::pair(items_[b].stem, b);
    });
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      end = begin + 1;
      while (end < order.size() && items_[order[end]].stem == items_[order[begin]].stem) ++end;
      AddByStem(std::span(order).subspan(begin, end - begin));
    }
  }

  void AddByStem(std::span<const size_t> members) {
    std::vector<size_t> raws, stills;
    for (const size_t i : members) (items_[i].is_raw ? raws : stills).push_back(i);
    if (raws.empty()) return;
    std::vector<size_t> with_raw = {raws.front()};
    for (const size_t still : stills) {
      if (Together(items_[raws.front()], items_[still])) with_raw.push_back(still);
    }
    if (with_raw.size() < 2) return;
    behind_still_[raws.front()] = true;
    std::sort(with_raw.begin(), with_raw.end());
    stacks_.push_back({StackKind::kRawAndJpeg, std::move(with_raw), {}});
  }

  // The stills that a film belongs to, by item.
  std::vector<size_t> StillsOf(const FilmItem& film, std::span<const size_t> by_identifier,
                               std::span<const size_t> by_stem) const {
    std::vector<size_t> same_stem, others;
    for (const size_t i : by_identifier) {
      if (items_[i].folder != film.folder) continue;
      (items_[i].stem == film.stem ? same_stem : others).push_back(i);
    }
    if (!same_stem.empty()) return same_stem;
    if (!others.empty()) return others;
    if (film.duration_s.value_or(0) > kLongestLive) return {};
    for (const size_t i : by_stem) {
      const bool contradicts = film.identifier != 0 && items_[i].identifier != 0;
      if (items_[i].may_be_live && !contradicts) same_stem.push_back(i);
    }
    return same_stem;
  }

  void FindLive() {
    if (films_.empty()) return;
    std::unordered_map<uint64_t, std::vector<size_t>> by_stem, by_identifier;
    for (const FilmItem& film : films_) {
      if (film.stem != 0) by_stem[film.stem];
      if (film.identifier != 0) by_identifier[film.identifier];
    }
    for (size_t i = 0; i < items_.size(); ++i) {
      if (const auto at = by_stem.find(items_[i].stem); at != by_stem.end())
        at->second.push_back(i);
      const auto at = by_identifier.find(items_[i].identifier);
      if (at != by_identifier.end()) at->second.push_back(i);
    }
    // Films that share a still are of one stack.
    std::unordered_map<size_t, size_t> stack_of;  // of a still
    const std::vector<size_t> none;
    const auto of = [&](const auto& map, uint64_t key) -> const std::vector<size_t>& {
      const auto at = map.find(key);
      return at != map.end() ? at->second : none;
    };
    for (size_t f = 0; f < films_.size(); ++f) {
      const std::vector<size_t> stills =
          StillsOf(films_[f], of(by_identifier, films_[f].identifier), of(by_stem, films_[f].stem));
      if (stills.empty()) continue;
      size_t stack = stacks_.size();
      for (const size_t still : stills) {
        if (const auto at = stack_of.find(still); at != stack_of.end()) stack = at->second;
      }
      if (stack == stacks_.size()) stacks_.push_back({StackKind::kLive, {}, {}});
      stacks_[stack].films.push_back(f);
      for (const size_t still : stills) {
        if (stack_of.emplace(still, stack).second) stacks_[stack].members.push_back(still);
      }
    }
    for (Stack& stack : stacks_) {
      if (stack.kind == StackKind::kLive) std::sort(stack.members.begin(), stack.members.end());
    }
  }

  bool HasEmbedding(size_t i) const {
    if (embeddings_.count != items_.size()) return false;
    const uint16_t* row = embeddings_.row(i);
    return std::any_of(row, row + embeddings_.dimensions, [](uint16_t half) { return half != 0; });
  }

  bool Alike(size_t a, size_t b) const {
    if (HasEmbedding(a) && HasEmbedding(b)) {
      const std::vector<float> query = FromHalfRow({embeddings_.row(a), embeddings_.dimensions});
      float cosine = 0;
      HalfDotProducts(query.data(), embeddings_.row(b), 1, embeddings_.dimensions, &cosine);
      return cosine >= kAlikeCosine;
    }
    return items_[a].hash_quality >= kLeastHashQuality &&
           items_[b].hash_quality >= kLeastHashQuality &&
           HammingDistance(items_[a].hash, items_[b].hash) <= kAlikeDistance;
  }

  void FindBursts() {
    std::vector<size_t> order;
    for (size_t i = 0; i < items_.size(); ++i) {
      const StackItem& item = items_[i];
      if (item.camera != 0 && item.taken_ms != kNoTime && !behind_still_[i]) {
        order.push_back(i);
      }
    }
    std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
      return std::tuple(items_[a].camera, items_[a].taken_ms, a) <
             std::tuple(items_[b].camera, items_[b].taken_ms, b);
    });
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      end = begin + 1;
      while (end < order.size() && items_[order[end]].camera == items_[order[begin]].camera &&
             Together(items_[order[end - 1]], items_[order[end]]) &&
             Alike(order[end - 1], order[end])) {
        ++end;
      }
      // Copies of one shot have one time; a burst has two at least.
      if (items_[order[begin]].taken_ms == items_[order[end - 1]].taken_ms) continue;
      stacks_.push_back({StackKind::kBurst,
                         std::vector<size_t>(order.begin() + static_cast<ptrdiff_t>(begin),
                                             order.begin() + static_cast<ptrdiff_t>(end)),
                         {}});
    }
  }

  std::span<const StackItem> items_;
  std::span<const FilmItem> films_;
  const HalfRows& embeddings_;
  std::vector<bool> behind_still_;  // raw files whose still stands for them
  std::vector<Stack> stacks_;
};

}  // namespace

const char* StackName(StackKind kind) {
  switch (kind) {
    case StackKind::kRawAndJpeg:
      return "raw+jpeg";
    case StackKind::kBurst:
      return "burst";
    case StackKind::kLive:
      return "live";
  }
  return "";
}

std::vector<Stack> FindStacks(std::span<const StackItem> items, std::span<const FilmItem> films,
                              const HalfRows& embeddings) {
  return StackFinder(items, films, embeddings).Run();
}

}  // namespace peel::library
