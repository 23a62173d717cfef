#include "src/library/cleanup/live_films.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/test_folder.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;

class MoveWithFilmsTest : public ::testing::Test {
 protected:
  MoveWithFilmsTest() {
    fs::create_directory(folder_ / "out");
    folder_.Put("a.heic", "still");
    folder_.Put("a.mov", "film");
    films_ = {{1, folder_ / "a.mov", 4, 0}};
    auto script = UndoScript::Create(folder_ / "out");
    EXPECT_TRUE(script.ok()) << script.status().message();
    script_.emplace(*std::move(script));
  }
  Result<std::string> Move() {
    return MoveWithFilms(folder_ / "a.heic", folder_ / "out/a.heic", films_, *script_);
  }

  TestFolder folder_;
  std::vector<LiveFilm> films_;
  std::optional<UndoScript> script_;
};

TEST_F(MoveWithFilmsTest, BothGo) {
  EXPECT_EQ(*Move(), folder_ / "out/a.heic");
  EXPECT_EQ(folder_.Get("out/a.heic"), "still");
  EXPECT_EQ(folder_.Get("out/a.mov"), "film");
  EXPECT_EQ(folder_.Count(), 1);
}

TEST_F(MoveWithFilmsTest, UnderTheFirstNumberThatIsFreeForBoth) {
  folder_.Put("out/a.heic", "old");
  folder_.Put("out/a (2).mov", "older");
  EXPECT_EQ(*Move(), folder_ / "out/a (3).heic");
  EXPECT_EQ(folder_.Get("out/a (3).mov"), "film");
  EXPECT_EQ(folder_.Get("out/a.heic"), "old");
  EXPECT_EQ(folder_.Get("out/a (2).mov"), "older");
}

TEST_F(MoveWithFilmsTest, WhereThePictureCannotGoTheFilmComesBack) {
  fs::remove(folder_ / "a.heic");
  const auto moved = Move();
  EXPECT_EQ(moved.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(folder_.Get("a.mov"), "film");
  EXPECT_FALSE(fs::exists(folder_ / "out/a.mov"));
}

TEST_F(MoveWithFilmsTest, WhereTheFilmCannotGoThePictureStays) {
  fs::remove(folder_ / "a.mov");
  const auto moved = Move();
  EXPECT_NE(moved.status().message().find("its film " + films_[0].path), std::string::npos);
  EXPECT_EQ(folder_.Get("a.heic"), "still");
}

}  // namespace
}  // namespace peel::library
