#include "src/codec/png/deflate.h"

#include <gtest/gtest.h>
#include <libdeflate.h>
#include <zlib.h>

#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "src/codec/png/huffman.h"

namespace peel {
namespace {

std::vector<uint8_t> Pack(const std::vector<uint8_t>& data, size_t piece,
                          const DeflateEffort& effort) {
  std::vector<uint8_t> out;
  size_t at = 0;
  do {
    const size_t size = std::min(piece, data.size() - at);
    std::vector<uint8_t> part(DeflateBound(size));
    part.resize(
        DeflatePiece({data.data() + at, size}, at, at + size == data.size(), effort, part.data()));
    out.insert(out.end(), part.begin(), part.end());
    at += size;
  } while (at < data.size());
  return out;
}

// By two readers that were written independently.
void ExpectUnpacks(const std::vector<uint8_t>& packed, const std::vector<uint8_t>& data) {
  std::vector<uint8_t> back(data.size());
  libdeflate_decompressor* fast = libdeflate_alloc_decompressor();
  EXPECT_EQ(libdeflate_deflate_decompress(fast, packed.data(), packed.size(), back.data(),
                                          back.size(), nullptr),
            LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(fast);
  EXPECT_TRUE(back == data);

  std::vector<uint8_t> again(data.size() + 1);
  z_stream z = {};
  ASSERT_EQ(inflateInit2(&z, -15), Z_OK);
  z.next_in = const_cast<Bytef*>(packed.data());
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = again.data();
  z.avail_out = static_cast<uInt>(again.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(z.avail_in, 0u);
  again.resize(z.total_out);
  inflateEnd(&z);
  EXPECT_TRUE(again == data);
}

std::vector<uint8_t> Make(const std::string& kind, size_t size) {
  std::mt19937 random(3);
  std::vector<uint8_t> data(size);
  std::geometric_distribution<int> residual(0.3);
  for (size_t i = 0; i < size; ++i) {
    if (kind == "noise") data[i] = static_cast<uint8_t>(random());
    if (kind == "residuals")
      data[i] = static_cast<uint8_t>(residual(random) * (random() % 2 ? 1 : -1));
    if (kind == "period") data[i] = static_cast<uint8_t>(i % 251 == 0 ? i : i % 7);
    if (kind == "mixed")
      data[i] = static_cast<uint8_t>((i >> 12) % 3 == 0 ? 0 : random() % ((i >> 14) + 1));
    if (kind == "far") data[i] = static_cast<uint8_t>(i < 32768 ? random() : data[i - 32768]);
  }
  return data;  // "zeros" stays as it is
}

TEST(Deflate, ComesBackFromPieces) {
  for (const std::string kind : {"zeros", "noise", "residuals", "period", "mixed", "far"}) {
    for (const size_t size : {0u, 1u, 2u, 3u, 4u, 7u, 8u, 9u, 257u, 258u, 259u, 4095u, 16384u,
                              16385u, 70000u, 140001u}) {
      const std::vector<uint8_t> data = Make(kind, size);
      for (const size_t piece : {size_t{1} << 30, size_t{40000}, size_t{1000}}) {
        if (piece == 1000 && size > 20000) continue;
        for (const DeflateEffort& effort :
             {DeflateEffort{1, 64}, DeflateEffort{1, 5}, DeflateEffort{40, 258}}) {
          SCOPED_TRACE(testing::Message() << kind << ", " << size << " bytes, pieces of " << piece
                                          << ", chain " << effort.chain);
          const std::vector<uint8_t> packed = Pack(data, piece, effort);
          ExpectUnpacks(packed, data);
          ASSERT_LE(packed.size(), size + (size / std::min(piece, size + 1) + 1) *
                                              (DeflateBound(0) + piece % 1000000 / 1024));
        }
      }
    }
  }
}

TEST(Deflate, ZerosTakeNextToNothing) {
  const std::vector<uint8_t> data(size_t{8} << 20);
  EXPECT_LT(Pack(data, size_t{1} << 30, {}).size(), data.size() / 900);
}

TEST(Deflate, BeatsLibdeflateOnResiduals) {
  const std::vector<uint8_t> data = Make("residuals", 1 << 20);
  libdeflate_compressor* c = libdeflate_alloc_compressor(6);
  std::vector<uint8_t> out(data.size() * 2);
  const size_t theirs =
      libdeflate_deflate_compress(c, data.data(), data.size(), out.data(), out.size());
  libdeflate_free_compressor(c);
  EXPECT_LE(Pack(data, size_t{1} << 30, {}).size(), theirs);
}

TEST(Deflate, Adler32Combines) {
  const std::vector<uint8_t> data = Make("noise", 200000);
  for (const size_t cut : {0u, 1u, 65520u, 65521u, 65522u, 131042u, 199999u, 200000u}) {
    const uint32_t first = libdeflate_adler32(1, data.data(), cut);
    const uint32_t second = libdeflate_adler32(1, data.data() + cut, data.size() - cut);
    EXPECT_EQ(CombineAdler32(first, second, data.size() - cut),
              libdeflate_adler32(1, data.data(), data.size()))
        << cut;
  }
}

TEST(Huffman, LengthsAreACompleteCodeWithinTheLimit) {
  for (const int limit : {7, 15}) {
    for (const size_t symbols : {1u, 2u, 3u, 19u, 100u, 286u}) {
      if (limit == 7 && symbols > 128) continue;
      std::vector<uint32_t> frequencies(symbols);
      // Fibonacci numbers make the deepest trees.
      uint32_t a = 1, b = 1;
      for (uint32_t& f : frequencies) {
        f = a;
        a = std::exchange(b, std::min<uint32_t>(a + b, 1 << 22));
      }
      std::vector<uint8_t> lengths(symbols);
      MakeHuffmanLengths(frequencies, limit, lengths);
      double kraft = 0;
      for (size_t s = 0; s < symbols; ++s) {
        ASSERT_GE(lengths[s], 1);
        ASSERT_LE(lengths[s], limit);
        if (s > 0) {
          EXPECT_LE(lengths[s], lengths[s - 1]) << "a more frequent symbol, a shorter code";
        }
        kraft += std::pow(0.5, lengths[s]);
      }
      EXPECT_EQ(kraft, symbols == 1 ? 0.5 : 1.0);
    }
  }
}

TEST(Huffman, CostsNoMoreThanEntropyPlusOne) {
  std::mt19937 random(9);
  std::vector<uint32_t> frequencies(286);
  for (uint32_t& f : frequencies) f = random() % 5 == 0 ? 0 : 1 + random() % (1 << (random() % 15));
  std::vector<uint8_t> lengths(286);
  MakeHuffmanLengths(frequencies, 15, lengths);
  const double total = std::accumulate(frequencies.begin(), frequencies.end(), 0.0);
  double entropy = 0, cost = 0;
  for (size_t s = 0; s < 286; ++s) {
    if (frequencies[s] == 0) {
      EXPECT_EQ(lengths[s], 0);
      continue;
    }
    entropy -= frequencies[s] * std::log2(frequencies[s] / total);
    cost += frequencies[s] * lengths[s];
  }
  EXPECT_LT(cost, entropy * 1.02);
}

}  // namespace
}  // namespace peel
