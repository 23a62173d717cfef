#include "src/base/os/temporary_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "src/base/os/test_folder.h"

namespace peel {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;

// The number of a process that has ended.
pid_t Gone() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return child;
}

class Temporaries : public testing::Test {
 protected:
  // Whether RemoveStaleTemporaries lets it live.
  bool Stays(const FileMaker& maker, seconds age) const {
    return Stays(fs::path(TemporaryName(folder_ / "photo.cut.png", maker)).filename(), age);
  }
  bool Stays(const std::string& name, seconds age) const {
    const std::string path = folder_.Put(name, "x");
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
    RemoveStaleTemporaries(folder_ / "");
    return fs::remove(path);
  }
  const TestFolder folder_;
  const FileMaker self_ = ThisProcess();
};

TEST_F(Temporaries, NamesTellTheirMaker) {
  EXPECT_NE(self_.space, 0u);
  EXPECT_EQ(self_.process, getpid());
  const std::string longest(250, 'x');
  for (const std::string& name : {std::string("a"), longest, std::string("x.peel-y")}) {
    const std::string made = fs::path(TemporaryName(folder_ / name)).filename();
    EXPECT_LT(made.size(), 256u);
    EXPECT_EQ(MakerOf(made), self_);
    EXPECT_NE(made, fs::path(TemporaryName(folder_ / name)).filename());
  }
  EXPECT_TRUE(MakerOf(".a.png.peel-0123abcd-77-3"));  // the older form
  for (const char* other :
       {".peel-manifest", ".peel-manifest-2-of-3", "a.peel-0123456789abcdef-7-8-9", ".a.peel-",
        ".a.peel-0123456789abcdef-7-8", ".a.peel-0123456789abcdef-7-8-9x", ".a.peel-0123abcd-x-3",
        ".a.peel-0123456789abcdeg-7-8-9", ".a.peel-0123456789abcdef-0-8-9"}) {
    EXPECT_FALSE(MakerOf(other)) << other;
  }
}

TEST_F(Temporaries, OfOursThatAreGoneAreRemoved) {
  const FileMaker gone = {self_.space, Gone(), 1};
  EXPECT_FALSE(Stays(gone, hours(1)));
  EXPECT_TRUE(Stays(gone, seconds(5))) << "may be of a copy of this machine";
  EXPECT_TRUE(Stays(gone, -hours(1))) << "nor do clocks that differ make it old";
}

TEST_F(Temporaries, OfTheLivingStay) {
  EXPECT_TRUE(Stays(self_, hours(1)));
  EXPECT_TRUE(Stays(FileMaker{self_.space, getppid(), 0}, hours(1)));
}

TEST_F(Temporaries, ANumberThatIsUsedAgainIsAnotherProcess) {
  EXPECT_FALSE(Stays(FileMaker{self_.space, getpid(), self_.started + 1}, hours(1)));
}

// Whatever its host is called and its process is numbered.
TEST_F(Temporaries, OfOtherMachinesStayForAWeek) {
  const FileMaker other = {self_.space ^ 1, Gone(), 1};
  EXPECT_TRUE(Stays(other, hours(1)));
  EXPECT_TRUE(Stays(other, hours(6 * 24)));
  EXPECT_FALSE(Stays(other, hours(8 * 24)));
  const std::string older = ".a.png.peel-0123abcd-" + std::to_string(Gone()) + "-3";
  EXPECT_TRUE(Stays(older, hours(1)));
  EXPECT_FALSE(Stays(older, hours(8 * 24)));
}

// As frames on their way to a folder of their own.
TEST_F(Temporaries, FoldersGoWithWhatIsInThem) {
  const auto stays = [&](const FileMaker& maker) {
    const std::string path = TemporaryName(folder_ / "frames", maker);
    fs::create_directory(path);
    folder_.Put(fs::path(path).filename().string() + "/000001.png", "x");
    fs::last_write_time(path, fs::file_time_type::clock::now() - hours(1));
    RemoveStaleTemporaries(folder_ / "");
    return fs::exists(path);
  };
  EXPECT_FALSE(stays({self_.space, Gone(), 1}));
  EXPECT_TRUE(stays(self_));
}

TEST_F(Temporaries, NothingElseIsTouched) {
  EXPECT_TRUE(Stays(".peel-manifest", hours(9 * 24)));
  EXPECT_TRUE(Stays("photo.peel-0123456789abcdef-7-8-9", hours(9 * 24)));
}

}  // namespace
}  // namespace peel
