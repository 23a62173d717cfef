// Reading and writing whole files where the system sets limits, or has files of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "src/base/os/files.h"
#include "src/base/os/test_folder.h"

namespace peel {
namespace {

using testing::HasSubstr;

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Read(const std::string& path) {
  auto bytes = ReadWholeFile(path, 1 << 20);
  return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : bytes.status().message();
}

// Files whose size nobody tells: read as a stream, and bounded all the same.
TEST(ReadWholeFile, ReadsWhatHasNoSize) {
  const std::string status = Read("/proc/self/status");
  EXPECT_THAT(status, HasSubstr("VmRSS"));
  EXPECT_EQ(ReadWholeFile("/dev/zero", 100000).status().code(), StatusCode::kLimit);
}

TEST(WriteFileAtomically, ModeFollowsUmask) {
  const TestFolder folder;
  const mode_t old = umask(027);
  ASSERT_TRUE(WriteFileAtomically(folder / "out", Bytes("x")).ok());
  umask(old);
  struct stat info = {};
  ASSERT_EQ(stat((folder / "out").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST(WriteFileAtomically, DevicesAreWrittenToAndStay) {
  ASSERT_TRUE(WriteFileAtomically("/dev/null", Bytes("x")).ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  const Status full = WriteFileAtomically("/dev/full", Bytes("x"));
  EXPECT_FALSE(WriteFileAtomically("/proc/out", Bytes("x")).ok());
  EXPECT_EQ(full.code(), StatusCode::kIo);
  EXPECT_THAT(full.message(), HasSubstr("No space left"));
}

// A write that fails half way leaves what was there and nothing else.
TEST(WriteFileAtomically, FailedWriteLeavesTheOldFile) {
  const TestFolder folder;
  folder.Put("out", "precious");
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old = {};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small = {4096, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string large(100000, 'x');
  const Status replaced = WriteFileAtomically(folder / "out", Bytes(large));
  const Status created = WriteFileAtomically(folder / "fresh", Bytes(large));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(replaced.code(), StatusCode::kIo);
  EXPECT_EQ(created.code(), StatusCode::kIo);
  EXPECT_EQ(folder.Get("out"), "precious");
  EXPECT_EQ(folder.Count(), 1);
}

}  // namespace
}  // namespace peel
