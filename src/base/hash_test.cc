#include "src/base/hash.h"

#include <gtest/gtest.h>

#include <vector>

namespace peel {
namespace {

// Expected values by xxhash 3.x for Python, of bytes (7 i + 3) mod 256.
TEST(Hash64, GivesTheSpecifiedValues) {
  struct {
    size_t length;
    uint64_t plain, seeded;
  } const kCases[] = {
      {0, 0xEF46DB3751D8E999, 0xAC75FDA2929B17EF},  {1, 0x1F25C8D0BC1F4BB6, 0x79CF94F5ACE37FE1},
      {3, 0x31D2363F52E564C9, 0x96D2A5E583DDD738},  {4, 0x9BB64B7D66EE9FDA, 0x4A862FBB4B73776E},
      {7, 0x9A7B149959CE60D8, 0xDDC5CF71D37A6368},  {8, 0xDAB99D95C6F90092, 0xC6E75E2CBD8E07EE},
      {14, 0xC7F1D4D0ACFA5A14, 0x51341A138B098941}, {31, 0xA2AA5F33CC4A6119, 0x381822F33376D6B6},
      {32, 0x23C3C17EF790FD97, 0x9ABD315470AC276A}, {33, 0x50A7CFC7BA588784, 0x72CDD3262F467933},
      {64, 0x0EB64B3EF6EEB01F, 0xBCB3847D70525180}, {101, 0xBAD4D3BF033BDA4C, 0x6C892CEEBBC660AA},
  };
  std::vector<uint8_t> bytes(101);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7 + 3);
  for (const auto& c : kCases) {
    EXPECT_EQ(Hash64(std::span(bytes).first(c.length)), c.plain) << c.length;
    EXPECT_EQ(Hash64(std::span(bytes).first(c.length), 2654435761), c.seeded) << c.length;
  }
}

}  // namespace
}  // namespace peel
