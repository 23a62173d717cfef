#include "src/engine/plan/timings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace peel::engine {
namespace {

class TimingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "peel-timings-" + std::to_string(::getpid());
    std::filesystem::remove_all(folder_);
    file_ = folder_ + "/deep/timings.txt";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Content() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void Put(const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(file_).parent_path());
    std::ofstream(file_, std::ios::binary) << text;
  }
  std::string folder_, file_;
};

TEST_F(TimingsTest, KeepsWhatWasAdded) {
  {
    Timings timings(file_);
    EXPECT_FALSE(timings.Find("a"));
    timings.Add("a", 1.5);
    timings.Save();
  }
  Timings first(file_), second(file_);
  EXPECT_EQ(first.Find("a"), 1.5);
  first.Add("b", 2);
  second.Add("c", 3);
  first.Save();
  second.Save();  // must not lose b
  Timings all(file_);
  EXPECT_EQ(all.Find("a"), 1.5);
  EXPECT_EQ(all.Find("b"), 2);
  EXPECT_EQ(all.Find("c"), 3);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/deep")) {
    EXPECT_EQ(entry.path(), file_) << "left behind";
  }
}

TEST_F(TimingsTest, IgnoresAndReplacesWhatIsDamaged) {
  {
    Timings timings(file_);
    timings.Add("layer kernel", 1.5);
    timings.Save();
  }
  const std::string good = Content();
  ASSERT_TRUE(Timings(file_).Find("layer kernel"));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    Put(bad);
    EXPECT_FALSE(Timings(file_).Find("layer kernel")) << "byte " << i << " changed";
    Put(good.substr(0, i));
    EXPECT_FALSE(Timings(file_).Find("layer kernel")) << "cut to " << i;
  }
  Put(std::string(5 << 20, 'x'));
  Timings timings(file_);
  timings.Add("other", 2);
  timings.Save();
  EXPECT_TRUE(Timings(file_).Find("other"));
  EXPECT_FALSE(Timings(file_).Find("layer kernel"));
}

TEST_F(TimingsTest, WhereNothingCanBeWritten) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ + "/deep") << "a file, not a folder";
  Timings timings(file_);
  timings.Add("a", 1);
  timings.Save();
  EXPECT_EQ(timings.Find("a"), 1);
  Timings nowhere("");
  nowhere.Add("a", 1);
  nowhere.Save();
  EXPECT_EQ(nowhere.Find("a"), 1);
}

TEST_F(TimingsTest, FolderFollowsTheEnvironment) {
  const std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
  const auto set = [](const char* own, const char* xdg, const char* home) {
    setenv("PEEL_CACHE_DIR", own, 1);
    setenv("XDG_CACHE_HOME", xdg, 1);
    setenv("HOME", home, 1);
    return Timings::CacheFolder();
  };
  EXPECT_EQ(set("/own", "/xdg", "/home"), "/own");
  EXPECT_EQ(set("", "/xdg", "/home"), "/xdg/peel");
  EXPECT_EQ(set("", "relative", "/home"), "/home/.cache/peel");
  EXPECT_EQ(set("", "", ""), "");
  EXPECT_EQ(Timings::DefaultFile(), "");
  unsetenv("PEEL_CACHE_DIR");
  unsetenv("XDG_CACHE_HOME");
  setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace peel::engine
