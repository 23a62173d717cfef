#include "src/codec/deflate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "src/codec/deflate_block.h"

namespace peel {
namespace {

constexpr int kHashBits = 15;
constexpr int kWindow = 32768;
constexpr int kMinMatch = 4;
// Positions among which the cheapest way is sought at once.
constexpr int kSegment = 1 << 14;
constexpr size_t kTokensPerBlock = 24 * 1024;
constexpr size_t kBytesPerBlock = size_t{4} << 20;
// A bit costs this much.
constexpr int kBit = 32;

uint32_t Load32(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

uint64_t Load64(const uint8_t* p) {
  uint64_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

int MatchLength(const uint8_t* a, const uint8_t* b, int limit) {
  int length = 0;
  for (; length + 8 <= limit; length += 8) {
    const uint64_t differ = Load64(a + length) ^ Load64(b + length);
    if (differ != 0) return length + (std::countr_zero(differ) >> 3);
  }
  while (length < limit && a[length] == b[length]) ++length;
  return length;
}

// What each symbol is going to cost, from what the last ones did.
struct Prices {
  std::array<uint32_t, 256> literal;
  std::array<uint32_t, kMaxMatch + 1> length;
  std::array<uint32_t, 30> distance;

  void Update(const SymbolCounts& counts) {
    const auto price = [](uint32_t count, double log_total) {
      // As if each symbol had been seen a little more; a code has one bit at least.
      const double bits = log_total - std::log2(count + 0.4);
      return std::max<uint32_t>(kBit, static_cast<uint32_t>(bits * kBit));
    };
    double total = 1, distance_total = 1;
    for (const uint32_t n : counts.literal) total += n + 0.4;
    for (const uint32_t n : counts.distance) distance_total += n + 0.4;
    total = std::log2(total);
    distance_total = std::log2(distance_total);
    for (size_t s = 0; s < 256; ++s) literal[s] = price(counts.literal[s], total);
    for (int l = 3; l <= kMaxMatch; ++l) {
      const LengthCode& code = kLengthCodes[l];
      // Lengths of one symbol follow each other.
      length[l] = l > 3 && kLengthCodes[l - 1].symbol == code.symbol
                      ? length[l - 1]
                      : price(counts.literal[code.symbol], total) + code.extra * kBit;
    }
    for (size_t s = 0; s < 30; ++s) {
      distance[s] =
          price(counts.distance[s], distance_total) + uint32_t{kDistanceCodes[s].extra} * kBit;
    }
  }
};

class Packer {
 public:
  Packer(std::span<const uint8_t> data, size_t history, const DeflateEffort& effort,
         BitWriter* writer)
      : base_(data.data() - history),
        at_(static_cast<int>(history)),
        end_(static_cast<int>(history + data.size())),
        block_(at_),
        effort_(effort),
        writer_(writer) {
    head_.fill(-kWindow - 1);
    for (int i = 0; i < at_; ++i) Insert(i);
    Guess();
  }

  void Pack(bool last) {
    while (at_ < end_) {
      Segment();
      if (tokens_.size() >= kTokensPerBlock || at_ - block_ >= static_cast<int>(kBytesPerBlock)) {
        FlushBlock(last && at_ == end_);
      }
    }
    if (!tokens_.empty() || (last && !finished_)) FlushBlock(last);
    if (!last) WriteSync(writer_);
  }

 private:
  // First prices: the coming bytes as literals, and matches as they usually are.
  void Guess() {
    SymbolCounts counts;
    const int end = std::min(end_, at_ + kSegment);
    for (int i = at_; i < end; ++i) ++counts.literal[base_[i]];
    const auto rare = static_cast<uint32_t>((end - at_) / 256);
    for (int s = 257; s < 286; ++s) counts.literal[s] = rare;
    counts.distance.fill(1);
    prices_.Update(counts);
  }

  // Of five bytes: matches of four hardly ever pay, and the latest place with five equal bytes is a
  // better one than the latest with four.
  uint32_t HashAt(int i) const {
    return static_cast<uint32_t>((Load64(base_ + i) << 24) * 0x9E3779B97F4A7C15u >>
                                 (64 - kHashBits));
  }

  int Insert(int i) {
    if (i + 8 > end_) return -kWindow - 1;
    int32_t& head = head_[HashAt(i)];
    const int candidate = head;
    previous_[static_cast<size_t>(i) & (kWindow - 1)] = candidate;
    head = i;
    return candidate;
  }

  void Add(DeflateToken token) {
    tokens_.push_back(token);
    if (token < 256) {
      ++counts_.literal[token];
    } else {
      ++counts_.literal[kLengthCodes[token >> 16].symbol];
      ++counts_.distance[DistanceSymbol(token & 0xFFFF)];
    }
  }

  // The cheapest way from at_ to some point at most kSegment on.
  void Segment() {
    const int start = at_;
    const int size = std::min(kSegment, end_ - start);
    std::fill_n(cost_.begin(), size + 1, UINT32_MAX);
    cost_[0] = 0;
    int i = 0;
    DeflateToken jump = 0;
    for (; i < size; ++i) {
      const int here = start + i;
      const uint32_t so_far = cost_[i];
      const uint32_t as_literal = so_far + prices_.literal[base_[here]];
      if (as_literal < cost_[i + 1]) {
        cost_[i + 1] = as_literal;
        step_[i + 1] = base_[here];
      }
      jump = Search(here, i, size - i);
      if (jump != 0) break;
    }
    Collect(i);
    at_ = start + i;
    if (jump != 0) Jump(jump);
    Learn();
  }

  // Tries all matches at `here`; returns one that is to be taken without further thought, or 0.
  DeflateToken Search(int here, int i, int room) {
    int candidate = Insert(here);
    const int limit = std::min(room, kMaxMatch);
    if (limit < kMinMatch) return 0;
    const uint8_t* p = base_ + here;
    const uint32_t so_far = cost_[i];
    int best = kMinMatch - 1;
    for (int tries = effort_.chain; tries > 0 && here - candidate < kWindow; --tries) {
      const uint8_t* q = base_ + candidate;
      if (Load32(q + best - 3) == Load32(p + best - 3)) {
        const int length = MatchLength(p, q, limit);
        if (length > best) {
          const auto distance = static_cast<uint32_t>(here - candidate);
          if (length >= effort_.nice) return static_cast<uint32_t>(length) << 16 | distance;
          const uint32_t base = so_far + prices_.distance[DistanceSymbol(distance)];
          for (int l = best + 1; l <= length; ++l) {
            const uint32_t cost = base + prices_.length[l];
            if (cost < cost_[i + l]) {
              cost_[i + l] = cost;
              step_[i + l] = static_cast<uint32_t>(l) << 16 | distance;
            }
          }
          best = length;
          if (best >= limit) break;
        }
      }
      candidate = previous_[static_cast<size_t>(candidate) & (kWindow - 1)];
    }
    return 0;
  }

  // Adds the steps of the cheapest way to position i of the segment.
  void Collect(int i) {
    const size_t first = tokens_.size();
    path_.clear();
    while (i > 0) {
      const DeflateToken token = step_[i];
      path_.push_back(token);
      i -= token < 256 ? 1 : static_cast<int>(token >> 16);
    }
    tokens_.reserve(first + path_.size());
    for (auto it = path_.rbegin(); it != path_.rend(); ++it) Add(*it);
  }

  // Takes a long match, and goes on for as long as what is copied goes on.
  void Jump(DeflateToken token) {
    const int distance = static_cast<int>(token & 0xFFFF);
    int length = static_cast<int>(token >> 16);
    while (length >= kMinMatch) {
      Add(static_cast<uint32_t>(length) << 16 | static_cast<uint32_t>(distance));
      // In a long run every place looks like its neighbour; its end is what will be looked for.
      const int skip = std::max(1, length - 32);
      for (int i = skip; i < length; ++i) Insert(at_ + i);
      at_ += length;
      if (length < kMaxMatch) break;
      length = MatchLength(base_ + at_, base_ + at_ - distance, std::min(end_ - at_, kMaxMatch));
      if (length < effort_.nice) break;
      Insert(at_);
    }
  }

  void Learn() {
    // The running counts of this block, or of the last while this one is young.
    if (tokens_.size() >= 4096) prices_.Update(counts_);
  }

  void FlushBlock(bool last) {
    WriteDeflateBlock(tokens_, counts_, {base_ + block_, static_cast<size_t>(at_ - block_)}, last,
                      writer_);
    prices_.Update(counts_);
    tokens_.clear();
    counts_ = SymbolCounts();
    block_ = at_;
    finished_ = last;
  }

  const uint8_t* base_;
  int at_;
  int end_;
  int block_;  // where the block began
  bool finished_ = false;
  DeflateEffort effort_;
  BitWriter* writer_;
  Prices prices_;
  SymbolCounts counts_;
  std::vector<DeflateToken> tokens_, path_;
  std::array<int32_t, 1 << kHashBits> head_;
  std::array<int32_t, kWindow> previous_;
  std::array<uint32_t, kSegment + 1> cost_;
  std::array<DeflateToken, kSegment + 1> step_;
};

}  // namespace

size_t DeflatePiece(std::span<const uint8_t> data, size_t history, bool last,
                    const DeflateEffort& effort, uint8_t* out) {
  BitWriter writer(out);
  const auto packer =
      std::make_unique<Packer>(data, std::min<size_t>(history, kWindow), effort, &writer);
  packer->Pack(last);
  writer.AlignToByte();
  return writer.size();
}

uint32_t CombineAdler32(uint32_t first, uint32_t second, uint64_t second_bytes) {
  constexpr uint64_t kPrime = 65521;
  const uint64_t n = second_bytes % kPrime;
  const uint64_t a1 = first & 0xFFFF, b1 = first >> 16;
  const uint64_t a2 = second & 0xFFFF, b2 = second >> 16;
  // Both begin with a = 1: the second's share of it is taken out again.
  const uint64_t a = (a1 + a2 + kPrime - 1) % kPrime;
  const uint64_t b = (b1 + b2 + n * (a1 + kPrime - 1)) % kPrime;
  return static_cast<uint32_t>(b << 16 | a);
}

}  // namespace peel
