#include "src/library/duplicates/stacks.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "src/library/duplicates/cosine_kernels.h"

namespace peel::library {
namespace {

constexpr int64_t kTogetherMs = 2000;
constexpr float kAlikeCosine = 0.85f;
constexpr int kAlikeDistance = 90;
constexpr int kLeastHashQuality = 50;

bool Together(const StackItem& a, const StackItem& b) {
  if (a.taken_ms == kNoTime || b.taken_ms == kNoTime) return true;
  // Clocks of broken files may be anything: no difference that could wrap round.
  const int64_t later = std::max(a.taken_ms, b.taken_ms),
                earlier = std::min(a.taken_ms, b.taken_ms);
  return later <= kTogetherMs + std::min(earlier, INT64_MAX - kTogetherMs);
}

class StackFinder {
 public:
  StackFinder(std::span<const StackItem> items, const HalfRows& embeddings)
      : items_(items), embeddings_(embeddings), behind_still_(items.size(), false) {}

  std::vector<Stack> Run() {
    FindByStem();
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
    std::vector<size_t> raws, stills, films;
    for (const size_t i : members) {
      const FileKind kind = items_[i].kind;
      (kind == FileKind::kRaw ? raws : kind == FileKind::kStill ? stills : films).push_back(i);
    }
    if (!raws.empty()) {
      std::vector<size_t> with_raw = {raws.front()};
      for (const size_t still : stills) {
        if (Together(items_[raws.front()], items_[still])) with_raw.push_back(still);
      }
      if (with_raw.size() > 1) {
        behind_still_[raws.front()] = true;
        Add(StackKind::kRawAndJpeg, std::move(with_raw));
      }
    }
    if (!films.empty() && !stills.empty()) {
      stills.insert(stills.end(), films.begin(), films.end());
      Add(StackKind::kLive, std::move(stills));
    }
  }

  void Add(StackKind kind, std::vector<size_t> members) {
    std::sort(members.begin(), members.end());
    stacks_.push_back({kind, std::move(members)});
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
      if (item.camera != 0 && item.taken_ms != kNoTime && item.kind != FileKind::kFilm &&
          !behind_still_[i]) {
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
      stacks_.push_back(
          {StackKind::kBurst, std::vector<size_t>(order.begin() + static_cast<ptrdiff_t>(begin),
                                                  order.begin() + static_cast<ptrdiff_t>(end))});
    }
  }

  std::span<const StackItem> items_;
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

std::vector<Stack> FindStacks(std::span<const StackItem> items, const HalfRows& embeddings) {
  return StackFinder(items, embeddings).Run();
}

}  // namespace peel::library
