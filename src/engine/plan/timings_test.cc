#include "src/engine/plan/timings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "src/base/cache_file.h"
#include "src/base/os/process.h"

namespace peel::engine {
namespace {

class TimingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "peel-timings-" + std::to_string(ProcessId());
    std::filesystem::remove_all(folder_);
    setenv("PEEL_CACHE_DIR", folder_.c_str(), 1);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    unsetenv("PEEL_CACHE_DIR");
    unsetenv("PEEL_TUNE");
  }
  std::string folder_;
};

TEST_F(TimingsTest, KeepsWhatWasAdded) {
  {
    Timings timings;
    EXPECT_FALSE(timings.Find("a"));
    timings.Add("a", 1.5);
    timings.Save();
  }
  Timings first, second;
  EXPECT_EQ(first.Find("a"), 1.5);
  first.Add("b", 2);
  second.Add("c", 3);
  first.Save();
  second.Save();  // must not lose b
  Timings all;
  EXPECT_EQ(all.Find("a"), 1.5);
  EXPECT_EQ(all.Find("b"), 2);
  EXPECT_EQ(all.Find("c"), 3);
}

TEST_F(TimingsTest, IgnoresWhatIsNoRecordOfTimings) {
  const std::string key = CacheMachine() + " timings 1";
  for (const char* text : {"a\t1.5\nb", "a\t1.5\nb\t", "a\t1.5\nb\tx\n", "a\t1.5\nb\t-1\n",
                           "a\t1.5\nb\tnan\n", "a\t1.5\nb\tinf\n", "a\t1.5\n\t2\n"}) {
    ASSERT_TRUE(WriteCacheFile("timings", key, text).ok());
    EXPECT_FALSE(Timings().Find("a")) << text;
  }
  ASSERT_TRUE(WriteCacheFile("timings", key, "a\t1.5\n").ok());
  EXPECT_TRUE(Timings().Find("a"));  // the same with nothing wrong
}

TEST_F(TimingsTest, WorksWithoutACache) {
  setenv("PEEL_CACHE_DIR", "off", 1);
  Timings timings;
  timings.Add("a", 1);
  timings.Save();
  EXPECT_EQ(timings.Find("a"), 1);
  EXPECT_FALSE(Timings().Find("a"));
}

TEST_F(TimingsTest, ModeIsTheEnvironments) {
  EXPECT_EQ(Timings::ModeFromEnvironment(), Timings::Mode::kRead);
  setenv("PEEL_TUNE", "on", 1);
  EXPECT_EQ(Timings::ModeFromEnvironment(), Timings::Mode::kTime);
  setenv("PEEL_TUNE", "off", 1);
  EXPECT_EQ(Timings::ModeFromEnvironment(), Timings::Mode::kOff);
}

}  // namespace
}  // namespace peel::engine
