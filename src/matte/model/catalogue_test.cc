#include "src/matte/model/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace peel {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Environment Variables(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

class Locate : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) /
            ("catalogue_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string Put(const std::string& path) {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "x";
    return root_.string() + "/" + path;  // as names are put together everywhere
  }
  fs::path root_;
};

TEST(Catalogue, IsSortedAndFindsItsNames) {
  const auto all = Catalogue();
  EXPECT_EQ(all.front().name, kEmbeddedModel);
  EXPECT_TRUE(std::is_sorted(all.begin() + 1, all.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  for (const auto& e : all) EXPECT_EQ(FindInCatalogue(e.name), &e);
  EXPECT_EQ(FindInCatalogue("u2ne"), nullptr);
}

TEST(ModelCandidates, AreInRembgsOrder) {
  EXPECT_THAT(
      ModelCandidates("m", Variables({{"HOME", "/h"},
                                      {"U2NET_HOME", "/u/"},
                                      {"REMBG_HOME", "~/r"},
                                      {"XDG_DATA_HOME", "/x"}})),
      ElementsAre("/u/m.onnx", "/h/r/models/m/m.onnx", "/x/rembg/models/m/m.onnx",
                  "/h/.rembg/models/m/m.onnx", "/h/.u2net/m.onnx", "/x/peel/models/m.onnx"));
  EXPECT_THAT(ModelCandidates("m", Variables({{"HOME", "/h"}, {"U2NET_HOME", ""}})),
              ElementsAre("/h/.rembg/models/m/m.onnx", "/h/.u2net/m.onnx",
                          "/h/.local/share/peel/models/m.onnx"));
  EXPECT_TRUE(ModelCandidates("m", Variables({})).empty());
}

TEST_F(Locate, TakesTheFirstThatIsThere) {
  const auto environment = Variables({{"HOME", root_.string()}});
  const std::string old_place = Put(".u2net/u2net.onnx");
  auto model = LocateModel("u2net", environment);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->path, old_place);
  EXPECT_EQ(model->family, Family::kU2net);
  EXPECT_FALSE(model->embedded());
  const std::string new_place = Put(".rembg/models/u2net/u2net.onnx");
  EXPECT_EQ(LocateModel("u2net", environment)->path, new_place);
  // A model that no catalogue knows, in Peel's own folder.
  const std::string own = Put(".local/share/peel/models/mine.onnx");
  EXPECT_EQ(LocateModel("mine", environment)->path, own);
}

TEST_F(Locate, TheEmbeddedModelNeedsNoFile) {
  const auto model = LocateModel("peel", Variables({}));
  ASSERT_TRUE(model.ok());
  EXPECT_TRUE(model->embedded());
}

TEST_F(Locate, FilesTellTheirFamilyByTheirNames) {
  const auto environment = Variables({});
  EXPECT_EQ(LocateModel(Put("u2netp-fp16.onnx"), environment)->family, Family::kU2net);
  EXPECT_EQ(LocateModel(Put("u2net_cloth_seg.onnx"), environment)->family, Family::kClothSeg);
  EXPECT_EQ(LocateModel(Put("birefnet-general-lite.onnx"), environment)->family, Family::kBirefnet);
  EXPECT_EQ(LocateModel(Put("u2network.onnx"), environment)->family, std::nullopt);
  EXPECT_EQ(LocateModel(Put("folder/any"), environment)->name, "any");
}

TEST_F(Locate, SaysWhereItLookedAndWhatIsNear) {
  const auto environment = Variables({{"HOME", "/nowhere"}});
  auto status = LocateModel("u2net_human_seg", environment).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("/nowhere/.u2net/u2net_human_seg.onnx"));
  status = LocateModel("u2nte", environment).status();
  EXPECT_THAT(status.message(), HasSubstr("did you mean u2net"));
  status = LocateModel("isnet", environment).status();
  EXPECT_THAT(status.message(), HasSubstr("isnet-anime"));
  status = LocateModel("zzzzzzzz", environment).status();
  EXPECT_THAT(status.message(), Not(HasSubstr("did you mean")));
  EXPECT_EQ(LocateModel("no/such.onnx", environment).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(LocateModel(root_.string() + "/", environment).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(LocateModel("", environment).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel
