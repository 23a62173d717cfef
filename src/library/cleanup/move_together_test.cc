#include "src/library/cleanup/move_together.h"

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

class MoveTogetherTest : public ::testing::Test {
 protected:
  MoveTogetherTest() {
    fs::create_directory(folder_ / "out");
    folder_.Put("a.heic", "still");
    folder_.Put("a.mov", "film");
    films_ = {{1, folder_ / "a.mov", 4, 0}};
    auto script = UndoScript::Create(folder_ / "out");
    EXPECT_TRUE(script.ok()) << script.status().message();
    script_.emplace(*std::move(script));
  }
  Result<std::string> Move() {
    return MoveTogether(folder_ / "a.heic", folder_ / "out/a.heic", films_, sidecars_, *script_);
  }

  TestFolder folder_;
  std::vector<LiveFilm> films_;
  std::vector<SidecarFile> sidecars_;
  std::optional<UndoScript> script_;
};

TEST_F(MoveTogetherTest, BothGo) {
  EXPECT_EQ(*Move(), folder_ / "out/a.heic");
  EXPECT_EQ(folder_.Get("out/a.heic"), "still");
  EXPECT_EQ(folder_.Get("out/a.mov"), "film");
  EXPECT_EQ(folder_.Count(), 1);
}

TEST_F(MoveTogetherTest, UnderTheFirstNumberThatIsFreeForBoth) {
  folder_.Put("out/a.heic", "old");
  folder_.Put("out/a (2).mov", "older");
  EXPECT_EQ(*Move(), folder_ / "out/a (3).heic");
  EXPECT_EQ(folder_.Get("out/a (3).mov"), "film");
  EXPECT_EQ(folder_.Get("out/a.heic"), "old");
  EXPECT_EQ(folder_.Get("out/a (2).mov"), "older");
}

TEST_F(MoveTogetherTest, WhereThePictureCannotGoTheFilmComesBack) {
  fs::remove(folder_ / "a.heic");
  const auto moved = Move();
  EXPECT_EQ(moved.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(folder_.Get("a.mov"), "film");
  EXPECT_FALSE(fs::exists(folder_ / "out/a.mov"));
}

TEST_F(MoveTogetherTest, WhereTheFilmCannotGoThePictureStays) {
  fs::remove(folder_ / "a.mov");
  const auto moved = Move();
  EXPECT_NE(moved.status().message().find("its film " + films_[0].path), std::string::npos);
  EXPECT_EQ(folder_.Get("a.heic"), "still");
}

TEST_F(MoveTogetherTest, SidecarsAreCalledAsTheirPicture) {
  folder_.Put("a.heic.XMP", "long");
  folder_.Put("a.xmp", "short");
  sidecars_ = {{folder_ / "a.heic.XMP", false}, {folder_ / "a.xmp", true}};
  folder_.Put("out/a (2).xmp", "old");
  folder_.Put("out/a.heic", "old");
  EXPECT_EQ(*Move(), folder_ / "out/a (3).heic");
  EXPECT_EQ(folder_.Get("out/a (3).heic.XMP"), "long");
  EXPECT_EQ(folder_.Get("out/a (3).xmp"), "short");
  EXPECT_EQ(folder_.Get("out/a (3).mov"), "film");
  EXPECT_EQ(folder_.Get("out/a (2).xmp"), "old");
  EXPECT_EQ(folder_.Count(), 1);
}

TEST_F(MoveTogetherTest, WhereTheSidecarCannotGoAllComesBack) {
  sidecars_ = {{folder_ / "a.heic.xmp", false}};
  const auto moved = Move();
  EXPECT_NE(moved.status().message().find("its sidecar " + sidecars_[0].path), std::string::npos);
  EXPECT_EQ(folder_.Get("a.heic"), "still");
  EXPECT_EQ(folder_.Get("a.mov"), "film");
}

class SidecarsToMoveTest : public ::testing::Test {
 protected:
  SidecarsToMoveTest() {
    auto store = Store::Open(folder_ / "library.db", Database::Mode::kCreate);
    EXPECT_TRUE(store.ok()) << store.status().message();
    store_ = *std::move(store);
    for (const char* name : {"a.jpg", "a.cr2", "a.b.jpg"}) Know(folder_.Put(name, name));
    folder_.Put("a.xmp", "both's");
    folder_.Put("a.jpg.xmp", "its own");
  }
  void Know(const std::string& path) {
    PhotoRecord record;
    record.file.path = path;
    EXPECT_TRUE(store_.Write(record).ok());
  }
  std::vector<std::string> Of(const std::string& name) {
    const auto found = SidecarsToMove(store_, folder_ / name);
    EXPECT_TRUE(found.ok()) << found.status().message();
    std::vector<std::string> names;
    for (const SidecarFile& one : *found) names.push_back(fs::path(one.path).filename().string());
    return names;
  }

  TestFolder folder_;
  Store store_;
};

TEST_F(SidecarsToMoveTest, OneThatIsSharedStaysUntilItsLastPictureGoes) {
  EXPECT_EQ(Of("a.jpg"), std::vector<std::string>{"a.jpg.xmp"});
  EXPECT_EQ(Of("a.cr2"), std::vector<std::string>{});
  fs::remove(folder_ / "a.cr2");
  EXPECT_EQ(Of("a.jpg"), (std::vector<std::string>{"a.jpg.xmp", "a.xmp"}));
}

TEST_F(SidecarsToMoveTest, PicturesOfASidecar) {
  const auto of = [&](const std::string& name) {
    return *PicturesOfSidecar(store_, folder_ / name);
  };
  EXPECT_EQ(of("a.XMP"), (std::vector<std::string>{folder_ / "a.cr2", folder_ / "a.jpg"}));
  EXPECT_EQ(of("a.jpg.xmp"), std::vector<std::string>{folder_ / "a.jpg"});
  EXPECT_EQ(of("a.b.xmp"), std::vector<std::string>{folder_ / "a.b.jpg"});
  EXPECT_EQ(of("b.xmp"), std::vector<std::string>{});
}

}  // namespace
}  // namespace peel::library
