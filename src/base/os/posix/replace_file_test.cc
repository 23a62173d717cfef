#include "src/base/os/replace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "src/base/os/files.h"
#include "src/base/os/test_folder.h"

namespace peel {
namespace {

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// What rename(2) says of a file that is bound into a container, and in similar cases.
template <int kError>
int Refuse(const char*, const char*) {
  errno = kError;
  return -1;
}

Status Replace(const std::string& path, const std::string& text, RenameFunction rename_file) {
  return ReplaceFile(
      path, [&](const ByteSink& sink) { return sink(Bytes(text)); }, rename_file);
}

uint64_t Inode(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

unsigned Mode(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST(ReplaceFile, AMountPointIsWrittenInPlace) {
  const TestFolder folder;
  const std::string path = folder.Put("out", std::string(300, 'o'));
  const uint64_t inode = Inode(path);
  for (const RenameFunction refuse : {&Refuse<EBUSY>, &Refuse<EXDEV>, &Refuse<EPERM>}) {
    for (const size_t size : {0, 1, 63, 64, 65, 100000}) {
      const std::string text(size, static_cast<char>('a' + size % 7));
      ASSERT_TRUE(Replace(path, text, refuse).ok());
      EXPECT_EQ(folder.Get("out"), text);
    }
  }
  EXPECT_EQ(Inode(path), inode);
  EXPECT_EQ(folder.Count(), 1) << "no temporary file is left";
}

TEST(ReplaceFile, PartsAreOneContent) {
  const TestFolder folder;
  const std::string path = folder.Put("out", "old");
  const std::string a(10, 'a'), b, c(70, 'c'), d(3 << 20, 'd'), e("e");
  const std::array parts = {Bytes(a), Bytes(b), Bytes(c), Bytes(d), Bytes(e)};
  for (const RenameFunction rename_file : {&Refuse<EBUSY>, static_cast<RenameFunction>(rename)}) {
    const auto content = [&](const ByteSink& sink) -> Status {
      for (const auto part : parts) PEEL_RETURN_IF_ERROR(sink(part));
      return OkStatus();
    };
    ASSERT_TRUE(ReplaceFile(path, content, rename_file).ok());
    EXPECT_TRUE(folder.Get("out") == a + b + c + d + e);
  }
}

TEST(ReplaceFile, OtherRefusalsStayErrors) {
  const TestFolder folder;
  const std::string path = folder.Put("out", "old");
  EXPECT_EQ(Replace(path, "new", &Refuse<ENOSPC>).code(), StatusCode::kIo);
  EXPECT_EQ(folder.Get("out"), "old");
  EXPECT_EQ(folder.Count(), 1);
}

// A write in place that does not fit: the old content where room can be set aside first, else
// nothing that begins like a picture.
TEST(ReplaceFile, AFailedWriteInPlaceLooksLikeNoPicture) {
  const TestFolder folder;
  const std::string path = folder.Put("out", "old");
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old = {};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small = {4096, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Status status = Replace(path, "\x89PNG" + std::string(100000, 'x'), &Refuse<EBUSY>);
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_TRUE(folder.Get("out") == "old" || folder.Get("out").empty());
}

TEST(ReplaceFile, TheModeStays) {
  const TestFolder folder;
  for (const unsigned mode : {0600u, 0664u, 0444u, 0777u}) {
    const std::string path = folder.Put("out" + std::to_string(mode), "old");
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    ASSERT_TRUE(WriteFileAtomically(path, Bytes("new")).ok());
    EXPECT_EQ(Mode(path), mode);
    EXPECT_EQ(folder.Get("out" + std::to_string(mode)), "new");
  }
}

TEST(ReplaceFile, TheOwnerStaysWhereThatIsPermitted) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  const TestFolder folder;
  const std::string path = folder.Put("out", "old");
  ASSERT_EQ(chown(path.c_str(), 12345, 23456), 0);
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  ASSERT_TRUE(WriteFileAtomically(path, Bytes("new")).ok());
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 12345u);
  EXPECT_EQ(info.st_gid, 23456u);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

}  // namespace
}  // namespace peel
