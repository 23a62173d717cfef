#include "src/base/os/files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "src/base/os/test_folder.h"

namespace peel {
namespace {

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Read(const std::string& path) {
  auto bytes = ReadWholeFile(path, 1 << 20);
  return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : bytes.status().message();
}

TEST(ReadWholeFile, GivesAllBytes) {
  const TestFolder folder;
  EXPECT_EQ(Read(folder.Put("a", "some text")), "some text");
  EXPECT_EQ(Read(folder.Put("empty", "")), "");
}

TEST(ReadWholeFile, FailsWithItsReason) {
  const TestFolder folder;
  EXPECT_EQ(ReadWholeFile(folder / "none", 10).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadWholeFile(folder / ".", 10).status().code(), StatusCode::kInvalidArgument);
  const std::string path = folder.Put("eleven", "12345678901");
  EXPECT_EQ(ReadWholeFile(path, 10).status().code(), StatusCode::kLimit);
  EXPECT_TRUE(ReadWholeFile(path, 11).ok());
}

TEST(WriteFileAtomically, WritesAndReplaces) {
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "out", Bytes("first")).ok());
  EXPECT_EQ(folder.Get("out"), "first");
  ASSERT_TRUE(WriteFileAtomically(folder / "out", Bytes("the second")).ok());
  EXPECT_EQ(folder.Get("out"), "the second");
  EXPECT_EQ(folder.Count(), 1);
}

TEST(WriteFileAtomically, FollowsLinks) {
  const TestFolder folder;
  folder.Put("sub/real", "old");
  std::filesystem::create_symlink("sub/real", folder / "link");
  ASSERT_TRUE(WriteFileAtomically(folder / "link", Bytes("new")).ok());
  EXPECT_EQ(folder.Get("sub/real"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
}

TEST(WriteFileAtomically, ImpossiblePlaces) {
  const TestFolder folder;
  folder.Put("file", "x");
  EXPECT_EQ(WriteFileAtomically(folder / "none/out", Bytes("x")).code(), StatusCode::kNotFound);
  EXPECT_EQ(WriteFileAtomically(folder / "file/out", Bytes("x")).code(), StatusCode::kNotFound);
  EXPECT_EQ(WriteFileAtomically(folder / ".", Bytes("x")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(folder.Count(), 1);
}

TEST(IsSameFile, SeesThroughNames) {
  const TestFolder folder;
  const std::string a = folder.Put("a", "x");
  const std::string b = folder.Put("b", "x");
  std::filesystem::create_hard_link(a, folder / "c");
  EXPECT_TRUE(IsSameFile(a, folder / "./a"));
  EXPECT_TRUE(IsSameFile(a, folder / "c"));
  EXPECT_FALSE(IsSameFile(a, b));
  EXPECT_FALSE(IsSameFile(a, folder / "none"));
}

}  // namespace
}  // namespace peel
