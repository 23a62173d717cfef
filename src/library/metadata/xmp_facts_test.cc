#include "src/library/metadata/xmp_facts.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "src/library/metadata/test_photo.h"

namespace peel::library {
namespace {

Facts Read(std::string_view packet, std::string* warning = nullptr) {
  HeaderReader reader(std::span<const uint8_t>{});
  Facts facts;
  ReadXmp(packet, &reader, &facts);
  if (warning != nullptr) *warning = reader.warning();
  return facts;
}

std::string Utf16(std::string_view text, bool big) {
  std::string out = big ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : text) {
    if (big) out += '\0';
    out += c;
    if (!big) out += '\0';
  }
  return out;
}

TEST(XmpFactsTest, TakesElementsAndAttributes) {
  for (const std::string& packet :
       {TestXmp("xmp:Rating='3' xmp:CreatorTool='A &amp; B'"),
        TestXmp(
            "",
            "<xmp:Rating>3</xmp:Rating><xmp:CreatorTool><![CDATA[A & B]]></xmp:CreatorTool>")}) {
    const Facts facts = Read(packet);
    EXPECT_EQ(facts.rating, 3);
    EXPECT_EQ(facts.software, "A & B");
  }
}

TEST(XmpFactsTest, TakesAnyPrefixAndEncoding) {
  std::string packet = TestXmp("xmp:Rating='-1'",
                               "<dc:subject><rdf:Bag><rdf:li>a</rdf:li>"
                               "<rdf:li/><rdf:li> b </rdf:li></rdf:Bag></dc:subject>");
  for (size_t at; (at = packet.find("rdf:")) != std::string::npos;) packet.replace(at, 4, "r:");
  for (size_t at; (at = packet.find("dc:")) != std::string::npos;) packet.replace(at, 3, "q:");
  packet.replace(packet.find("xmlns:rdf"), 9, "xmlns:r");
  packet.replace(packet.find("xmlns:dc"), 8, "xmlns:q");
  for (const std::string& text : {packet, Utf16(packet, true), Utf16(packet, false)}) {
    std::string warning;
    const Facts facts = Read(text, &warning);
    EXPECT_EQ(facts.rating, -1);
    EXPECT_EQ(facts.keywords, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(warning, "");
  }
}

TEST(XmpFactsTest, PrefersTheDefaultLanguage) {
  EXPECT_EQ(Read(TestXmp("",
                         "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Wand</rdf:li><rdf:li "
                         "xml:lang='x-default'>Wall</rdf:li></rdf:Alt></dc:title>"))
                .title,
            "Wall");
  EXPECT_EQ(Read(TestXmp("",
                         "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Wand</rdf:li><rdf:li "
                         "xml:lang='fr'>Mur</rdf:li></rdf:Alt></dc:title>"))
                .title,
            "Wand");
  EXPECT_EQ(Read(TestXmp("dc:title='Plain'")).title, "Plain");
}

TEST(XmpFactsTest, KnowsMotionPhotos) {
  EXPECT_TRUE(Read(TestXmp("GCamera:MotionPhoto='1'")).motion_photo);
  EXPECT_TRUE(Read(TestXmp("GCamera:MicroVideo='1'")).motion_photo);
  EXPECT_FALSE(Read(TestXmp("GCamera:MotionPhoto='0'")).motion_photo);
  EXPECT_FALSE(Read(TestXmp("xmp:Rating='1'")).motion_photo);
  const std::string directory =
      "<Container:Directory xmlns:Container='http://ns.google.com/photos/1.0/container/' "
      "xmlns:Item='http://ns.google.com/photos/1.0/container/item/'><rdf:Seq>"
      "<rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='Primary'/></rdf:li>"
      "<rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='SEMANTIC'/></rdf:li>"
      "</rdf:Seq></Container:Directory>";
  for (const bool motion : {true, false}) {
    std::string text = directory;
    text.replace(text.find("SEMANTIC"), 8, motion ? "MotionPhoto" : "GainMap");
    EXPECT_EQ(Read(TestXmp("", text)).motion_photo, motion);
  }
}

TEST(XmpFactsTest, ReadsWindowsRatings) {
  const char* uri = "xmlns:m='http://ns.microsoft.com/photo/1.0/' m:Rating='";
  for (const auto& [percent, stars] : {std::pair(1, 1), std::pair(25, 2), std::pair(50, 3),
                                       std::pair(75, 4), std::pair(99, 5), std::pair(0, 0)}) {
    EXPECT_EQ(Read(TestXmp(uri + std::to_string(percent) + "'")).rating, stars) << percent;
  }
}

TEST(XmpFactsTest, ReadsDamagedPacketsUpToThere) {
  const std::string packet = TestXmp("xmp:Rating='2'", "<dc:title>x</dc:title>");
  for (size_t size = 0; size < packet.size(); ++size)
    Read(std::string_view{packet}.substr(0, size));
  std::string warning;
  EXPECT_EQ(Read(packet.substr(0, packet.find("</dc:title>")), &warning).rating, 2);
  EXPECT_NE(warning.find("damaged"), std::string::npos);
  EXPECT_EQ(Read(packet, &warning).rating, 2);
  EXPECT_EQ(warning, "");
}

TEST(XmpFactsTest, ManyLevelsAndEntitiesAreNoDanger) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  std::string warning;
  Read(TestXmp("", deep), &warning);
  EXPECT_NE(warning, "");
  Read(TestXmp("dc:title='" + std::string(1 << 20, '&') + "'"));
  std::string many;
  for (int i = 0; i < 50000; ++i) many += "<rdf:li>k</rdf:li>";
  EXPECT_EQ(
      Read(TestXmp("", "<dc:subject><rdf:Bag>" + many + "</rdf:Bag></dc:subject>")).keywords.size(),
      10000u);
}

TEST(XmpFactsTest, TheFirstOfTwoPacketsStays) {
  HeaderReader reader(std::span<const uint8_t>{});
  Facts facts;
  ReadXmp(TestXmp("xmp:Rating='2'"), &reader, &facts);
  ReadXmp(TestXmp("xmp:Rating='4' dc:title='More'"), &reader, &facts);
  EXPECT_EQ(facts.rating, 2);
  EXPECT_EQ(facts.title, "More");
  EXPECT_EQ(ExtendedXmpGuid("xmpNote:HasExtendedXMP=\"0123456789ABCDEF0123456789ABCDEF\""),
            "0123456789ABCDEF0123456789ABCDEF");
  EXPECT_EQ(ExtendedXmpGuid("xmpNote:HasExtendedXMP=\"0123"), "");
}

}  // namespace
}  // namespace peel::library
