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

Knowledge Everything() {
  Knowledge known = Known({"sea", "<a> & \"b\"", "\xE9\x9B\xAA"}, 4, "Tram's \"end\"");
  known.description = "A wall, 100 % & more";
  known.latitude = -33.858512345;
  known.longitude = 18.5;
  known.altitude = -3.25;
  return known;
}

TEST(KnowledgeOfOwn, IsWhatWasWritten) {
  for (const Knowledge& known : {Everything(), Known({"x"}), Known({}, -1), Known({}, 0, "T")}) {
    const std::string text = SidecarXmp(known);
    const auto own = KnowledgeOfOwn(text);
    ASSERT_TRUE(own) << text;
    EXPECT_EQ(KnowledgeText(*own), KnowledgeText(known));
    EXPECT_EQ(SidecarXmp(*own), text);
  }
}

TEST(KnowledgeOfOwn, AlsoAsItWasWrittenWithoutAMark) {
  std::string text = SidecarXmp(Everything());
  const std::string mark = " x:xmptk=\"Peel\"";
  ASSERT_NE(text.find(mark), std::string::npos);
  text.erase(text.find(mark), mark.size());
  EXPECT_TRUE(KnowledgeOfOwn(text));
}

TEST(KnowledgeOfOwn, IsNothingWhereSomebodyElseHasWrittenToo) {
  const std::string text = SidecarXmp(Everything());
  std::string more = text;
  more.insert(more.find("   <xmp:Rating>"), "   <dc:rights>mine</dc:rights>\n");
  std::string other = text;
  other.replace(other.find("xmptk=\"Peel"), 11, "xmptk=\"Exif");
  for (const std::string& changed : {more, other, text + " ", text.substr(1), std::string("mine"),
                                     std::string(), text.substr(0, text.size() / 2)}) {
    EXPECT_FALSE(KnowledgeOfOwn(changed)) << changed;
  }
}

TEST(PutOver, FieldByField) {
  Knowledge known = Everything();
  PutOver({}, &known);
  EXPECT_EQ(KnowledgeText(known), KnowledgeText(Everything()));
  Knowledge over = Known({"new"}, 0, "New");
  over.latitude = over.longitude = 1;
  PutOver(over, &known);
  EXPECT_EQ(known.keywords, std::vector<std::string>{"new"});
  EXPECT_EQ(known.rating, 4);
  EXPECT_EQ(known.title, "New");
  EXPECT_EQ(known.description, Everything().description);
  EXPECT_EQ(known.latitude, 1);
  EXPECT_FALSE(known.altitude);  // another place's
}

TEST(LookBeside, FindsWhatMayBeMergedInto) {
  const TestFolder folder;
  const std::string picture = folder.Put("a.jpg", "picture"), own = SidecarXmp(Everything());
  EXPECT_FALSE(LookBeside(picture).file.exists());
  folder.Put("a.xmp", own);  // every other a's too
  EXPECT_EQ(LookBeside(picture).file.path, folder / "a.xmp");
  EXPECT_FALSE(LookBeside(picture).own);
  folder.Put("a.jpg.XMP", own);
  EXPECT_EQ(LookBeside(picture).file.path, folder / "a.jpg.XMP");
  EXPECT_TRUE(LookBeside(picture).own);
  folder.Put("a.jpg.xmp", "mine");
  EXPECT_EQ(LookBeside(picture).file.path, folder / "a.jpg.xmp");
  EXPECT_FALSE(LookBeside(picture).own);
}

TEST(WriteSidecar, NeverWritesOverOne) {
  const TestFolder folder;
  const std::string picture = folder.Put("a.jpg", "picture");
  ASSERT_TRUE(WriteSidecar(picture, "text").ok());
  EXPECT_EQ(folder.Get("a.jpg.xmp"), "text");
  EXPECT_FALSE(WriteSidecar(picture, "other").ok());
  EXPECT_EQ(folder.Get("a.jpg.xmp"), "text");
  EXPECT_EQ(folder.Count(), 2);
}

TEST(ReplaceSidecar, KeepsTheEarlierOne) {
  const TestFolder folder;
  const std::string sidecar = folder.Put("a.xmp", "old");
  ASSERT_TRUE(ReplaceSidecar(sidecar, "new", folder / "earlier").ok());
  EXPECT_EQ(folder.Get("a.xmp"), "new");
  EXPECT_EQ(folder.Get("earlier"), "old");
  // A name that is taken is not written over, and nothing is changed.
  EXPECT_FALSE(ReplaceSidecar(sidecar, "newer", folder / "earlier").ok());
  EXPECT_EQ(folder.Get("a.xmp"), "new");
  EXPECT_EQ(folder.Get("earlier"), "old");
  ASSERT_TRUE(ReplaceSidecar(sidecar, "newer", "").ok());
  EXPECT_EQ(folder.Get("a.xmp"), "newer");
  EXPECT_EQ(folder.Count(), 2);
}

}  // namespace
}  // namespace peel::library
