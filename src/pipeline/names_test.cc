// Names in, names out: ExpandInputs and PlanOutputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "src/pipeline/inputs.h"
#include "src/pipeline/outputs.h"
#include "src/pipeline/test_folder.h"

namespace peel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kPngStart[] = "\x89PNG\r\n\x1a\n";

std::vector<std::string> Paths(const InputList& list) {
  std::vector<std::string> paths;
  for (const Input& input : list.inputs) paths.push_back(input.path);
  return paths;
}

std::vector<std::string> Outputs(const Result<JobList>& list) {
  std::vector<std::string> outputs;
  if (list.ok()) {
    for (const Job& job : list.value().jobs) outputs.push_back(job.output);
  }
  return outputs;
}

class Folders : public testing::Test {
 protected:
  void SetUp() override {
    folder_.Put("b.jpg", "");
    folder_.Put("a.PNG", "");
    folder_.Put("noextension", kPngStart);
    folder_.Put("notes.txt", "no picture");
    folder_.Put(".hidden.jpg", "");
    folder_.Put("b.cut.png", "");
    folder_.Put("b.mask.webp", "");
    folder_.Put("sub/c.webp", "");
    folder_.Put("sub/deep/d.jpg", "");
  }
  const TestFolder folder_;
};

TEST_F(Folders, StandForTheirPictures) {
  const InputList list = ExpandInputs({folder_ / "."}, false);
  EXPECT_THAT(Paths(list),
              ElementsAre(folder_ / "./a.PNG", folder_ / "./b.jpg", folder_ / "./noextension"));
  EXPECT_EQ(list.own_outputs_skipped, 2);
  EXPECT_THAT(list.errors, IsEmpty());
}

TEST_F(Folders, RecursiveKeepsSubfolders) {
  const InputList list = ExpandInputs({folder_ / ""}, true);
  ASSERT_EQ(list.inputs.size(), 5u);
  EXPECT_EQ(list.inputs[3].subfolder, "sub");
  EXPECT_EQ(list.inputs[4].subfolder, "sub/deep");
  const auto jobs = PlanOutputs(list.inputs, {.folder = "out"});
  EXPECT_THAT(Outputs(jobs),
              ElementsAre("out/a.cut.png", "out/b.cut.png", "out/noextension.cut.png",
                          "out/sub/c.cut.png", "out/sub/deep/d.cut.png"));
}

TEST_F(Folders, LinksToFoldersAreNotFollowed) {
  std::filesystem::create_directory_symlink("..", folder_ / "sub/loop");
  EXPECT_EQ(ExpandInputs({folder_ / "sub"}, true).inputs.size(), 2u);
}

TEST_F(Folders, OdditiesAreNotPassedOverInSilence) {
  std::filesystem::create_symlink("circle.jpg", folder_ / "sub/circle.jpg");
  std::filesystem::create_symlink("nowhere", folder_ / "sub/dangling.jpg");
  ASSERT_EQ(mkfifo((folder_ / "sub/pipe.jpg").c_str(), 0600), 0);
  folder_.Put("sub/unfinished.jpg.part", kPngStart);
  const InputList list = ExpandInputs({folder_ / "sub"}, false);
  EXPECT_THAT(Paths(list), ElementsAre(folder_ / "sub/c.webp", folder_ / "sub/circle.jpg",
                                       folder_ / "sub/dangling.jpg"));
  ASSERT_EQ(list.errors.size(), 1u);
  EXPECT_EQ(list.errors[0].input.path, folder_ / "sub/pipe.jpg");
}

TEST(Shard, PartsAreDisjointAndTakeAll) {
  int counts[3] = {};
  for (int i = 0; i < 3000; ++i) {
    const Input input = {"anywhere/" + std::to_string(i) + ".jpg", "sub"};
    int taken = 0;
    for (int part = 1; part <= 3; ++part) {
      const bool has = Shard{part, 3}.Has(input);
      taken += has;
      counts[part - 1] += has;
    }
    ASSERT_EQ(taken, 1);
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_TRUE(Shard{}.Has({"x", ""}));
  EXPECT_EQ(ParseShard("2/16").value().count, 16);
  for (const char* bad : {"", "0/2", "3/2", "1", "1/", "/2", "1/2 ", "-1/2", "1/99999999999"}) {
    EXPECT_FALSE(ParseShard(bad).ok()) << bad;
  }
}

TEST_F(Folders, PatternsMatch) {
  EXPECT_THAT(Paths(ExpandInputs({folder_ / "*.jpg"}, false)), ElementsAre(folder_ / "b.jpg"));
  const InputList none = ExpandInputs({folder_ / "*.tiff"}, false);
  ASSERT_EQ(none.errors.size(), 1u);
  EXPECT_THAT(none.errors[0].status.message(), HasSubstr("*.tiff"));
}

TEST_F(Folders, AFileCountsOnce) {
  const InputList list =
      ExpandInputs({folder_ / "b.jpg", folder_ / "sub/../b.jpg", folder_ / "*.jpg"}, false);
  EXPECT_THAT(Paths(list), ElementsAre(folder_ / "b.jpg"));
}

TEST_F(Folders, WithoutPicturesAreAnError) {
  folder_.Put("empty/readme.txt", "x");
  const InputList list = ExpandInputs({folder_ / "empty"}, false);
  ASSERT_EQ(list.errors.size(), 1u);
  EXPECT_THAT(list.errors[0].status.message(), HasSubstr("--recursive"));
}

TEST(ExpandInputs, NamesWithBracketsThatExistAreFiles) {
  const TestFolder folder;
  const std::string path = folder.Put("photo[1].jpg", "");
  EXPECT_THAT(Paths(ExpandInputs({path}, false)), ElementsAre(path));
}

TEST(ExpandInputs, MissingFilesAreLeftToTheReader) {
  EXPECT_THAT(Paths(ExpandInputs({"/nowhere/x.jpg", "-"}, false)),
              ElementsAre("/nowhere/x.jpg", "-"));
}

TEST(PlanOutputs, BesideTheInput) {
  EXPECT_THAT(Outputs(PlanOutputs({{"dir/photo.jpg", ""}}, {})), ElementsAre("dir/photo.cut.png"));
  EXPECT_THAT(Outputs(PlanOutputs({{"photo.jpg", ""}}, {.mask = true})),
              ElementsAre("photo.mask.png"));
  EXPECT_THAT(Outputs(PlanOutputs({{"a.b.jpg", ""}}, {.format = Format::kWebp})),
              ElementsAre("a.b.cut.webp"));
  EXPECT_THAT(Outputs(PlanOutputs({{"-", ""}}, {})), ElementsAre("-"));
  EXPECT_THAT(Outputs(PlanOutputs({{"-", ""}}, {.folder = "out"})),
              ElementsAre("out/stdin.cut.png"));
}

TEST(PlanOutputs, OneFileForOneInput) {
  EXPECT_THAT(Outputs(PlanOutputs({{"a.jpg", ""}}, {.file = "x.webp"})), ElementsAre("x.webp"));
  EXPECT_EQ(PlanOutputs({{"a.jpg", ""}, {"b.jpg", ""}}, {.file = "x.webp"}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(PlanOutputs({{"a.jpg", ""}}, {.file = "x.png", .folder = "out"}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(PlanOutputs, NeverTwoToOneName) {
  const auto list =
      PlanOutputs({{"a.jpg", ""}, {"b.jpg", ""}, {"a.png", ""}, {"./a.webp", ""}}, {});
  ASSERT_TRUE(list.ok());
  EXPECT_THAT(Outputs(list), ElementsAre("b.cut.png"));
  std::vector<std::string> refused;
  for (const InputFailure& failure : list.value().errors) {
    refused.push_back(failure.input.path);
    EXPECT_THAT(failure.status.message(), HasSubstr(failure.input.path));
  }
  EXPECT_THAT(refused, UnorderedElementsAre("a.jpg", "a.png", "./a.webp"));
}

TEST(PlanOutputs, NeverOverAnotherNameOfAnInput) {
  const TestFolder folder;
  const std::string input = folder.Put("in/a.png", "x");
  std::filesystem::create_directories(folder / "out");
  std::filesystem::create_hard_link(input, folder / "out/b.cut.png");
  std::filesystem::create_symlink(input, folder / "out/c.cut.png");
  const auto list = PlanOutputs({{input, ""}, {folder / "in/b.jpg", ""}, {folder / "in/c.jpg", ""}},
                                {.folder = folder / "out"});
  ASSERT_TRUE(list.ok());
  EXPECT_THAT(Outputs(list), ElementsAre(folder / "out/a.cut.png"));
  EXPECT_EQ(list.value().errors.size(), 2u);
}

TEST(OutputPlanner, GivesPlacesAsInputsTurnUp) {
  const TestFolder folder;
  OutputPlanner planner = *OutputPlanner::Create({.folder = "out"});
  const Input png = {folder.Put("a.png", "x"), ""}, jpg = {folder.Put("a.jpg", "x"), ""};
  EXPECT_EQ(planner.Plan(png).value().output, "out/a.cut.png");
  EXPECT_TRUE(planner.Plan(png).ok()) << "the same input again";
  planner.Vacate(jpg);
  EXPECT_EQ(planner.Plan(jpg).status().code(), StatusCode::kInvalidArgument);
  std::filesystem::remove(png.path);
  planner.Vacate(jpg);
  EXPECT_TRUE(planner.Plan(jpg).ok());
}

TEST(PlanOutputs, NeverOverAnInput) {
  const TestFolder folder;
  const std::string input = folder.Put("a.png", "x");
  const std::string other = folder.Put("b.cut.png", "x");
  std::filesystem::create_hard_link(input, folder / "same.png");
  for (const std::string& file : {input, folder / "./a.png", folder / "same.png"}) {
    const auto list = PlanOutputs({{input, ""}}, {.file = file});
    ASSERT_TRUE(list.ok());
    EXPECT_THAT(list.value().jobs, IsEmpty()) << file;
    EXPECT_EQ(list.value().errors.size(), 1u) << file;
  }
  const auto list = PlanOutputs({{folder / "b.jpg", ""}, {other, ""}}, {});
  ASSERT_TRUE(list.ok());
  EXPECT_THAT(Outputs(list), ElementsAre(folder / "b.cut.cut.png"));
}

TEST(OutputFormat, FollowsOptionThenExtension) {
  EXPECT_EQ(OutputFormat({.file = "x.JPEG"}).value(), Format::kJpeg);
  EXPECT_EQ(OutputFormat({.file = "x.jpg", .format = Format::kWebp}).value(), Format::kWebp);
  EXPECT_EQ(OutputFormat({.file = "-"}).value(), Format::kPng);
  EXPECT_EQ(OutputFormat({.file = "/dev/null"}).value(), Format::kPng);
  EXPECT_EQ(OutputFormat({.file = "x"}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OutputFormat({.file = "x.gif"}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*OutputFormat({.file = "x.avif"}), Format::kAvif);
  EXPECT_EQ(*OutputFormat({.file = "x.TIFF"}), Format::kTiff);
  EXPECT_EQ(OutputFormat({.file = "x.heic"}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel
