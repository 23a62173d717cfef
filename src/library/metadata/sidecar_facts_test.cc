#include "src/library/metadata/sidecar_facts.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace peel::library {
namespace {

Result<Facts> Read(std::string_view text) {
  return ReadSidecar({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string Packet(std::string_view attributes, std::string_view elements = "") {
  return "<?xpacket begin='\xEF\xBB\xBF' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
         "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
         "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n"
         "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' "
         "xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:exif='http://ns.adobe.com/exif/1.0/' "
         "xmlns:tiff='http://ns.adobe.com/tiff/1.0/' " +
         std::string(attributes) + ">" + std::string(elements) +
         "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end='w'?>";
}

PhotoMetadata OfTheFile() {
  PhotoMetadata file;
  file.orientation = 6;
  file.width = 40;
  file.taken_at = "2024-05-01T12:30:05.25";
  file.taken_offset = "+02:00";
  file.make = "Canon";
  file.gps_lat = 1;
  file.gps_lon = 2;
  file.gps_alt = 3;
  file.title = "File";
  file.description = "File";
  file.keywords = {"file", "both"};
  file.rating = 4;
  file.label = "Blue";
  file.creator = "File";
  file.copyright = "File";
  return file;
}

TEST(ApplySidecar, StandsAboveTheFileFieldByField) {
  const auto facts = Read(Packet(
      "xmp:Rating='-1' xmp:Label='Red' exif:DateTimeOriginal='2020-01-02T03:04:05' "
      "exif:GPSLatitude='10,30N' exif:GPSLongitude='20,15W' tiff:Orientation='3' tiff:Make='Nikon' "
      "tiff:Model='D750'",
      "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Titel</rdf:li><rdf:li xml:lang='x-default'>Title"
      "</rdf:li></rdf:Alt></dc:title><dc:description><rdf:Alt><rdf:li xml:lang='x-default'>Words"
      "</rdf:li></rdf:Alt></dc:description><dc:subject><rdf:Bag><rdf:li>both</rdf:li><rdf:li>new"
      "</rdf:li></rdf:Bag></dc:subject><dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bob"
      "</rdf:li></rdf:Seq></dc:creator><dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>Ann 2020"
      "</rdf:li></rdf:Alt></dc:rights>"));
  ASSERT_TRUE(facts.ok()) << facts.status().message();
  PhotoMetadata photo = OfTheFile();
  ApplySidecar(*facts, &photo);
  EXPECT_EQ(photo.rating, -1);
  EXPECT_EQ(photo.label, "Red");
  EXPECT_EQ(photo.title, "Title");
  EXPECT_EQ(photo.description, "Words");
  EXPECT_EQ(photo.keywords, (std::vector<std::string>{"both", "new"}));
  EXPECT_EQ(photo.creator, "Ann; Bob");
  EXPECT_EQ(photo.copyright, "Ann 2020");
  EXPECT_EQ(photo.taken_at, "2020-01-02T03:04:05");
  EXPECT_EQ(photo.taken_offset, "");  // the file's offset is another time's
  EXPECT_EQ(photo.gps_lat, 10.5);
  EXPECT_EQ(photo.gps_lon, -20.25);
  EXPECT_FALSE(photo.gps_alt);  // the file's is another place's
  // The file's alone, and the file's where it knows.
  EXPECT_EQ(photo.orientation, 6);
  EXPECT_EQ(photo.make, "Canon");
  EXPECT_EQ(photo.model, "D750");
}

TEST(ApplySidecar, WhatItDoesNotSayStaysTheFiles) {
  const auto facts =
      Read(Packet("xmp:CreatorTool='An editor'", "<dc:subject><rdf:Bag/></dc:subject><dc:title/>"));
  ASSERT_TRUE(facts.ok()) << facts.status().message();
  PhotoMetadata photo = OfTheFile();
  ApplySidecar(*facts, &photo);
  EXPECT_EQ(photo.keywords, (std::vector<std::string>{"file", "both"}));
  EXPECT_EQ(photo.title, "File");
  EXPECT_EQ(photo.rating, 4);
  EXPECT_EQ(photo.label, "Blue");
  EXPECT_EQ(photo.creator, "File");
  EXPECT_EQ(photo.copyright, "File");
  EXPECT_EQ(photo.gps_alt, 3);
  EXPECT_EQ(photo.taken_at, "2024-05-01T12:30:05.25");
  EXPECT_EQ(photo.software, "");  // of the sidecar, not of the picture
}

TEST(ApplySidecar, ARatingOfNoneIsOne) {
  PhotoMetadata photo = OfTheFile();
  ApplySidecar(*Read(Packet("xmp:Rating='0'")), &photo);
  EXPECT_EQ(photo.rating, 0);
}

TEST(ApplySidecar, ACopyOfTheFilesTimeLosesNothing) {
  PhotoMetadata photo = OfTheFile();
  ApplySidecar(*Read(Packet("exif:DateTimeOriginal='2024:05:01 12:30:05'")), &photo);
  EXPECT_EQ(photo.taken_at, "2024-05-01T12:30:05.25");
  EXPECT_EQ(photo.taken_offset, "+02:00");
  ApplySidecar(*Read(Packet("exif:DateTimeOriginal='2024-05-01T12:30:05+03:00'")), &photo);
  EXPECT_EQ(photo.taken_offset, "+03:00");
}

TEST(ApplySidecar, ATimeOfDigitizingOnlyWhereThereIsNone) {
  const auto facts = Read(Packet("xmp:CreateDate='2011-01-01T00:00:00Z'"));
  PhotoMetadata photo = OfTheFile();
  ApplySidecar(*facts, &photo);
  EXPECT_EQ(photo.taken_at, "2024-05-01T12:30:05.25");
  photo.taken_at = photo.taken_offset = "";
  ApplySidecar(*facts, &photo);
  EXPECT_EQ(photo.taken_at, "2011-01-01T00:00:00");
  EXPECT_EQ(photo.taken_offset, "+00:00");
}

TEST(ApplySidecar, APlaceThatIsNoneMovesNothing) {
  PhotoMetadata photo = OfTheFile();
  ApplySidecar(*Read(Packet("exif:GPSLatitude='99,0N' exif:GPSLongitude='20,15W'")), &photo);
  ApplySidecar(*Read(Packet("exif:GPSLatitude='9,0N'")), &photo);
  EXPECT_EQ(photo.gps_lat, 1);
  EXPECT_EQ(photo.gps_lon, 2);
}

TEST(ReadSidecar, HalfOfOneIsNone) {
  const std::string whole = Packet("xmp:Rating='3'",
                                   "<dc:subject><rdf:Bag><rdf:li>a</rdf:li>"
                                   "</rdf:Bag></dc:subject>");
  ASSERT_EQ(Read(whole)->rating, 3);
  const size_t end = whole.find("</x:xmpmeta>") + 12;
  for (size_t size = 0; size < end; ++size) {
    EXPECT_EQ(Read(std::string_view(whole).substr(0, size)).status().code(), StatusCode::kCorrupt)
        << size;
  }
}

TEST(ReadSidecar, WhatIsNoSidecar) {
  for (const std::string_view text :
       {"", "text", "<html><body>404</body></html>", "\xFF\xD8\xFF\xE0 a picture", "\xFF\xFE"}) {
    EXPECT_EQ(Read(text).status().code(), StatusCode::kCorrupt) << text;
  }
  const std::string large = Packet("xmp:Rating='3'") + std::string(kLargestSidecar, ' ');
  EXPECT_NE(Read(large).status().message().find("16 MiB"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
