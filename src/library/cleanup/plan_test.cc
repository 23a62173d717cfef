#include "src/library/cleanup/plan.h"

#include <gtest/gtest.h>

#include <string>

namespace peel::library {
namespace {

PlannedGroup Group(std::string tier, std::vector<PlannedFile> files) {
  PlannedGroup group;
  group.tier = std::move(tier);
  group.files = std::move(files);
  return group;
}

PlannedFile File(std::string path, bool keep) {
  PlannedFile file;
  file.path_text = std::move(path);
  file.keep = keep;
  return file;
}

std::string Message(std::string_view text) {
  const Result<std::vector<PlannedGroup>> plan = ParsePlan(text);
  return plan.ok() ? "ok" : plan.status().message();
}

TEST(Plan, ReadsWhatItWrites) {
  // Names that a line cannot hold as they are, and such as look like something else.
  std::vector<PlannedGroup> groups = {
      Group("exact", {File("/a/one.jpg", true), File("/a/two lines\nin a name", false),
                      File("/a/ends in a space ", false)}),
      Group("similar",
            {File("/b/#1 \"quoted\".jpg", true), File("/b/Ünïcode\tmove x.jpg", false)})};
  groups[0].reason = "largest\nkeep /etc/passwd";
  groups[0].notes = {"two\nmove /etc/passwd"};
  groups[0].files[1].films = {"/a/film\nmove /etc/passwd"};
  groups[1].merge = {"keywords", "place"};
  groups[1].merged = "keywords a\nmove /etc/passwd";
  const Result<std::vector<PlannedGroup>> read =
      ParsePlan(PlanText(groups, "/l/ibrary\nmove x", "plan.txt"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->size(), 2U);
  for (size_t i = 0; i < groups.size(); ++i) {
    EXPECT_EQ((*read)[i].tier, groups[i].tier);
    EXPECT_EQ((*read)[i].merge, groups[i].merge);
    ASSERT_EQ((*read)[i].files.size(), groups[i].files.size());
    for (size_t k = 0; k < groups[i].files.size(); ++k) {
      EXPECT_EQ((*read)[i].files[k].path_text, groups[i].files[k].path_text);
      EXPECT_EQ((*read)[i].files[k].keep, groups[i].files[k].keep);
    }
  }
}

TEST(Plan, TakesWhatAPersonMayWrite) {
  const Result<std::vector<PlannedGroup>> plan = ParsePlan(
      "# mine\r\n\r\n[same]\r\n  keep   /a b.jpg \r\n\tmove /c.jpg\r\n[exact 7]\r\nkeep /d\r\n");
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  ASSERT_EQ(plan->size(), 2U);
  EXPECT_EQ((*plan)[0].files[0].path_text, "/a b.jpg");
  EXPECT_EQ((*plan)[0].files[1].line, 5U);
  EXPECT_EQ((*plan)[1].tier, "exact");
}

TEST(Plan, SaysWhichLineIsWrong) {
  EXPECT_NE(Message("[exact]\nkeep /a\nremove /b\n").find("line 3: a line is"), std::string::npos);
  EXPECT_NE(Message("keep /a\n").find("line 1: a file before"), std::string::npos);
  EXPECT_NE(Message("[all]\n").find("line 1: a group begins"), std::string::npos);
  EXPECT_NE(Message("[]\n").find("line 1: a group begins"), std::string::npos);
  EXPECT_NE(Message("[exact]\nkeep\n").find("line 2: which file"), std::string::npos);
  EXPECT_NE(Message("[exact]\nkeep \"/a\nmove /b\n").find("line 2: the quotes"), std::string::npos);
  EXPECT_NE(Message("[exact]\nmove /a\nmove /b\n").find("line 1: this group keeps nothing"),
            std::string::npos);
  EXPECT_NE(Message("[exact]\nkeep /a\nmove /b\n[same]\nkeep /b\nmove /c\n")
                .find("line 5: /b stands in line 3"),
            std::string::npos);
  EXPECT_EQ(Message("[exact]\nkeep /a\n[same]\n"), "ok");
  EXPECT_EQ(Message("[same]\nkeep /a\nmove /b\nmerge rating ,\ttitle\n"), "ok");
  EXPECT_NE(Message("[same]\nmerge\n").find("line 2: `merge` is followed by"), std::string::npos);
  EXPECT_NE(Message("[same]\nmerge rating, all\n").find("line 2: `merge` is"), std::string::npos);
  EXPECT_NE(Message("[same]\nmerge rating\nmerge title\n").find("line 3: this group has"),
            std::string::npos);
  EXPECT_NE(Message("merge rating\n").find("line 1: a file before"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
