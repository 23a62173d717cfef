#include "src/codec/metadata/xmp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peel {
namespace {

std::vector<uint8_t> Bytes(std::string_view text) { return {text.begin(), text.end()}; }
std::string Text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::string Packet(const std::string& descriptions) {
  return "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta "
         "xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
         "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:dc='dc/'>" +
         descriptions + "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>";
}

TEST(Xmp, OrientationIsReadAndReset) {
  for (const std::string form :
       {"<x tiff:Orientation=\"6\"/>", "<tiff:Orientation>6</tiff:Orientation>"}) {
    const std::vector<uint8_t> xmp = Bytes(form);
    EXPECT_EQ(XmpOrientation(xmp), 6);
    const auto after = UpdateXmp(xmp);
    EXPECT_EQ(XmpOrientation(after), 1);
    EXPECT_EQ(after.size(), xmp.size());
  }
  EXPECT_EQ(XmpOrientation(Bytes("<x>tiff:Orientation</x>")), 0);
}

TEST(Xmp, OnlyStalePropertiesAreTakenOut) {
  const std::string kept =
      "<rdf:Description rdf:about=\"\" xmlns:xmp=\"xmp/\" xmp:Rating=\"3\">"
      "<dc:title>A &lt; B</dc:title></rdf:Description>";
  const auto with = [&](const std::string& attribute, const std::string& property) {
    return Packet("<rdf:Description rdf:about=\"\" xmlns:xmp=\"xmp/\" xmp:Rating=\"3\"" +
                  attribute + ">" + property + "<dc:title>A &lt; B</dc:title></rdf:Description>");
  };
  const std::string want = Packet(kept);
  const std::string thumbnail =
      "<xmp:Thumbnails><rdf:Alt><rdf:li><xmpGImg:image>QUJD</xmpGImg:image></rdf:li></rdf:Alt>"
      "</xmp:Thumbnails>";
  for (const auto& [attribute, property] :
       {std::pair<std::string, std::string>{"", thumbnail},
        {"", "<xmp:PageInfo><a><b xapGImg:image=\"x\"/><!-- > --></a></xmp:PageInfo>"},
        {" hdrgm:Version=\"1.0\" hdrgm:GainMapMax='2'", ""},
        {"", "<Container:Directory><rdf:Seq/></Container:Directory>"},
        {"\n  GPano:FullPanoWidthPixels = \"1\"", "<GDepth:Data><![CDATA[</x>]]></GDepth:Data>"},
        {" xmpNote:HasExtendedXMP=\"0123456789ABCDEF0123456789ABCDEF\"", "<hdrgm:X/>"}}) {
    EXPECT_EQ(Text(UpdateXmp(Bytes(with(attribute, property)))), want) << attribute << property;
  }
  EXPECT_EQ(Text(UpdateXmp(Bytes(want))), want);
}

TEST(Xmp, WhatCannotBeTakenApartIsDroppedWhereItIsStale) {
  for (const std::string text :
       {"<x hdrgm:Version=\"1.0\"/>", "<rdf:RDF><rdf:Description hdrgm:Version=\"1\"></rdf:RDF>",
        "<!DOCTYPE x [<!ENTITY e 'GDepth:'>]><rdf:RDF></rdf:RDF>",
        "<rdf:RDF><rdf:Description><a>GPano:</a></rdf:Description></rdf:RDF>"}) {
    EXPECT_TRUE(UpdateXmp(Bytes(text)).empty()) << text;
  }
  EXPECT_EQ(Text(UpdateXmp(Bytes("no XML at all"))), "no XML at all");
}

std::vector<uint8_t> Joined(const std::vector<std::vector<uint8_t>>& segments, bool* complete) {
  const std::vector<std::span<const uint8_t>> spans(segments.begin(), segments.end());
  return JoinJpegXmp(spans, complete);
}

TEST(Xmp, SmallPacketsAreOneSegmentAndPaddingIsGivenUp) {
  bool complete = false;
  std::string packet = Packet("<rdf:Description rdf:about=\"\" dc:a=\"1\"/>");
  auto segments = SplitJpegXmp(Bytes(packet));
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(Text(Joined(segments, &complete)), packet);
  EXPECT_TRUE(complete);
  const std::string padded =
      std::string(packet).insert(packet.rfind("<?xpacket"), std::string(70'000, ' '));
  segments = SplitJpegXmp(Bytes(padded));
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(Text(Joined(segments, &complete)), packet);
}

TEST(Xmp, LargePacketsAreDividedAndJoined) {
  const std::string large = "<dc:large>" + std::string(150'000, 'y') + "</dc:large>";
  const std::string packet =
      Packet("<rdf:Description rdf:about=\"u'x\" xmlns:q='q/' q:small=\"kept\" q:wide='" +
             std::string(30'000, 'w') + "'>" + large +
             "<q:other>also</q:other></rdf:Description><rdf:Description rdf:about=\"u'x\"/>");
  auto segments = SplitJpegXmp(Bytes(packet));
  ASSERT_EQ(segments.size(), 4u);
  for (const auto& segment : segments) EXPECT_LE(segment.size(), 65533u);
  EXPECT_NE(Text(segments[0]).find("q:small"), std::string::npos) << "small ones stay";
  EXPECT_NE(Text(segments[0]).find("xmpNote:HasExtendedXMP=\""), std::string::npos);

  std::reverse(segments.begin(), segments.end());
  segments.push_back(segments.front());  // the same part again
  bool complete = false;
  const std::string back = Text(Joined(segments, &complete));
  EXPECT_TRUE(complete);
  EXPECT_EQ(back.find("HasExtendedXMP"), std::string::npos);
  for (const std::string& part :
       {large, std::string("q:small=\"kept\""), std::string("<q:other>also</q:other>"),
        std::string("q:wide='w")}) {
    const size_t at = back.find(part);
    EXPECT_NE(at, std::string::npos) << part.substr(0, 20);
    EXPECT_EQ(back.find(part, at + 1), std::string::npos) << "once: " << part.substr(0, 20);
  }
  // And again: what was joined can be divided.
  EXPECT_EQ(SplitJpegXmp(Bytes(back)).size(), 4u);

  segments.erase(segments.begin() + 1);
  const std::string rest = Text(Joined(segments, &complete));
  EXPECT_FALSE(complete);
  EXPECT_NE(rest.find("q:small"), std::string::npos);
  EXPECT_EQ(rest.find("HasExtendedXMP"), std::string::npos);
}

TEST(Xmp, LargePacketsThatAreNoXmlCannotBeDivided) {
  EXPECT_TRUE(SplitJpegXmp(Bytes(std::string(70'000, 'x'))).empty());
  EXPECT_TRUE(
      SplitJpegXmp(Bytes(Packet("<rdf:Seq>" + std::string(70'000, 'x') + "</rdf:Seq>"))).empty());
}

TEST(Xmp, BrokenExtensionsDoNoHarm) {
  const std::string packet = Packet("<rdf:Description rdf:about=\"\"><dc:a>" +
                                    std::string(100'000, 'a') + "</dc:a></rdf:Description>");
  const auto segments = SplitJpegXmp(Bytes(packet));
  ASSERT_EQ(segments.size(), 3u);
  bool complete = true;
  for (size_t at = 0; at < 90; ++at) {
    auto broken = segments;
    broken[1][at] ^= 0x55;
    Joined(broken, &complete);
    EXPECT_FALSE(complete && at < 75) << at;
    broken = segments;
    broken[1].resize(at);
    Joined(broken, &complete);
    EXPECT_FALSE(complete) << at;
  }
}

}  // namespace
}  // namespace peel
