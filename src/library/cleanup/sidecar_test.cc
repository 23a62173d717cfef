#include "src/library/cleanup/sidecar.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/library/cleanup/knowledge.h"
#include "src/library/cleanup/plan.h"

namespace peel::library {
namespace {

std::vector<std::string> AllKinds() { return {MergeKinds().begin(), MergeKinds().end()}; }

Knowledge Known(std::vector<std::string> keywords, int64_t rating = 0, std::string title = "") {
  Knowledge known;
  known.keywords = std::move(keywords);
  known.rating = rating;
  known.title = std::move(title);
  return known;
}

TEST(Missing, IsWhatTheOthersKnowAlone) {
  Knowledge place;
  place.latitude = 1;
  place.longitude = 2;
  place.description = "A wall";
  const std::vector<Knowledge> others = {Known({"sea", "sand"}, 2, "First"),
                                         Known({"sand", "x"}, 4, "Second"), place};
  const Knowledge missing = Missing(Known({"sea"}), others, AllKinds());
  EXPECT_EQ(missing.keywords, (std::vector<std::string>{"sea", "sand", "x"}));
  EXPECT_EQ(missing.rating, 4);
  EXPECT_EQ(missing.title, "First");
  EXPECT_EQ(missing.description, "A wall");
  EXPECT_EQ(missing.longitude, 2);
  EXPECT_EQ(KindsOf(missing), AllKinds());
  EXPECT_EQ(KnowledgeText(missing),
            "keywords sea, sand, x; rating 4; title First; description A wall; place 1.00000, "
            "2.00000");
}

TEST(Missing, WhatTheKeptOneSaysStands) {
  Knowledge kept = Known({"sea", "sand"}, 1, "Mine");
  kept.description = "Mine";
  kept.latitude = kept.longitude = 0;
  Knowledge other = Known({"sand"}, 5, "Theirs");
  other.description = "Theirs";
  other.latitude = other.longitude = 9;
  EXPECT_TRUE(Missing(kept, std::vector{other}, AllKinds()).empty());
  kept.rating = -1;  // rejected is a rating
  EXPECT_TRUE(Missing(kept, std::vector{other}, AllKinds()).empty());
}

TEST(Missing, OfTheKindsThatAreWanted) {
  const std::vector<Knowledge> others = {Known({"x"}, 4, "T")};
  EXPECT_EQ(KindsOf(Missing({}, others, std::vector<std::string>{"rating"})),
            (std::vector<std::string>{"rating"}));
  EXPECT_TRUE(Missing({}, others, std::vector<std::string>{}).empty());
}

TEST(SidecarXmp, EscapesWhatXmlCannotHold) {
  const std::string xmp = SidecarXmp(Known({"<a> & \"b\"", "\xEF\xBF\xBF\x01"}, -1));
  EXPECT_NE(xmp.find("<rdf:li>&lt;a&gt; &amp; \"b\"</rdf:li>"), std::string::npos);
  EXPECT_NE(xmp.find("<rdf:li>\xEF\xBF\xBD </rdf:li>"), std::string::npos);
  EXPECT_NE(xmp.find("<xmp:Rating>-1</xmp:Rating>"), std::string::npos);
  EXPECT_EQ(xmp.find("dc:title>"), std::string::npos);
}

TEST(SidecarXmp, PlacesAreDegreesAndMinutes) {
  Knowledge known;
  known.latitude = -33.999999999999;  // no 60 minutes
  known.longitude = 18.5;
  known.altitude = -3.25;
  const std::string xmp = SidecarXmp(known);
  EXPECT_NE(xmp.find(">34,0.00000000S<"), std::string::npos);
  EXPECT_NE(xmp.find(">18,30.00000000E<"), std::string::npos);
  EXPECT_NE(xmp.find("<exif:GPSAltitudeRef>1<"), std::string::npos);
  EXPECT_NE(xmp.find("<exif:GPSAltitude>325/100<"), std::string::npos);
}

TEST(WriteSidecar, NeverWritesOverOne) {
  const TestFolder folder;
  const std::string picture = folder.Put("a.jpg", "picture");
  bool is_written = true;
  EXPECT_EQ(SidecarObstacle(picture, "text", &is_written), "");
  EXPECT_FALSE(is_written);
  ASSERT_TRUE(WriteSidecar(picture, "text").ok());
  EXPECT_EQ(folder.Get("a.jpg.xmp"), "text");
  EXPECT_EQ(SidecarObstacle(picture, "text", &is_written), "");
  EXPECT_TRUE(is_written);
  EXPECT_NE(SidecarObstacle(picture, "other", &is_written).find("a.jpg.xmp"), std::string::npos);
  EXPECT_FALSE(WriteSidecar(picture, "other").ok());
  EXPECT_EQ(folder.Get("a.jpg.xmp"), "text");
  EXPECT_EQ(folder.Count(), 2);
  // By its other name it is one as well.
  folder.Put("b.xmp", "text");
  EXPECT_NE(SidecarObstacle(folder / "b.jpg", "text", &is_written).find("b.xmp"),
            std::string::npos);
}

}  // namespace
}  // namespace peel::library
