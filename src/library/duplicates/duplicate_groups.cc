#include "src/library/duplicates/duplicate_groups.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <numeric>
#include <tuple>
#include <utility>

#include "src/library/duplicates/embedding_index.h"
#include "src/library/duplicates/hamming_index.h"
#include "src/library/duplicates/links.h"

namespace peel::library {
namespace {

constexpr int kLeastHashQuality = 50;  // PDQ's own advice
// Tables are looked up at their own value and at those with one other bit: below 32 that is exact.
constexpr int kPartBits = 1;
// Which of PdqHashes::orientations are turned by a quarter, so that width and height change places.
constexpr std::array<bool, 8> kTurnsSides = {false, true, false, true, false, false, true, true};
// A twentieth less of one side, and whole pixels of small pictures.
constexpr double kSameShape = 1.08;

// Of an item the nearest links are kept, of equally near ones those to the first items: ten
// thousand blank pages would have a hundred million. All of them still have the first one in
// common.
constexpr size_t kMostLinks = 128;

void KeepNearest(std::vector<Link>* links) {
  std::sort(links->begin(), links->end(), [](const Link& x, const Link& y) {
    return std::tie(x.b, x.distance) < std::tie(y.b, y.distance);
  });
  links->erase(std::unique(links->begin(), links->end(),
                           [](const Link& x, const Link& y) { return x.b == y.b; }),
               links->end());
  if (links->size() <= kMostLinks) return;
  std::sort(links->begin(), links->end(), [](const Link& x, const Link& y) {
    return std::tie(x.distance, x.b) < std::tie(y.distance, y.b);
  });
  links->resize(kMostLinks);
}

// Whether the sides have the same proportions, or one of the pictures does not tell its size.
bool OneShape(const ShotFacts& a, const ShotFacts& b, bool turned) {
  if (a.width <= 0 || a.height <= 0 || b.width <= 0 || b.height <= 0) return true;
  const double of_a = static_cast<double>(a.width) / a.height;
  const double of_b =
      turned ? static_cast<double>(b.height) / b.width : static_cast<double>(b.width) / b.height;
  return of_a <= of_b * kSameShape && of_b <= of_a * kSameShape;
}

class Finder {
 public:
  Finder(std::span<const DuplicateItem> items, const HashesOf& hashes_of,
         const HalfRows& embeddings, const DuplicateOptions& options, ThreadPool* pool)
      : items_(items),
        hashes_of_(hashes_of),
        embeddings_(embeddings),
        options_(options),
        pool_(pool),
        stands_for_itself_(items.size(), true) {}

  Result<std::vector<DuplicateGroup>> Run() {
    FindExact();
    PEEL_RETURN_IF_ERROR(FindSame());
    PEEL_RETURN_IF_ERROR(FindSimilar());
    return std::move(groups_);
  }

 private:
  void FindExact() {
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < items_.size(); ++i) {
      if (items_[i].content_hash != 0) order.push_back(i);
    }
    const auto key = [this](uint32_t i) {
      return std::pair(items_[i].content_hash, items_[i].facts.bytes);
    };
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return std::pair(key(a), a) < std::pair(key(b), b); });
    std::vector<Star> stars;
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      end = begin + 1;
      while (end < order.size() && key(order[end]) == key(order[begin])) ++end;
      if (end - begin < 2) continue;
      Star star{order[begin], {}};
      for (size_t i = begin + 1; i < end; ++i) star.rays.push_back({order[begin], order[i], 0});
      stars.push_back(std::move(star));
    }
    std::sort(stars.begin(), stars.end(),
              [](const Star& x, const Star& y) { return x.centre < y.centre; });
    for (const Star& star : stars) AddGroup(Tier::kExact, star);
  }

  bool MayBeOneCapture(const DuplicateItem& a, const DuplicateItem& b) const {
    if (a.camera != 0 && b.camera != 0 && a.camera != b.camera) return false;
    if (a.taken_ms == kNoTime || b.taken_ms == kNoTime) return true;
    if (a.taken_ms == b.taken_ms) return true;
    // Programs drop the fraction of a second: only whole seconds count against one without.
    const bool whole = a.taken_ms % 1000 == 0 || b.taken_ms % 1000 == 0;
    return whole && a.taken_ms / 1000 == b.taken_ms / 1000;
  }

  Status FindSame() {
    std::vector<uint32_t> which;
    std::vector<PdqHash> hashes;
    for (uint32_t i = 0; i < items_.size(); ++i) {
      if (!stands_for_itself_[i] || items_[i].hash_quality < kLeastHashQuality) continue;
      which.push_back(i);
      hashes.push_back(items_[i].hash);
    }
    PEEL_ASSIGN_OR_RETURN(const HammingIndex index, HammingIndex::Build(hashes));
    std::vector<Link> links;
    PEEL_RETURN_IF_ERROR(Collect(which.size(), &links, [&](size_t i, std::vector<Link>* found) {
      PEEL_ASSIGN_OR_RETURN(const PdqHashes all, hashes_of_(which[i]));
      std::vector<HammingIndex::Match> matches;
      const auto search = [&](const PdqHash& hash, int distance, bool turned) {
        matches.clear();
        index.Search(hash, distance, kPartBits, &matches);
        const uint32_t a = which[i];
        for (const HammingIndex::Match& match : matches) {
          const uint32_t b = which[match.row];
          if (a != b && MayBeOneCapture(items_[a], items_[b]) &&
              OneShape(items_[a].facts, items_[b].facts, turned)) {
            found->push_back({a, b, static_cast<float>(match.distance)});
          }
        }
      };
      for (size_t turn = 0; turn < all.orientations.size(); ++turn) {
        search(all.orientations[turn], options_.same_distance, kTurnsSides[turn]);
      }
      for (const PdqHash& hash : all.crops) search(hash, options_.crop_distance, false);
      return OkStatus();
    }));
    for (const Star& star : TakeStars(links, items_.size())) AddGroup(Tier::kSame, star);
    return OkStatus();
  }

  Status FindSimilar() {
    if (embeddings_.count == 0) return OkStatus();
    if (embeddings_.count != items_.size()) {
      return InvalidArgument("there must be a row of an embedding for each picture");
    }
    PEEL_ASSIGN_OR_RETURN(const EmbeddingIndex index, EmbeddingIndex::Build(embeddings_, pool_));
    std::vector<Link> links;
    PEEL_RETURN_IF_ERROR(Collect(items_.size(), &links, [&](size_t i, std::vector<Link>* found) {
      if (!stands_for_itself_[i]) return OkStatus();
      const std::vector<float> query = FromHalfRow({embeddings_.row(i), embeddings_.dimensions});
      std::vector<CosineMatch> matches;
      index.Search(query, options_.similar_cosine, &matches);
      for (const CosineMatch& match : matches) {
        if (match.row == i || !stands_for_itself_[match.row]) continue;
        found->push_back({static_cast<uint32_t>(i), static_cast<uint32_t>(match.row),
                          std::max(0.0f, 1 - match.cosine)});
      }
      return OkStatus();
    }));
    for (const Star& star : TakeStars(links, items_.size())) AddGroup(Tier::kSimilar, star);
    return OkStatus();
  }

  // links_of(i, &found) for every i below count, on the pool; the nearest of each i. Stops early
  // after an error. Which worker found a link makes no difference: TakeStars sorts them.
  template <typename F>
  Status Collect(size_t count, std::vector<Link>* links, const F& links_of) {
    constexpr size_t kAtOnce = 32;
    std::mutex mutex;
    Status status;
    const auto part = [&](int64_t index, int /*worker*/) {
      {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!status.ok()) return;
      }
      std::vector<Link> found;
      Status here;
      const size_t begin = static_cast<size_t>(index) * kAtOnce;
      for (size_t i = begin; i < std::min(begin + kAtOnce, count) && here.ok(); ++i) {
        std::vector<Link> mine;
        here = links_of(i, &mine);
        KeepNearest(&mine);
        found.insert(found.end(), mine.begin(), mine.end());
      }
      const std::lock_guard<std::mutex> lock(mutex);
      links->insert(links->end(), found.begin(), found.end());
      if (status.ok()) status = std::move(here);
    };
    const auto parts = static_cast<int64_t>((count + kAtOnce - 1) / kAtOnce);
    if (pool_ != nullptr) {
      pool_->ParallelFor(parts, part);
    } else {
      for (int64_t i = 0; i < parts; ++i) part(i, 0);
    }
    return status;
  }

  // From now on the best stands for the others.
  void AddGroup(Tier tier, const Star& star) {
    if (star.rays.empty()) return;
    DuplicateGroup group;
    group.tier = tier;
    group.members.push_back({.item = star.centre, .reason = {}});
    for (const Link& ray : star.rays) {
      group.members.push_back({.item = ray.b, .distance = ray.distance, .reason = {}});
    }
    // "The first" means the first item, not the centre.
    std::sort(group.members.begin(), group.members.end(),
              [](const GroupMember& x, const GroupMember& y) { return x.item < y.item; });
    std::vector<ShotFacts> facts;
    for (const GroupMember& member : group.members) facts.push_back(items_[member.item].facts);
    BestShot best;
    if (tier == Tier::kExact) {
      // Bytes are one as another, but a live photo's film lies beside one of them alone.
      const auto with_film = std::find_if(facts.begin(), facts.end(),
                                          [](const ShotFacts& shot) { return shot.has_film; });
      const bool differ = with_film != facts.end() && !facts.front().has_film;
      best = {differ ? static_cast<size_t>(with_film - facts.begin()) : 0,
              (differ ? "the first with its film of " : "the first of ") +
                  std::to_string(facts.size()) + " with the same bytes"};
    } else {
      best = tier == Tier::kSame ? BestOfSameCapture(facts) : BestOfShots(facts);
    }
    if (group.members.size() == 2) {
      // Either end of a link may be its centre.
      group.members[1 - best.index].distance = star.rays[0].distance;
      group.members[best.index].distance = 0;
    }
    group.members[best.index].best = true;
    group.members[best.index].reason = std::move(best.reason);
    for (const GroupMember& member : group.members) {
      if (!member.best) stands_for_itself_[member.item] = false;
    }
    std::sort(
        group.members.begin(), group.members.end(), [](const GroupMember& x, const GroupMember& y) {
          return std::tuple(!x.best, x.distance, x.item) < std::tuple(!y.best, y.distance, y.item);
        });
    groups_.push_back(std::move(group));
  }

  std::span<const DuplicateItem> items_;
  const HashesOf& hashes_of_;
  const HalfRows& embeddings_;
  const DuplicateOptions& options_;
  ThreadPool* pool_;
  std::vector<bool> stands_for_itself_;
  std::vector<DuplicateGroup> groups_;
};

}  // namespace

const char* TierName(Tier tier) {
  switch (tier) {
    case Tier::kExact:
      return "exact";
    case Tier::kSame:
      return "same";
    case Tier::kSimilar:
      return "similar";
  }
  return "";
}

Result<std::vector<DuplicateGroup>> FindDuplicates(std::span<const DuplicateItem> items,
                                                   const HashesOf& hashes_of,
                                                   const HalfRows& embeddings,
                                                   const DuplicateOptions& options,
                                                   ThreadPool* pool) {
  if (items.size() >= std::numeric_limits<uint32_t>::max()) {
    return LimitExceeded("duplicates are looked for among 4294967294 pictures at most");
  }
  try {
    return Finder(items, hashes_of, embeddings, options, pool).Run();
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory to compare " + std::to_string(items.size()) + " pictures");
  }
}

}  // namespace peel::library
