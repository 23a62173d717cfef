#include "src/codec/png/deflate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "src/codec/png/deflate_block.h"

namespace peel {
namespace {

constexpr int kHashBits = 15;
constexpr int kWindow = 32768;
constexpr int kMinMatch = 5;  // see HashOf
// Positions over which an optimal parse is made at once.
constexpr int kSegment = 1 << 12;
constexpr size_t kTokensPerBlock = size_t{24} << 10;
constexpr size_t kBytesPerBlock = size_t{4} << 20;
// Bytes from which the first symbol costs are estimated.
constexpr int kEstimateBytes = 1 << 14;
// Costs are in fractions of a bit: this many make one.
constexpr int kBit = 32;

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

// Estimated cost of each symbol in the block to come, from the counts of the symbols before it.
struct SymbolCosts {
  std::array<uint32_t, 256> literal;
  std::array<uint32_t, 30> distance;
  // A length's cost in the upper half, its part of the token in the lower.
  std::array<uint64_t, kMaxMatch + 1> length_cost;

  void Update(const SymbolCounts& counts) {
    const auto cost = [](uint32_t count, double log_total) {
      // As if each symbol had been seen a little more; a code has one bit at least.
      const double bits = log_total - std::log2(count + 0.4);
      return std::max<uint32_t>(kBit, static_cast<uint32_t>(bits * kBit));
    };
    double total = 1, distance_total = 1;
    for (const uint32_t n : counts.literal) total += n + 0.4;
    for (const uint32_t n : counts.distance) distance_total += n + 0.4;
    total = std::log2(total);
    distance_total = std::log2(distance_total);
    for (size_t s = 0; s < 256; ++s) literal[s] = cost(counts.literal[s], total);
    uint64_t upper = 0;
    for (int l = 3, symbol = 0; l <= kMaxMatch; ++l) {
      const LengthCode& code = kLengthCodes[l];
      // Lengths of one symbol follow each other.
      if (code.symbol != symbol) {
        symbol = code.symbol;
        upper = uint64_t{cost(counts.literal[symbol], total) + code.extra * kBit} << 32;
      }
      length_cost[l] = upper | static_cast<uint64_t>(l) << 16;
    }
    for (size_t s = 0; s < 30; ++s) {
      distance[s] =
          cost(counts.distance[s], distance_total) + uint32_t{kDistanceCodes[s].extra} * kBit;
    }
  }
};

class Encoder {
 public:
  Encoder(std::span<const uint8_t> data, size_t history, const DeflateEffort& effort,
          BitWriter* writer)
      : base_(data.data() - history),
        at_(static_cast<int>(history)),
        end_(static_cast<int>(history + data.size())),
        block_(at_),
        effort_(effort),
        writer_(writer) {
    head_.fill(-kWindow - 1);
    for (int i = 0; i < at_; ++i) Insert(i);
    EstimateCosts();
  }

  void Encode(bool last) {
    while (at_ < end_) {
      EncodeSegment();
      if (tokens_.size() >= kTokensPerBlock || at_ - block_ >= static_cast<int>(kBytesPerBlock)) {
        FlushBlock(last && at_ == end_);
      }
    }
    if (!tokens_.empty() || (last && !finished_)) FlushBlock(last);
    if (!last) WriteSync(writer_);
  }

 private:
  // First costs: the coming bytes as literals, and matches as they usually are.
  void EstimateCosts() {
    SymbolCounts counts;
    const int end = std::min(end_, at_ + kEstimateBytes);
    for (int i = at_; i < end; ++i) ++counts.literal[base_[i]];
    const auto rare = static_cast<uint32_t>((end - at_) / 256);
    for (int s = 257; s < 286; ++s) counts.literal[s] = rare;
    counts.distance.fill(1);
    costs_.Update(counts);
  }

  // Of five bytes: matches of four hardly ever pay, and the latest place with five equal bytes is a
  // better one than the latest with four.
  static uint32_t HashOf(uint64_t bytes) {
    return static_cast<uint32_t>((bytes << 24) * 0x9E3779B97F4A7C15u >> (64 - kHashBits));
  }

  void Insert(int i) {
    if (i + 8 > end_) return;
    int32_t& head = head_[HashOf(Load64(base_ + i))];
    previous_[static_cast<size_t>(i) & (kWindow - 1)] = head;
    head = i;
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

  // The optimal parse from at_ to some point at most kSegment on.
  void EncodeSegment() {
    const int size = std::min(kSegment, end_ - at_);
    const ParseEnd end = effort_.chain > 1 ? Parse<true>(size) : Parse<false>(size);
    Backtrack(end.at);
    at_ += end.at;
    if (end.match != 0) TakeLongMatch(end.match);
    UpdateCosts();
  }

  struct ParseEnd {
    int at;              // positions parsed
    DeflateToken match;  // a match of nice length found there, taken without comparing; or 0
  };

  // The forward pass of the optimal parse: finds the cheapest sequence of tokens to each of the
  // next `size` positions, up to the first match of nice length. Members are read into locals
  // first: what is stored might alias them.
  template <bool kChain>
  ParseEnd Parse(int size) {
    const uint8_t* const base = base_;
    const int start = at_, nice = effort_.nice;
    const SymbolCosts& costs = costs_;
    uint64_t* const best_to = best_to_.data();
    std::fill_n(best_to, size + 1, UINT64_MAX);
    best_to[0] = 0;
    for (int i = 0; i < size; ++i) {
      const int here = start + i;
      const uint8_t* const p = base + here;
      const uint64_t so_far = best_to[i] >> 32;
      best_to[i + 1] = std::min(best_to[i + 1], (so_far + costs.literal[*p]) << 32 | *p);
      if (here + 8 > end_) continue;  // too near the end for a match to matter

      const uint64_t word = Load64(p);
      int32_t& head = head_[HashOf(word)];
      int candidate = head;
      head = here;
      if constexpr (kChain) previous_[static_cast<size_t>(here) & (kWindow - 1)] = candidate;
      const int limit = std::min(size - i, kMaxMatch);
      int best = kMinMatch - 1;
      for (int tries = kChain ? effort_.chain : 1; tries > 0 && here - candidate < kWindow;
           --tries) {
        const uint8_t* const q = base + candidate;
        const uint64_t differ = word ^ Load64(q);
        int length = differ == 0 ? 8 : std::countr_zero(differ) >> 3;
        if (length == 8 && limit > 8) length += MatchLength(p + 8, q + 8, limit - 8);
        length = std::min(length, limit);
        if (length > best) {
          const auto distance = static_cast<uint32_t>(here - candidate);
          if (length >= nice) return {i, static_cast<uint32_t>(length) << 16 | distance};
          const uint64_t match =
              (so_far + costs.distance[DistanceSymbol(distance)]) << 32 | distance;
          for (int l = best + 1; l <= length; ++l) {
            best_to[i + l] = std::min(best_to[i + l], match + costs.length_cost[l]);
          }
          best = length;
          if (best >= limit) break;
        }
        if constexpr (kChain) candidate = previous_[static_cast<size_t>(candidate) & (kWindow - 1)];
      }
    }
    return {size, 0};
  }

  // Adds the tokens of the cheapest sequence to position i of the segment, followed from its end.
  void Backtrack(int i) {
    const size_t first = tokens_.size();
    path_.clear();
    while (i > 0) {
      const auto token = static_cast<DeflateToken>(best_to_[i]);
      path_.push_back(token);
      i -= token < 256 ? 1 : static_cast<int>(token >> 16);
    }
    tokens_.reserve(first + path_.size());
    for (auto it = path_.rbegin(); it != path_.rend(); ++it) Add(*it);
  }

  // Takes a match of nice length, and more of the same distance for as long as the repetition
  // lasts.
  void TakeLongMatch(DeflateToken token) {
    const int distance = static_cast<int>(token & 0xFFFF);
    int length = static_cast<int>(token >> 16);
    while (length >= kMinMatch) {
      Add(static_cast<uint32_t>(length) << 16 | static_cast<uint32_t>(distance));
      // In a long run every position looks like its neighbour; later searches want its end.
      const int skip = std::max(1, length - 32);
      for (int i = skip; i < length; ++i) Insert(at_ + i);
      at_ += length;
      if (length < kMaxMatch) break;
      length = MatchLength(base_ + at_, base_ + at_ - distance, std::min(end_ - at_, kMaxMatch));
      if (length < effort_.nice) break;
      Insert(at_);
    }
  }

  void UpdateCosts() {
    // The running counts of this block, or of the last while this one is young.
    if (tokens_.size() < costed_ + 4096) return;
    costs_.Update(counts_);
    costed_ = tokens_.size();
  }

  void FlushBlock(bool last) {
    WriteDeflateBlock(tokens_, counts_, {base_ + block_, static_cast<size_t>(at_ - block_)}, last,
                      writer_);
    costs_.Update(counts_);
    costed_ = 0;
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
  SymbolCosts costs_;
  size_t costed_ = 0;  // tokens of this block that the costs include
  SymbolCounts counts_;
  std::vector<DeflateToken> tokens_, path_;
  std::array<int32_t, 1 << kHashBits> head_;
  std::array<int32_t, kWindow> previous_;
  // For each position of a segment: the least cost of reaching it in the upper half, the last token
  // on the way there in the lower.
  std::array<uint64_t, kSegment + 1> best_to_;
};

}  // namespace

size_t DeflatePiece(std::span<const uint8_t> data, size_t history, bool last,
                    const DeflateEffort& effort, uint8_t* out) {
  BitWriter writer(out);
  const auto encoder =
      std::make_unique<Encoder>(data, std::min<size_t>(history, kWindow), effort, &writer);
  encoder->Encode(last);
  writer.AlignToByte();
  return writer.size();
}

uint32_t CombineAdler32(uint32_t first, uint32_t second, uint64_t second_bytes) {
  constexpr uint64_t kPrime = 65521;
  const uint64_t n = second_bytes % kPrime;
  const uint64_t a1 = first & 0xFFFF, b1 = first >> 16;
  const uint64_t a2 = second & 0xFFFF, b2 = second >> 16;
  // Both begin with a = 1: the second's is subtracted again.
  const uint64_t a = (a1 + a2 + kPrime - 1) % kPrime;
  const uint64_t b = (b1 + b2 + n * (a1 + kPrime - 1)) % kPrime;
  return static_cast<uint32_t>(b << 16 | a);
}

}  // namespace peel
