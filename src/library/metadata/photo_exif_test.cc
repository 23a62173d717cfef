#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "src/base/md5.h"
#include "src/library/metadata/test_photo.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

Result<PhotoMetadata> ReadWith(std::initializer_list<Bytes> segments) {
  return ReadBytes(TestJpeg(segments));
}

class PhotoExifTest : public testing::TestWithParam<bool> {};

TEST_P(PhotoExifTest, ReadsEveryField) {
  const bool little = GetParam();
  TestDirectory first(little), exif(little), gps(little);
  first.Text(0x010E, "A wall").Text(0x010F, "Maker ").Text(0x0110, "Model 7").Short(0x0112, {6});
  first.Text(0x0131, "Firmware 1.2").Short(0x4746, {4});
  first.Raw(0x9C9B, 1, 4, {'T', 0, 0, 0}).Raw(0x9C9E, 1, 6, {'a', 0, ';', 0, 'b', 0});
  exif.Rational(0x829A, {{1, 250}}).Rational(0x829D, {{28, 10}}).Short(0x8827, {400});
  exif.Text(0x9003, "2024:05:01 12:30:05").Text(0x9011, "+02:00").Text(0x9291, "123");
  exif.Short(0x9209, {0x19}).Rational(0x920A, {{425, 100}}).Short(0xA001, {1});
  exif.Short(0xA405, {26}).Text(0xA434, "Good lens");
  gps.Text(1, "S").Rational(2, {{33, 1}, {51, 1}, {306, 10}}).Text(3, "W");
  gps.Rational(4, {{70, 1}, {30, 1}, {0, 1}}).Raw(5, 1, 1, {1}).Rational(6, {{125, 10}});
  const auto photo = ReadWith({ExifSegment(TestTiff(little, first, &exif, &gps))});
  ASSERT_TRUE(photo.ok()) << photo.status().message();
  EXPECT_EQ(photo->warning, "");
  EXPECT_EQ(photo->format, "jpeg");
  EXPECT_EQ(photo->width, 640);
  EXPECT_EQ(photo->height, 480);
  EXPECT_EQ(photo->orientation, 6);
  EXPECT_EQ(photo->taken_at, "2024-05-01T12:30:05.123");
  EXPECT_EQ(photo->taken_offset, "+02:00");
  EXPECT_EQ(photo->make, "Maker");
  EXPECT_EQ(photo->model, "Model 7");
  EXPECT_EQ(photo->lens, "Good lens");
  EXPECT_EQ(photo->focal_mm, 4.25);
  EXPECT_EQ(photo->focal35_mm, 26);
  EXPECT_EQ(photo->aperture, 2.8);
  EXPECT_EQ(photo->exposure_s, 0.004);
  EXPECT_EQ(photo->iso, 400);
  EXPECT_EQ(photo->flash, true);
  EXPECT_NEAR(*photo->gps_lat, -(33 + 51 / 60.0 + 30.6 / 3600), 1e-12);
  EXPECT_NEAR(*photo->gps_lon, -70.5, 1e-12);
  EXPECT_EQ(photo->gps_alt, -12.5);
  EXPECT_EQ(photo->title, "T");
  EXPECT_EQ(photo->description, "A wall");
  EXPECT_EQ(photo->keywords, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(photo->rating, 4);
  EXPECT_EQ(photo->software, "Firmware 1.2");
  EXPECT_EQ(photo->color_profile, "sRGB");
  EXPECT_EQ(photo->bit_depth, 8);
  EXPECT_FALSE(photo->motion_photo);
}
INSTANTIATE_TEST_SUITE_P(ByteOrders, PhotoExifTest, testing::Bool());

TEST(PhotoExifTest, TakesTheNextBestTag) {
  TestDirectory first(true), exif(true);
  first.Text(0x010F, "M");
  exif.Text(0x9004, "2001:02:03 04:05:06").Text(0x9012, "-05:00").Text(0x9292, "9");
  exif.Rational(0x9201, {{4, 1}}).Rational(0x9202, {{4, 1}}).Short(0x8827, {65535});
  exif.Raw(0x8832, 4, 1, {0, 0x90, 1, 0});
  exif.Rational(0xA432, {{18, 1}, {55, 1}, {35, 10}, {56, 10}}).Short(0x9209, {16});
  const auto photo = ReadWith({ExifSegment(TestTiff(true, first, &exif))});
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->taken_at, "2001-02-03T04:05:06.9");
  EXPECT_EQ(photo->taken_offset, "-05:00");
  EXPECT_EQ(photo->exposure_s, 1 / 16.0);
  EXPECT_EQ(photo->aperture, 4);
  EXPECT_EQ(photo->iso, 102400);
  EXPECT_EQ(photo->lens, "18-55mm f/3.5-5.6");
  EXPECT_EQ(photo->flash, false);
}

TEST(PhotoExifTest, ZeroAndNonsenseAreNotKnown) {
  TestDirectory first(true), exif(true), gps(true);
  first.Short(0x0112, {9}).Text(0x010F, "   ").Short(0x4746, {99});
  exif.Rational(0x829A, {{0, 1}}).Rational(0x829D, {{1, 0}}).Short(0x8827, {0});
  exif.Text(0x9003, "0000:00:00 00:00:00").Rational(0x920A, {{0, 0}}).Short(0xA405, {0});
  gps.Rational(2, {{95, 1}, {0, 1}, {0, 1}}).Rational(4, {{8, 1}, {0, 1}, {0, 1}});
  gps.Rational(6, {{0, 0}});
  const auto photo = ReadWith({ExifSegment(TestTiff(true, first, &exif, &gps))});
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->orientation, 1);
  EXPECT_EQ(photo->make, "");
  EXPECT_EQ(photo->taken_at, "");
  EXPECT_FALSE(photo->rating || photo->exposure_s || photo->aperture || photo->iso ||
               photo->focal_mm || photo->focal35_mm || photo->flash);
  EXPECT_FALSE(photo->gps_lat || photo->gps_lon || photo->gps_alt);
}

// The lens of a JPEG of this maker whose notes are these; offsets of a directory within them count
// from `base` (of the notes) or, where that is not given, from the TIFF's beginning.
std::string LensOf(std::string_view make, std::string_view head, const TestDirectory& directory,
                   int base = -1, bool little = true) {
  for (size_t at = 0; at < 1000; ++at) {  // where the notes come to lie: found by trying
    TestDirectory first(little), exif(little);
    first.Text(0x010F, make);
    Bytes notes = FromText(head);
    Append(&notes,
           directory.At(base >= 0 ? head.size() - static_cast<size_t>(base) : at + head.size()));
    const auto size = static_cast<uint32_t>(notes.size());
    exif.Raw(0x927C, 7, size, notes);
    const Bytes tiff = TestTiff(little, first, &exif);
    if (tiff.size() - notes.size() != at) continue;
    const auto photo = ReadWith({ExifSegment(tiff)});
    return photo.ok() ? photo->lens : photo.status().message();
  }
  return "the notes do not lie behind all else";
}

// A JPEG with Apple's notes, whose offsets count from their own beginning.
std::string IdentifierOf(std::string_view head, uint16_t tag, std::string_view text) {
  Bytes notes = FromText(head);
  Append(&notes, TestDirectory(false).Text(tag, text).At(notes.size()));
  TestDirectory first(true), exif(true);
  first.Text(0x010F, "Apple");
  exif.Raw(0x927C, 7, static_cast<uint32_t>(notes.size()), notes);
  const auto photo = ReadWith({ExifSegment(TestTiff(true, first, &exif))});
  return photo.ok() ? photo->content_identifier : photo.status().message();
}

TEST(PhotoExifTest, ReadsApplesContentIdentifier) {
  constexpr std::string_view kUuid = "F4BD8C3E-0E07-4E2A-9C0A-1D6D9D6F9A11";
  constexpr std::string_view kHead = "Apple iOS\0\0\1MM"sv;
  EXPECT_EQ(IdentifierOf(kHead, 0x11, kUuid), kUuid);
  EXPECT_EQ(IdentifierOf(kHead, 0x12, kUuid), "");
  EXPECT_EQ(IdentifierOf("Apple iOS\0\0\1II"sv, 0x11, kUuid), "");  // the other byte order
  EXPECT_EQ(IdentifierOf("Canon iOS\0\0\1MM"sv, 0x11, kUuid), "");
}

TEST(PhotoExifTest, ReadsMakerNotes) {
  EXPECT_EQ(LensOf("Canon", "", TestDirectory(true).Text(0x95, "EF50mm f/1.8 STM")),
            "EF50mm f/1.8 STM");
  TestDirectory settings(true);
  settings.Short(
      1, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 550, 180, 10});
  EXPECT_EQ(LensOf("Canon", "", settings), "18-55mm");
  const TestDirectory nikon =
      TestDirectory(false).Rational(0x84, {{18, 1}, {70, 1}, {35, 10}, {45, 10}});
  EXPECT_EQ(LensOf("NIKON", "Nikon\0\2\x10\0\0MM\0*\0\0\0\x08"sv, nikon, 10), "18-70mm f/3.5-4.5");
  const TestDirectory sony =
      TestDirectory(true).Raw(0xB02A, 1, 8, {1, 0, 0x18, 0, 0x55, 0x35, 0x56, 2});
  EXPECT_EQ(LensOf("SONY", "SONY DSC \0\0\0"sv, sony), "18-55mm f/3.5-5.6");
  EXPECT_EQ(LensOf("SONY", "", sony), "18-55mm f/3.5-5.6");
  const TestDirectory fuji = TestDirectory(true)
                                 .Rational(0x1404, {{28, 1}})
                                 .Rational(0x1405, {{70, 1}})
                                 .Rational(0x1406, {{28, 10}})
                                 .Rational(0x1407, {{4, 1}});
  EXPECT_EQ(LensOf("FUJIFILM", "FUJIFILM\x0C\0\0\0"sv, fuji, 0), "28-70mm f/2.8-4");
  EXPECT_EQ(
      LensOf("Panasonic", "Panasonic\0\0\0"sv, TestDirectory(true).Text(0x51, "LUMIX G 20/F1.7")),
      "LUMIX G 20/F1.7");
  // Olympus: the equipment's directory within the notes.
  const TestDirectory equipment = TestDirectory(true).Text(0x0203, "M.ZUIKO 12mm");
  for (const auto& [make, head, base] :
       {std::tuple("OLYMPUS IMAGING CORP.", "OLYMPUS\0II\3\0"sv, 0),
        std::tuple("OM Digital Solutions", "OM SYSTEM\0\0\0II\4\0"sv, 0)}) {
    TestDirectory outer(true);
    const size_t at = head.size() + 2 + 12 + 4;
    const Bytes inner = equipment.At(at);
    outer.Raw(0x2010, 7, static_cast<uint32_t>(inner.size()), inner);
    EXPECT_EQ(LensOf(make, head, outer, base), "M.ZUIKO 12mm") << make;
  }
  // Another maker's notes are not taken for Canon's, and damaged ones say nothing.
  EXPECT_EQ(LensOf("Ricoh", "", TestDirectory(true).Text(0x95, "EF50mm")), "");
  EXPECT_EQ(LensOf("Canon", "\xFF\xFF\xFF"sv, TestDirectory(true).Text(0x95, "EF50mm")), "");
}

TEST(PhotoExifTest, XmpFillsWhatExifLacks) {
  TestDirectory first(true);
  first.Text(0x010F, "EXIF").Text(0x0131, "Camera").Short(0x4746, {1});
  const std::string packet = TestXmp(
      "tiff:Make='XMP' tiff:Model='X-1' tiff:Orientation='8' xmp:Rating='5' "
      "xmp:CreatorTool='Editor' "
      "exif:FNumber='28/10' exif:ExposureTime='1/50' exif:GPSLatitude='47,22.5N' "
      "exif:GPSLongitude='8,30,36W' exif:GPSAltitude='4085/10' exif:GPSAltitudeRef='1' "
      "exif:FocalLength='50' exif:FocalLengthIn35mmFilm='75' aux:Lens='Aux 50' "
      "exif:DateTimeOriginal='2020-01-02T03:04:05+01:00'",
      "<exif:ISOSpeedRatings><rdf:Seq><rdf:li>640</rdf:li></rdf:Seq></exif:ISOSpeedRatings>"
      "<exif:Flash rdf:parseType='Resource'><exif:Fired>True</exif:Fired></exif:Flash>");
  const auto photo = ReadWith({ExifSegment(TestTiff(true, first)), XmpSegment(packet)});
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->make, "EXIF");
  EXPECT_EQ(photo->model, "X-1");
  EXPECT_EQ(photo->orientation, 8);
  EXPECT_EQ(photo->rating, 5);
  EXPECT_EQ(photo->software, "Camera");
  EXPECT_EQ(photo->aperture, 2.8);
  EXPECT_EQ(photo->exposure_s, 0.02);
  EXPECT_NEAR(*photo->gps_lat, 47.375, 1e-12);
  EXPECT_NEAR(*photo->gps_lon, -8.51, 1e-12);
  EXPECT_EQ(photo->gps_alt, -408.5);
  EXPECT_EQ(photo->iso, 640);
  EXPECT_EQ(photo->flash, true);
  EXPECT_EQ(photo->focal_mm, 50);
  EXPECT_EQ(photo->focal35_mm, 75);
  EXPECT_EQ(photo->lens, "Aux 50");
  EXPECT_EQ(photo->taken_at, "2020-01-02T03:04:05");
  EXPECT_EQ(photo->taken_offset, "+01:00");
}

Bytes IptcRecords() {
  Bytes records;
  const auto record = [&](uint8_t number, std::string_view text) {
    records.insert(records.end(), {0x1C, 2, number});
    AppendNumber(&records, text.size(), 2);
    Append(&records, text);
  };
  record(5, "IPTC title");
  record(25, "one");
  record(25, "two");
  record(55, "20060102");
  record(60, "030405-0600");
  record(120, "IPTC caption");
  return records;
}

Bytes PhotoshopSegment(const Bytes& iptc, const std::string& digest_hex) {
  Bytes resources = FromText("8BIM\x04\x04\0\0"sv);
  AppendNumber(&resources, iptc.size(), 4);
  Append(&resources, iptc);
  if (iptc.size() % 2 != 0) resources.push_back(0);
  if (!digest_hex.empty()) {
    Append(&resources, "8BIM\x04\x25\0\0\0\0\0\x10"sv);
    for (size_t i = 0; i < 32; i += 2) {
      resources.push_back(static_cast<uint8_t>(std::stoi(digest_hex.substr(i, 2), nullptr, 16)));
    }
  }
  return Segment(0xED, "Photoshop 3.0\0"sv, resources);
}

TEST(PhotoExifTest, IptcAloneIsRead) {
  const auto photo = ReadWith({PhotoshopSegment(IptcRecords(), "")});
  ASSERT_TRUE(photo.ok());
  EXPECT_EQ(photo->title, "IPTC title");
  EXPECT_EQ(photo->description, "IPTC caption");
  EXPECT_EQ(photo->keywords, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(photo->taken_at, "2006-01-02T03:04:05");
  EXPECT_EQ(photo->taken_offset, "-06:00");
}

// MWG: IPTC wins over XMP only where its digest says that it has been changed since.
TEST(PhotoExifTest, TheDigestDecidesBetweenIptcAndXmp) {
  const Bytes iptc = IptcRecords();
  const std::string packet = TestXmp(
      "",
      "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>XMP</rdf:li></rdf:Alt>"
      "</dc:description><dc:subject><rdf:Bag><rdf:li>three</rdf:li></rdf:Bag></dc:subject>");
  const std::string same = Md5Hex({reinterpret_cast<const char*>(iptc.data()), iptc.size()});
  const std::string other(32, 'A');
  for (const auto& [digest, xmp_wins] :
       {std::pair(std::string(), true), std::pair(same, true), std::pair(other, false)}) {
    const auto photo = ReadWith({XmpSegment(packet), PhotoshopSegment(iptc, digest)});
    ASSERT_TRUE(photo.ok());
    EXPECT_EQ(photo->description, xmp_wins ? "XMP" : "IPTC caption");
    EXPECT_EQ(photo->keywords.size(), xmp_wins ? 1u : 2u);
    EXPECT_EQ(photo->title, "IPTC title");
  }
  TestDirectory first(true);
  first.Text(0x010E, "EXIF");
  const auto photo = ReadWith({ExifSegment(TestTiff(true, first)), XmpSegment(packet)});
  EXPECT_EQ(photo->description, "EXIF");
}

}  // namespace
}  // namespace peel::library
