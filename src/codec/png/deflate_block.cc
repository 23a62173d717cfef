#include "src/codec/png/deflate_block.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "src/codec/png/huffman.h"

namespace peel {
namespace {

static_assert(std::endian::native == std::endian::little, "BitWriter stores words as they are");

constexpr std::array<LengthCode, kMaxMatch + 1> MakeLengthCodes() {
  std::array<LengthCode, kMaxMatch + 1> codes = {};
  int length = 3;
  for (int symbol = 257; symbol < 285; ++symbol) {
    const int extra = symbol < 265 ? 0 : (symbol - 261) / 4;
    const auto base = static_cast<uint8_t>(length - 3);
    for (int i = 0; i < 1 << extra && length < kMaxMatch; ++i) {
      codes[length++] = {static_cast<uint16_t>(symbol), base, static_cast<uint8_t>(extra)};
    }
  }
  codes[kMaxMatch] = {285, kMaxMatch - 3, 0};
  return codes;
}

constexpr std::array<DistanceCode, 30> MakeDistanceCodes() {
  std::array<DistanceCode, 30> codes = {};
  int distance = 1;
  for (int symbol = 0; symbol < 30; ++symbol) {
    const int extra = symbol < 4 ? 0 : symbol / 2 - 1;
    codes[symbol] = {static_cast<uint16_t>(distance), static_cast<uint8_t>(extra)};
    distance += 1 << extra;
  }
  return codes;
}

constexpr int kLiterals = 286, kDistances = 30;
constexpr std::array<uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                            11, 4,  12, 3, 13, 2, 14, 1, 15};

// The two codes of a block and how they are told to the reader.
struct BlockCodes {
  std::array<uint8_t, kLiterals> literal_length = {};
  std::array<uint8_t, kDistances> distance_length = {};
  std::array<uint16_t, kLiterals> literal = {};
  std::array<uint16_t, kDistances> distance = {};

  int literals = 257, distances = 1, order = 4;  // how many lengths are told
  struct Item {
    uint8_t symbol, value, bits;
  };
  std::array<Item, kLiterals + kDistances> items = {};  // the lengths, runs folded
  int item_count = 0;
  std::array<uint8_t, 19> item_length = {};
  std::array<uint16_t, 19> item_code = {};
  uint64_t head_bits = 0;
};

void FoldLengths(BlockCodes& codes) {
  std::array<uint8_t, kLiterals + kDistances> lengths = {};
  const auto middle = std::copy_n(codes.literal_length.begin(), codes.literals, lengths.begin());
  std::copy_n(codes.distance_length.begin(), codes.distances, middle);
  const int total = codes.literals + codes.distances;
  const auto add = [&](int symbol, int value, int bits) {
    codes.items[codes.item_count++] = {static_cast<uint8_t>(symbol), static_cast<uint8_t>(value),
                                       static_cast<uint8_t>(bits)};
  };
  for (int i = 0; i < total;) {
    int run = 1;
    while (i + run < total && lengths[i + run] == lengths[i]) ++run;
    const int end = i + run;
    if (lengths[i] == 0) {
      while (end - i >= 3) {
        const int take = std::min(end - i, 138);
        if (take >= 11) {
          add(18, take - 11, 7);
        } else {
          add(17, take - 3, 3);
        }
        i += take;
      }
    } else {
      add(lengths[i++], 0, 0);
      while (end - i >= 3) {
        const int take = std::min(end - i, 6);
        add(16, take - 3, 2);
        i += take;
      }
    }
    for (; i < end; ++i) add(lengths[i], 0, 0);
  }
}

BlockCodes MakeDynamic(SymbolCounts counts) {
  // Some readers want a complete distance code even where no or one distance occurs.
  int used = 0;
  for (const uint32_t n : counts.distance) used += n != 0;
  for (int s = 0; used < 2 && s < 2; ++s) {
    if (counts.distance[s] == 0) {
      counts.distance[s] = 1;
      ++used;
    }
  }
  BlockCodes codes;
  MakeHuffmanLengths(counts.literal, 15, codes.literal_length);
  MakeHuffmanLengths(counts.distance, 15, codes.distance_length);
  MakeHuffmanCodes(codes.literal_length, codes.literal);
  MakeHuffmanCodes(codes.distance_length, codes.distance);
  codes.literals = kLiterals;
  while (codes.literals > 257 && codes.literal_length[codes.literals - 1] == 0) --codes.literals;
  codes.distances = kDistances;
  while (codes.distances > 1 && codes.distance_length[codes.distances - 1] == 0) --codes.distances;
  FoldLengths(codes);

  std::array<uint32_t, 19> item_counts = {};
  for (int i = 0; i < codes.item_count; ++i) ++item_counts[codes.items[i].symbol];
  MakeHuffmanLengths(item_counts, 7, codes.item_length);
  MakeHuffmanCodes(codes.item_length, codes.item_code);
  codes.order = 19;
  while (codes.order > 4 && codes.item_length[kOrder[codes.order - 1]] == 0) --codes.order;
  codes.head_bits = 14 + 3 * static_cast<uint64_t>(codes.order);
  for (int i = 0; i < codes.item_count; ++i) {
    codes.head_bits += codes.item_length[codes.items[i].symbol] + codes.items[i].bits;
  }
  return codes;
}

BlockCodes MakeFixed() {
  std::array<uint8_t, 288> lengths;
  for (int s = 0; s < 288; ++s) {
    lengths[s] = static_cast<uint8_t>(s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8);
  }
  std::array<uint16_t, 288> literal;
  MakeHuffmanCodes(lengths, literal);
  BlockCodes codes;
  std::copy_n(lengths.begin(), kLiterals, codes.literal_length.begin());
  std::copy_n(literal.begin(), kLiterals, codes.literal.begin());
  codes.distance_length.fill(5);
  // All 32 codes of 5 bits, of which two are never used.
  for (int s = 0; s < kDistances; ++s) {
    unsigned reversed = 0;
    for (int b = 0; b < 5; ++b) reversed |= (static_cast<unsigned>(s) >> b & 1) << (4 - b);
    codes.distance[s] = static_cast<uint16_t>(reversed);
  }
  return codes;
}

uint64_t BodyBits(const BlockCodes& codes, const SymbolCounts& counts) {
  uint64_t bits = 0;
  for (int s = 0; s < kLiterals; ++s) {
    const int extra = s < 265 || s == 285 ? 0 : (s - 261) / 4;
    bits += uint64_t{counts.literal[s]} * static_cast<unsigned>(codes.literal_length[s] + extra);
  }
  for (int s = 0; s < kDistances; ++s) {
    bits += uint64_t{counts.distance[s]} *
            static_cast<unsigned>(codes.distance_length[s] + kDistanceCodes[s].extra);
  }
  return bits;
}

void WriteTokens(std::span<const DeflateToken> tokens, const BlockCodes& codes, BitWriter* out) {
  constexpr int kMostBits = 57, kLiteralBits = 15;
  for (const DeflateToken token : tokens) {
    if (token < 256) {
      out->Put(codes.literal[token], codes.literal_length[token]);
      if (out->pending() <= kMostBits - kLiteralBits) continue;
    } else {
      out->Flush();  // a match takes up to 48 bits
      const uint32_t length = token >> 16, distance = token & 0xFFFF;
      const LengthCode& l = kLengthCodes[length];
      out->Put(codes.literal[l.symbol], codes.literal_length[l.symbol]);
      out->Put(length - 3 - l.base, l.extra);
      const int s = DistanceSymbol(distance);
      out->Put(codes.distance[s], codes.distance_length[s]);
      out->Put(distance - kDistanceCodes[s].base, kDistanceCodes[s].extra);
    }
    out->Flush();
  }
  out->Put(codes.literal[kEndOfBlock], codes.literal_length[kEndOfBlock]);
  out->Flush();
}

void WriteHead(const BlockCodes& codes, BitWriter* out) {
  out->Put(static_cast<uint64_t>(codes.literals - 257), 5);
  out->Put(static_cast<uint64_t>(codes.distances - 1), 5);
  out->Put(static_cast<uint64_t>(codes.order - 4), 4);
  out->Flush();
  for (int i = 0; i < codes.order; ++i) {
    out->Put(codes.item_length[kOrder[i]], 3);
    out->Flush();
  }
  for (int i = 0; i < codes.item_count; ++i) {
    const BlockCodes::Item& item = codes.items[i];
    out->Put(codes.item_code[item.symbol], codes.item_length[item.symbol]);
    out->Put(item.value, item.bits);
    out->Flush();
  }
}

constexpr size_t kStoredMax = 65535;

void WriteStored(std::span<const uint8_t> data, bool last, BitWriter* out) {
  do {
    const size_t size = std::min(data.size(), kStoredMax);
    out->Put(last && size == data.size(), 3);  // the type is 00
    out->AlignToByte();
    out->Put(size | (~size & 0xFFFF) << 16, 32);
    out->Flush();
    out->PutBytes(data.first(size));
    data = data.subspan(size);
  } while (!data.empty());
}

}  // namespace

constinit const std::array<LengthCode, kMaxMatch + 1> kLengthCodes = MakeLengthCodes();
constinit const std::array<DistanceCode, 30> kDistanceCodes = MakeDistanceCodes();

void BitWriter::Flush() {
  std::memcpy(at_, &buffer_, sizeof(buffer_));
  const int bytes = fill_ >> 3;
  at_ += bytes;
  // Two steps: a shift by 64 would be undefined.
  buffer_ = bytes == 0 ? buffer_ : buffer_ >> (8 * bytes - 1) >> 1;
  fill_ &= 7;
}

void BitWriter::PutBytes(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  std::memcpy(at_, bytes.data(), bytes.size());
  at_ += bytes.size();
}

void WriteDeflateBlock(std::span<const DeflateToken> tokens, const SymbolCounts& counts,
                       std::span<const uint8_t> data, bool last, BitWriter* out) {
  SymbolCounts with_end = counts;
  with_end.literal[kEndOfBlock] = 1;
  const BlockCodes dynamic = MakeDynamic(with_end);
  static const BlockCodes fixed = MakeFixed();
  const uint64_t dynamic_bits = dynamic.head_bits + BodyBits(dynamic, with_end);
  const uint64_t fixed_bits = BodyBits(fixed, with_end);
  const uint64_t stored_bits =
      8 * data.size() + 35 * std::max<uint64_t>(1, (data.size() + kStoredMax - 1) / kStoredMax);
  if (stored_bits < std::min(dynamic_bits, fixed_bits)) {
    WriteStored(data, last, out);
  } else if (fixed_bits <= dynamic_bits) {
    out->Put(static_cast<uint64_t>(last) | 1 << 1, 3);
    out->Flush();
    WriteTokens(tokens, fixed, out);
  } else {
    out->Put(static_cast<uint64_t>(last) | 2 << 1, 3);
    out->Flush();
    WriteHead(dynamic, out);
    WriteTokens(tokens, dynamic, out);
  }
}

void WriteSync(BitWriter* out) { WriteStored({}, false, out); }

}  // namespace peel
