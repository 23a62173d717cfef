#include "src/base/cache_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

#include "src/base/hash.h"
#include "src/base/os/file.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

class CacheFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = MakeTemporaryFolder((fs::temp_directory_path() / "peel-cache-").string());
    setenv("PEEL_CACHE_DIR", (root_ / "below" / "cache").string().c_str(), 1);
  }
  void TearDown() override {
    unsetenv("PEEL_CACHE_DIR");
    std::error_code error;
    fs::remove_all(root_, error);
  }
  fs::path root_;
};

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(CacheFileTest, WhatIsWrittenIsRead) {
  EXPECT_FALSE(ReadCacheFile("timings", "a key").has_value());
  const std::string payload("one\ntwo\0three", 13);
  ASSERT_TRUE(WriteCacheFile("timings", "a key\nof two lines", payload).ok());
  EXPECT_EQ(ReadCacheFile("timings", "a key\nof two lines"), payload);
  EXPECT_FALSE(ReadCacheFile("timings", "another key").has_value());
  EXPECT_TRUE(AnyCacheFile("timings"));
  EXPECT_FALSE(AnyCacheFile("tuning"));
  EXPECT_FALSE(ReadCacheFile("tuning", "a key\nof two lines").has_value());
  ASSERT_TRUE(WriteCacheFile("timings", "a key\nof two lines", "").ok());
  EXPECT_EQ(ReadCacheFile("timings", "a key\nof two lines"), "");
  // Nothing but the record lies there, and it is its user's alone.
  EXPECT_EQ(std::distance(fs::directory_iterator(CacheFolder()), {}), 1);
  const auto info = InfoOf(CacheFolder());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->rights & 077, 0u);
}

TEST_F(CacheFileTest, DamageReadsAsNothing) {
  ASSERT_TRUE(WriteCacheFile("timings", "key", "payload").ok());
  const std::string path = CacheFilePath("timings", "key"), good = Slurp(path);
  ASSERT_FALSE(good.empty());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    std::ofstream(path, std::ios::binary) << bad;
    EXPECT_FALSE(ReadCacheFile("timings", "key").has_value()) << "byte " << i;
    std::ofstream(path, std::ios::binary) << good.substr(0, i);
    EXPECT_FALSE(ReadCacheFile("timings", "key").has_value()) << "cut at " << i;
  }
  std::ofstream(path, std::ios::binary) << good;
  EXPECT_TRUE(ReadCacheFile("timings", "key").has_value());
  // The record of another key under this one's name, as after a collision.
  ASSERT_TRUE(WriteCacheFile("timings", "other", "payload").ok());
  fs::remove(path);  // MinGW's library does not overwrite it
  fs::copy_file(CacheFilePath("timings", "other"), path);
  EXPECT_FALSE(ReadCacheFile("timings", "key").has_value());
}

TEST_F(CacheFileTest, FoldersThatCannotBeUsed) {
  std::ofstream(root_ / "file") << "x";
  setenv("PEEL_CACHE_DIR", (root_ / "file" / "cache").string().c_str(), 1);
  const Status status = WriteCacheFile("timings", "key", "payload");
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_NE(status.message().find("PEEL_CACHE_DIR"), std::string::npos);
  EXPECT_FALSE(ReadCacheFile("timings", "key").has_value());
  setenv("PEEL_CACHE_DIR", "off", 1);
  EXPECT_TRUE(WriteCacheFile("timings", "key", "payload").ok());
  EXPECT_FALSE(ReadCacheFile("timings", "key").has_value());
}

TEST_F(CacheFileTest, FolderFollowsTheConvention) {
  unsetenv("PEEL_CACHE_DIR");
  const std::string base = std::getenv("XDG_CACHE_HOME") ? std::getenv("XDG_CACHE_HOME") : "";
  setenv("XDG_CACHE_HOME", "/some/where", 1);
  EXPECT_EQ(CacheFolder(), "/some/where/peel");
  setenv("XDG_CACHE_HOME", "relative", 1);
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != 0) {
    EXPECT_EQ(CacheFolder(), std::string(home) + "/.cache/peel");
  }
  base.empty() ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", base.c_str(), 1);
}

TEST_F(CacheFileTest, WritersAtTheSameTimeLeaveOneWholeRecord) {
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([w] {
      for (int i = 0; i < 50; ++i) {
        const std::string payload(1000, static_cast<char>('a' + w));
        const Status status = WriteCacheFile("timings", "key", payload);
        EXPECT_TRUE(status.ok()) << status.message();
        const auto seen = ReadCacheFile("timings", "key");
        ASSERT_TRUE(seen.has_value());
        EXPECT_EQ(*seen, std::string(1000, (*seen)[0]));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(std::distance(fs::directory_iterator(CacheFolder()), {}), 1);
}

TEST(Hash64, EveryByteAndTheLengthCount) {
  std::set<uint64_t> seen;
  std::string text;
  for (int length = 0; length < 100; ++length, text.push_back('\0')) {
    EXPECT_TRUE(seen.insert(Hash64(text)).second) << "zeros, " << length;
    for (size_t i = 0; i < text.size(); ++i) {
      std::string other = text;
      other[i] = 1;
      EXPECT_TRUE(seen.insert(Hash64(other)).second) << length << ", " << i;
    }
  }
  EXPECT_EQ(HashText(0x0123456789abcdef), "0123456789abcdef");
}

}  // namespace
}  // namespace peel
