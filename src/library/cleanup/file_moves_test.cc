#include "src/library/cleanup/file_moves.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "src/base/os/files.h"
#include "src/base/os/test_folder.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string Read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A folder on another file system, as the memory disk of Linux is; "" where there is none.
std::string OtherDisk() {
  const fs::path folder = "/dev/shm";
  std::error_code error;
  return fs::is_directory(folder, error) ? folder.string() : "";
}

TEST(MoveFile, MovesAndNeverWritesOver) {
  const TestFolder folder;
  Write(folder / "a.jpg", "first");
  Write(folder / "b.jpg", "second");
  EXPECT_EQ(MoveFile(folder / "a.jpg", folder / "b.jpg").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Read(folder / "a.jpg"), "first");
  EXPECT_EQ(Read(folder / "b.jpg"), "second");
  ASSERT_TRUE(MoveFile(folder / "a.jpg", folder / "c.jpg").ok());
  EXPECT_FALSE(fs::exists(folder / "a.jpg"));
  EXPECT_EQ(Read(folder / "c.jpg"), "first");
  EXPECT_FALSE(MoveFile(folder / "c.jpg", folder / "no/such/folder.jpg").ok());
  EXPECT_EQ(Read(folder / "c.jpg"), "first");
}

TEST(MoveFile, CopiesToAnotherFileSystem) {
  const std::string disk = OtherDisk();
  const TestFolder folder;
  if (disk.empty()) GTEST_SKIP() << "there is no /dev/shm here";
  const std::string there =
      disk + "/peel-move-test-" + fs::path(folder / "x").parent_path().filename().string();
  Write(folder / "a.jpg", std::string(3 << 20, 'x') + "end");
  const auto time = fs::last_write_time(folder / "a.jpg") - std::chrono::hours(48);
  fs::last_write_time(folder / "a.jpg", time);
  Write(there, "taken");
  EXPECT_EQ(MoveFile(folder / "a.jpg", there).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Read(there), "taken");
  EXPECT_TRUE(fs::exists(folder / "a.jpg"));
  fs::remove(there);
  const Status status = MoveFile(folder / "a.jpg", there);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(fs::exists(folder / "a.jpg"));
  EXPECT_EQ(fs::file_size(there), (3U << 20) + 3);
  EXPECT_EQ(fs::last_write_time(there), time);
  fs::remove(there);
}

TEST(NumberedName, StandsBeforeTheExtension) {
  EXPECT_EQ(NumberedName("/a.b/c.jpg", 1), "/a.b/c.jpg");
  EXPECT_EQ(NumberedName("/a.b/c.jpg", 2), "/a.b/c (2).jpg");
  EXPECT_EQ(NumberedName("/a.b/c", 3), "/a.b/c (3)");
  EXPECT_EQ(NumberedName("/a/.hidden", 2), "/a/.hidden (2)");
}

TEST(ReplaceByLink, MakesTwoNamesOfOneFile) {
  const TestFolder folder;
  Write(folder / "a", "same");
  Write(folder / "b", "same");
  ASSERT_TRUE(ReplaceByLink(folder / "a", folder / "b").ok());
  EXPECT_TRUE(IsSameFile(folder / "a", folder / "b"));
  EXPECT_FALSE(ReplaceByLink(folder / "none", folder / "b").ok());
  EXPECT_EQ(Read(folder / "b"), "same");
  EXPECT_EQ(std::distance(fs::directory_iterator(fs::path(folder / "a").parent_path()), {}), 2);
}

TEST(HaveSameBytes, ReadsToTheEnd) {
  const TestFolder folder;
  const std::string long_text(5 << 20, 'x');
  Write(folder / "a", long_text + "1");
  Write(folder / "b", long_text + "1");
  Write(folder / "c", long_text + "2");
  Write(folder / "d", long_text);
  EXPECT_TRUE(*HaveSameBytes(folder / "a", folder / "b"));
  EXPECT_FALSE(*HaveSameBytes(folder / "a", folder / "c"));
  EXPECT_FALSE(*HaveSameBytes(folder / "a", folder / "d"));
  EXPECT_FALSE(HaveSameBytes(folder / "a", folder / "none").ok());
}

}  // namespace
}  // namespace peel::library
