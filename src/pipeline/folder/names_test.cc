// Names in, names out: ExpandInputs and PlanOutputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "src/base/os/test_folder.h"
#include "src/pipeline/folder/inputs.h"
#include "src/pipeline/folder/manifest.h"
#include "src/pipeline/folder/outputs.h"
#include "src/pipeline/folder/own_results.h"

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
  std::vector<std::string> own;
  for (const Input& result : list.own_results) own.push_back(result.path);
  EXPECT_THAT(own, ElementsAre(folder_ / "./b.cut.png", folder_ / "./b.mask.webp"));
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

// Names below the list's own folder, with the sub-folder each is kept in.
std::vector<std::string> PassedOverNames(const InputList& list, const TestFolder& folder) {
  std::vector<std::string> names;
  for (const PassedOver& passed : list.passed_over) {
    EXPECT_THAT(passed.reason, testing::Not(IsEmpty()));
    names.push_back(std::filesystem::path(passed.input.path).lexically_relative(folder / ""));
  }
  return names;
}

TEST(LinkedFolders, AreFollowedOnceAndTold) {
  const TestFolder folder;
  const auto link = [&](const char* to, const char* name) {
    std::filesystem::create_directory_symlink(to, folder / name);
  };
  folder.Put("in/z/own.jpg", "");
  folder.Put("elsewhere/far.jpg", "");
  folder.Put("elsewhere/deep/deeper.jpg", "");
  link("../elsewhere", "in/linked");
  link("../elsewhere", "in/linked2");
  link("z", "in/a");          // to a folder of the list
  link(".", "in/z/around");   // in a circle
  link("..", "in/z/up");      // to its own parent
  link("../..", "in/z/out");  // and beyond the folder that was named
  link("/", "in/root");
  link("../in", "elsewhere/back");
  const InputList list = ExpandInputs({folder / "in"}, true);
  EXPECT_THAT(Paths(list),
              ElementsAre(folder / "in/z/own.jpg", folder / "in/linked/deep/deeper.jpg",
                          folder / "in/linked/far.jpg"));
  EXPECT_THAT(PassedOverNames(list, folder),
              UnorderedElementsAre("in/linked2", "in/a", "in/z/around", "in/z/up", "in/z/out",
                                   "in/root", "in/linked/back"));
  EXPECT_EQ(list.inputs[1].subfolder, "linked/deep");
  EXPECT_THAT(list.errors, IsEmpty());
  // Without --recursive no sub-folder counts, linked or not.
  EXPECT_THAT(ExpandInputs({folder / "in"}, false).passed_over, IsEmpty());
}

TEST(LinkedFiles, EachNameIsAPicture) {
  const TestFolder folder;
  const std::string real = folder.Put("b.jpg", "");
  std::filesystem::create_symlink("b.jpg", folder / "a.jpg");
  std::filesystem::create_hard_link(real, folder / "c.jpg");
  const InputList list = ExpandInputs({folder / ""}, false);
  EXPECT_THAT(Paths(list), ElementsAre(folder / "a.jpg", folder / "b.jpg", folder / "c.jpg"));
  EXPECT_EQ(PlanOutputs(list.inputs, {}).value().jobs.size(), 3u);
}

TEST(OwnResults, AreToldFromPicturesOfTheirName) {
  const TestFolder folder;
  folder.Put("fabric.cut.jpg", "");  // nothing says that it is Peel's
  folder.Put("a.jpg", "");
  for (const char* own : {"a.cut.png", "a.mask.webp", "a-001.cut.png", "a.jpg.cut.png"}) {
    folder.Put(own, "");
  }
  folder.Put("a-01.cut.png", "");  // no frame's number
  folder.Put("ab.cut.png", "");
  folder.Put("notes.txt", "");
  folder.Put("notes.cut.png", "");
  folder.Put("out/gone.cut.png", "");
  folder.Put("out/sub/gone.cut.png", "");
  folder.Put("out/sub/mine.cut.png", "");
  auto manifest = Manifest::Open(folder / "out");
  ASSERT_TRUE(manifest->Finish("gone.cut.png", 1, 1).ok());
  ASSERT_TRUE(manifest->Finish("sub/gone.cut.png", 1, 1).ok());
  const InputList list = ExpandInputs({folder / ""}, true);
  EXPECT_THAT(Paths(list), ElementsAre(folder / "a-01.cut.png", folder / "a.jpg",
                                       folder / "ab.cut.png", folder / "fabric.cut.jpg",
                                       folder / "notes.cut.png", folder / "out/sub/mine.cut.png"));
  OwnResults own;
  for (const Input& result : list.own_results) {
    EXPECT_THAT(own.Reason(result.path), testing::Not(IsEmpty())) << result.path;
  }
  EXPECT_EQ(list.own_results.size(), 6u);
  EXPECT_THAT(own.Reason(folder / "a.cut.png"), HasSubstr("a.jpg"));
  EXPECT_EQ(own.Reason(folder / "fabric.cut.jpg"), "");
  // Named itself, any file is a picture.
  EXPECT_THAT(Paths(ExpandInputs({folder / "a.cut.png"}, false)),
              ElementsAre(folder / "a.cut.png"));
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
  EXPECT_THAT(PassedOverNames(list, folder_), ElementsAre("sub/unfinished.jpg.part"));
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

TEST_F(Folders, NamedTwiceAreNoError) {
  const InputList list = ExpandInputs({folder_ / "sub", folder_ / "sub"}, false);
  EXPECT_EQ(list.inputs.size(), 1u);
  EXPECT_THAT(list.errors, IsEmpty());
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

// A result of each input by the input's path, "" where it was refused.
std::map<std::string, std::string> Places(const std::vector<std::string>& paths,
                                          const OutputOptions& options) {
  InputTable inputs;
  std::map<std::string, std::string> places;
  for (const std::string& path : paths) {
    inputs.Add(path, "");
    places[path] = "";
  }
  const auto list = PlanOutputs(inputs, options);
  EXPECT_TRUE(list.ok());
  for (const Job& job : list.value().jobs) places[job.input.path] = job.output;
  for (const InputFailure& failure : list.value().errors) {
    EXPECT_EQ(places[failure.input.path], "");
    EXPECT_THAT(failure.status.message(), HasSubstr(failure.input.path));
  }
  EXPECT_EQ(list.value().jobs.size() + list.value().errors.size(), paths.size());
  return places;
}

TEST(PlanOutputs, ExtensionsKeepTwoOfOneNameApart) {
  std::vector<std::string> paths = {"IMG.HEIC", "IMG.JPG", "IMG.dng", "b.jpg", "x.heic"};
  const std::map<std::string, std::string> expected = {{"IMG.HEIC", "IMG.cut.png"},
                                                       {"IMG.JPG", "IMG.JPG.cut.png"},
                                                       {"IMG.dng", "IMG.dng.cut.png"},
                                                       {"b.jpg", "b.cut.png"},
                                                       {"x.heic", "x.cut.png"}};
  do {
    EXPECT_EQ(Places(paths, {}), expected);
  } while (std::ranges::next_permutation(paths).found);
  EXPECT_EQ(Places({"a/IMG.jpg", "b/IMG.png"}, {.folder = "out"}),
            (std::map<std::string, std::string>{{"a/IMG.jpg", "out/IMG.cut.png"},
                                                {"b/IMG.png", "out/IMG.png.cut.png"}}));
}

// What an earlier run called by its extension stays called so: another result never changes.
TEST(PlanOutputs, WhoKeptItsExtensionKeepsIt) {
  const TestFolder folder;
  folder.Put("out/IMG.HEIC.cut.png", "");
  const OutputOptions options = {.folder = folder / "out"};
  EXPECT_EQ(Places({"IMG.HEIC", "IMG.JPG"}, options),
            (std::map<std::string, std::string>{{"IMG.HEIC", folder / "out/IMG.HEIC.cut.png"},
                                                {"IMG.JPG", folder / "out/IMG.cut.png"}}));
}

TEST(PlanOutputs, NeverTwoToOneName) {
  // Nothing tells these apart but their folders.
  EXPECT_EQ(Places({"a/x.jpg", "b/x.jpg", "c/x.png"}, {.folder = "out"}),
            (std::map<std::string, std::string>{
                {"a/x.jpg", ""}, {"b/x.jpg", ""}, {"c/x.png", "out/x.cut.png"}}));
  // The name with an extension may be another's without it.
  EXPECT_EQ(Places({"IMG.HEIC", "IMG.JPG", "IMG.JPG.tif"}, {}),
            (std::map<std::string, std::string>{
                {"IMG.HEIC", "IMG.cut.png"}, {"IMG.JPG", ""}, {"IMG.JPG.tif", "IMG.JPG.cut.png"}}));
  EXPECT_EQ(Places({"x", "x.jpg"}, {}),
            (std::map<std::string, std::string>{{"x", "x.cut.png"}, {"x.jpg", "x.jpg.cut.png"}}));
}

TEST(PlanOutputs, CaseCountsWhereTheFileSystemSaysSo) {
  const std::vector<std::string> paths = {"a.jpg", "A.JPG", "b.jpg", "b.JPG"};
  EXPECT_EQ(Places(paths, {.folder = "out"}),
            (std::map<std::string, std::string>{{"a.jpg", "out/a.cut.png"},
                                                {"A.JPG", "out/A.cut.png"},
                                                {"b.jpg", "out/b.jpg.cut.png"},
                                                {"b.JPG", "out/b.cut.png"}}));
  EXPECT_EQ(Places(paths, {.folder = "out", .folds_case = true}),
            (std::map<std::string, std::string>{{"a.jpg", "out/a.jpg.cut.png"},
                                                {"A.JPG", "out/A.cut.png"},
                                                {"b.jpg", "out/b.jpg.cut.png"},
                                                {"b.JPG", "out/b.cut.png"}}));
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
  const std::string out = folder / "out";
  OutputPlanner planner = *OutputPlanner::Create({.folder = out});
  const Input png = {folder.Put("a.png", "x"), ""}, jpg = {folder.Put("a.jpg", "x"), ""};
  EXPECT_EQ(planner.Plan(png).value().output, out + "/a.cut.png");
  EXPECT_EQ(planner.Plan(png).value().output, out + "/a.cut.png") << "the same input again";
  EXPECT_EQ(planner.Plan(jpg).value().output, out + "/a.jpg.cut.png");
  EXPECT_EQ(planner.Plan(jpg).value().output, out + "/a.jpg.cut.png");
  EXPECT_TRUE(planner.Has(out + "/a.cut.png"));
  EXPECT_TRUE(planner.Has(out + "/sub/../a.jpg.cut.png"));
  EXPECT_FALSE(planner.Has(out + "/a.png.cut.png"));
  const Input other = {folder.Put("other/a.png", "x"), ""};
  EXPECT_EQ(planner.Plan(other).status().code(), StatusCode::kInvalidArgument);
  std::filesystem::remove(png.path);
  planner.Vacate(other);
  EXPECT_EQ(planner.Plan(other).value().output, out + "/a.cut.png");
}

// A later run sees the files in another order, and makes the same of them.
TEST(OutputPlanner, GoesOnAsAnEarlierRunBegan) {
  const TestFolder folder;
  const Input png = {folder.Put("a.png", "x"), ""}, jpg = {folder.Put("a.jpg", "x"), ""};
  folder.Put("a.png.cut.png", "");
  folder.Put("a.cut.png", "");
  folder.Put("lone.jpg.cut.png", "");
  OutputPlanner planner = *OutputPlanner::Create({});
  EXPECT_EQ(planner.Plan(png).value().output, folder / "a.png.cut.png");
  EXPECT_EQ(planner.Plan(jpg).value().output, folder / "a.cut.png");
  EXPECT_EQ(planner.Plan({folder.Put("lone.jpg", "x"), ""}).value().output,
            folder / "lone.cut.png");
}

// The file system gives a removed source's inode to the next file, which may be a result.
TEST(OutputPlanner, ASourceThatIsGoneProtectsNothing) {
  const TestFolder folder;
  OutputPlanner planner = *OutputPlanner::Create({});
  const std::string source = folder.Put("a.jpg", "x");
  ASSERT_TRUE(planner.Plan({source, ""}).ok());
  // The same inode under a result's name.
  std::filesystem::rename(source, folder / "b.cut.png");
  EXPECT_TRUE(planner.Plan({folder.Put("b.jpg", "x"), ""}).ok());
  EXPECT_FALSE(planner.IsInput(folder / "b.cut.png"));
  EXPECT_TRUE(planner.IsInput(folder / "b.jpg"));
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
  EXPECT_EQ(OutputFormat({.file = "x.bmp"}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*OutputFormat({.file = "x.avif"}), Format::kAvif);
  EXPECT_EQ(*OutputFormat({.file = "x.TIFF"}), Format::kTiff);
  EXPECT_EQ(OutputFormat({.file = "x.heic"}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel
