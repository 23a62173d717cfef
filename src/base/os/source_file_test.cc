#include "src/base/os/source_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "src/base/os/process.h"

namespace peel {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SourceFileTest : public ::testing::Test {
 protected:
  SourceFileTest() { Write(std::string(300000, 'a')); }
  ~SourceFileTest() override { fs::remove(path_); }
  void Write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  std::string Head(const SourceFile& file) {
    std::string text(4, '?');
    const Status status = file.Read(200000, text.size(), text.data());
    return status.ok() ? text : status.message();
  }

  const std::string path_ = (fs::temp_directory_path() /
                             ("peel_source_" + std::to_string(ProcessId()) + "_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name()))
                                .string();
};

TEST_F(SourceFileTest, ReadsAllAndParts) {
  const auto file = SourceFile::Open(path_);
  ASSERT_TRUE(file.ok());
  const auto bytes = (*file)->ReadAll();
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(std::string((*bytes)->span().begin(), (*bytes)->span().end()),
            std::string(300000, 'a'));
  EXPECT_EQ(Head(**file), "aaaa");
}

TEST_F(SourceFileTest, TellsWhatWasWrittenIntoOrCut) {
  for (const std::string& now : {std::string(300000, 'b'), std::string("short"), std::string()}) {
    Write(std::string(300000, 'a'));
    const auto file = SourceFile::Open(path_);
    ASSERT_TRUE(file.ok());
    const auto bytes = (*file)->ReadAll();
    ASSERT_TRUE(bytes.ok());
    // More than the grain of times of modification.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Write(now);
    EXPECT_EQ((*bytes)->span()[299999], 'a');
    EXPECT_THAT(Head(**file), HasSubstr("was changed"));
    EXPECT_FALSE((*file)->ReadAll().ok());
  }
}

TEST_F(SourceFileTest, KeepsWhatWasReplacedUnderItsName) {
  const auto file = SourceFile::Open(path_);
  ASSERT_TRUE(file.ok());
  std::ofstream(path_ + ".new") << std::string(300000, 'b');
  fs::rename(path_ + ".new", path_);
  EXPECT_EQ(Head(**file), "aaaa");
  fs::remove(path_);
  EXPECT_EQ(Head(**file), "aaaa");
}

TEST_F(SourceFileTest, OpensRegularFilesOnly) {
  EXPECT_EQ(SourceFile::Open(path_ + ".none").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(SourceFile::Open("/").status().code(), StatusCode::kIo);
  EXPECT_EQ(SourceFile::Open("/dev/null").status().code(), StatusCode::kIo);
}

}  // namespace
}  // namespace peel
