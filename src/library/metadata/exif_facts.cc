#include "src/library/metadata/exif_facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "src/library/metadata/maker_notes.h"

namespace peel::library {
namespace {

enum Tag : uint16_t {
  kImageDescription = 0x010E,
  kMake = 0x010F,
  kModel = 0x0110,
  kOrientation = 0x0112,
  kSoftware = 0x0131,
  kArtist = 0x013B,
  kRating = 0x4746,
  kCopyright = 0x8298,
  kExposureTime = 0x829A,
  kFNumber = 0x829D,
  kExifDirectory = 0x8769,
  kGpsDirectory = 0x8825,
  kIso = 0x8827,
  kRecommendedExposureIndex = 0x8832,
  kDateTimeOriginal = 0x9003,
  kDateTimeDigitized = 0x9004,
  kOffsetTimeOriginal = 0x9011,
  kOffsetTimeDigitized = 0x9012,
  kShutterSpeedValue = 0x9201,
  kApertureValue = 0x9202,
  kFlash = 0x9209,
  kFocalLength = 0x920A,
  kMakerNote = 0x927C,
  kSubSecTimeOriginal = 0x9291,
  kSubSecTimeDigitized = 0x9292,
  kXpTitle = 0x9C9B,
  kXpKeywords = 0x9C9E,
  kColorSpace = 0xA001,
  kPixelXDimension = 0xA002,
  kPixelYDimension = 0xA003,
  kInteropDirectory = 0xA005,
  kFocalLength35mm = 0xA405,
  kLensSpecification = 0xA432,
  kLensModel = 0xA434,
};

constexpr uint64_t kMaxText = 65536;

template <typename T>
void SetOnce(std::optional<T>* member, std::optional<T> value) {
  if (!*member && value) *member = value;
}
void SetOnce(std::string* member, std::string value) {
  if (member->empty()) *member = std::move(value);
}
std::optional<double> Positive(std::optional<double> value) {
  return value && *value > 0 ? value : std::nullopt;
}

// Degrees, minutes and seconds; what is missing of the latter is none.
std::optional<double> Degrees(const TiffReader& tiff, const TiffEntry& entry) {
  const auto degrees = tiff.Number(entry, 0);
  if (!degrees) return {};
  return *degrees + tiff.Number(entry, 1).value_or(0) / 60 +
         tiff.Number(entry, 2).value_or(0) / 3600;
}

}  // namespace

void ExifGatherer::TakeTree(TiffReader* tiff, uint64_t directory) {
  if (const auto entries = tiff->Read(directory)) TakeEntries(tiff, *entries, true);
}

void ExifGatherer::TakeEntries(TiffReader* tiff, const std::vector<TiffEntry>& entries,
                               bool pointers) {
  for (const TiffEntry& entry : entries) TakeEntry(tiff, entry, pointers);
}

void ExifGatherer::TakeEntry(TiffReader* tiff, const TiffEntry& entry, bool pointers) {
  switch (entry.tag) {
    case kExifDirectory:
    case kGpsDirectory:
    case kInteropDirectory: {
      const auto directory = tiff->Integer(entry);
      if (!pointers || !directory || *directory <= 0) break;
      const auto at = static_cast<uint64_t>(*directory);
      if (entry.tag == kGpsDirectory) {
        TakeGps(tiff, at);
      } else if (entry.tag == kExifDirectory) {
        TakeTree(tiff, at);
      } else if (const auto interop = tiff->Read(at)) {
        for (const TiffEntry& e : *interop) {
          if (e.tag == 1) SetOnce(&interop_, tiff->Text(e));
        }
      }
      break;
    }
    case kMakerNote:
      if (!note_) note_ = Note{*tiff, entry};
      break;
    case kLensSpecification: {
      const auto number = [&](uint64_t i) { return tiff->Number(entry, i).value_or(0); };
      SetOnce(&facts_.lens_range, LensRange(number(0), number(1), number(2), number(3)));
      break;
    }
    case kXpTitle:
      SetOnce(&facts_.title, TextFromUtf16(tiff->Bytes(entry, kMaxText), true));
      break;
    case kXpKeywords:
      if (facts_.keywords.empty()) {
        facts_.keywords = SplitKeywords(TextFromUtf16(tiff->Bytes(entry, kMaxText), true), ';');
      }
      break;
    default:
      TakeNumber(*tiff, entry);
      TakeText(*tiff, entry);
  }
}

void ExifGatherer::TakeNumber(const TiffReader& tiff, const TiffEntry& entry) {
  switch (entry.tag) {
    case kOrientation: {
      const auto value = tiff.Integer(entry);
      if (value && *value >= 1 && *value <= 8) {
        SetOnce(&facts_.orientation, std::optional<int>(static_cast<int>(*value)));
      }
      break;
    }
    case kRating: {
      const auto value = tiff.Integer(entry);
      if (value && *value >= -1 && *value <= 5) {
        SetOnce(&facts_.rating, std::optional<int>(static_cast<int>(*value)));
      }
      break;
    }
    case kExposureTime:
      SetOnce(&facts_.exposure_s, Positive(tiff.Number(entry)));
      break;
    case kFNumber:
      SetOnce(&facts_.aperture, Positive(tiff.Number(entry)));
      break;
    case kShutterSpeedValue:
      SetOnce(&shutter_apex_, tiff.Number(entry));
      break;
    case kApertureValue:
      SetOnce(&aperture_apex_, tiff.Number(entry));
      break;
    case kFocalLength:
      SetOnce(&facts_.focal_mm, Positive(tiff.Number(entry)));
      break;
    case kFocalLength35mm:
      SetOnce(&facts_.focal35_mm, Positive(tiff.Number(entry)));
      break;
    case kIso:
      SetOnce(&facts_.iso, tiff.Integer(entry));
      break;
    case kRecommendedExposureIndex:
      SetOnce(&iso_recommended_, tiff.Integer(entry));
      break;
    case kFlash:
      if (const auto value = tiff.Integer(entry)) {
        SetOnce(&facts_.flash, std::optional<bool>((*value & 1) != 0));
      }
      break;
    case kColorSpace:
      SetOnce(&colour_space_, tiff.Integer(entry));
      break;
    case kPixelXDimension:
    case kPixelYDimension: {
      const auto value = tiff.Integer(entry);
      int* const side = entry.tag == kPixelXDimension ? &exif_width_ : &exif_height_;
      if (*side == 0 && value && *value > 0 && *value < INT32_MAX) *side = static_cast<int>(*value);
      break;
    }
    default:
      break;
  }
}

void ExifGatherer::TakeText(const TiffReader& tiff, const TiffEntry& entry) {
  const std::array<std::pair<uint16_t, std::string*>, 11> texts = {{
      {kImageDescription, &facts_.description},
      {kMake, &facts_.make},
      {kModel, &facts_.model},
      {kSoftware, &facts_.software},
      {kArtist, &facts_.creator},
      {kCopyright, &facts_.copyright},
      {kLensModel, &named_lens_},
      {kOffsetTimeOriginal, &taken_offset_},
      {kOffsetTimeDigitized, &digitized_offset_},
      {kSubSecTimeOriginal, &taken_subseconds_},
      {kSubSecTimeDigitized, &digitized_subseconds_},
  }};
  for (const auto& [tag, member] : texts) {
    if (tag == entry.tag) SetOnce(member, tiff.Text(entry));
  }
  if (entry.tag == kDateTimeOriginal && taken_.at.empty()) taken_ = ParseMoment(tiff.Text(entry));
  if (entry.tag == kDateTimeDigitized && digitized_.at.empty()) {
    digitized_ = ParseMoment(tiff.Text(entry));
  }
}

void ExifGatherer::TakeGps(TiffReader* tiff, uint64_t directory) {
  const auto entries = tiff->Read(directory);
  if (!entries) return;
  std::optional<double> latitude, longitude, altitude;
  bool south = false, west = false, below = false;
  for (const TiffEntry& entry : *entries) {
    switch (entry.tag) {
      case 1:
        south = tiff->Text(entry).starts_with('S');
        break;
      case 2:
        latitude = Degrees(*tiff, entry);
        break;
      case 3:
        west = tiff->Text(entry).starts_with('W');
        break;
      case 4:
        longitude = Degrees(*tiff, entry);
        break;
      case 5:
        below = tiff->Integer(entry).value_or(0) == 1;
        break;
      case 6:
        altitude = tiff->Number(entry);
        break;
      default:
        break;
    }
  }
  if (latitude) SetOnce(&facts_.gps_lat, std::optional<double>(south ? -*latitude : *latitude));
  if (longitude) SetOnce(&facts_.gps_lon, std::optional<double>(west ? -*longitude : *longitude));
  if (altitude) SetOnce(&facts_.gps_alt, std::optional<double>(below ? -*altitude : *altitude));
}

void ExifGatherer::TakeCanonNotes(TiffReader* tiff, uint64_t directory) {
  const MakerLens lens = CanonLens(tiff, directory);
  SetOnce(&note_lens_, lens.name);
  SetOnce(&note_range_, lens.range);
}

Facts ExifGatherer::Finish() {
  if (note_ && named_lens_.empty()) {
    const MakerLens lens = LensOfMakerNote(note_->tiff, note_->entry, facts_.make);
    SetOnce(&note_lens_, lens.name);
    SetOnce(&note_range_, lens.range);
  }
  if (note_) {
    facts_.content_identifier = ContentIdentifierOfMakerNote(note_->tiff, note_->entry);
  }
  facts_.lens = !named_lens_.empty() ? named_lens_ : note_lens_;
  if (!note_range_.empty()) facts_.lens_range = note_range_;
  facts_.taken_at = taken_.at;
  AddSubseconds(taken_subseconds_, &facts_.taken_at);
  facts_.taken_offset = ParseOffset(taken_offset_);
  facts_.digitized_at = digitized_.at;
  AddSubseconds(digitized_subseconds_, &facts_.digitized_at);
  facts_.digitized_offset = ParseOffset(digitized_offset_);
  // APEX: Av = 2 log2 N, Tv = -log2 t.
  if (!facts_.aperture && aperture_apex_ && *aperture_apex_ > 0 && *aperture_apex_ < 30) {
    facts_.aperture = std::exp2(*aperture_apex_ / 2);
  }
  if (!facts_.exposure_s && shutter_apex_ && std::abs(*shutter_apex_) < 60) {
    facts_.exposure_s = std::exp2(-*shutter_apex_);
  }
  // 65535 is what does not fit into the tag; the whole of it then stands in another.
  if (iso_recommended_ && (!facts_.iso || *facts_.iso == 65535)) facts_.iso = iso_recommended_;
  if (facts_.iso && *facts_.iso <= 0) facts_.iso.reset();
  constexpr int64_t kSrgb = 1, kUncalibrated = 65535;
  if (colour_space_ == kSrgb) facts_.color_profile = "sRGB";
  if (colour_space_ == kUncalibrated && interop_ == "R03") facts_.color_profile = "Adobe RGB";
  return std::move(facts_);
}

void ReadExif(Part block, Facts* facts) {
  const auto head = block.ViewUpTo(0, 6);
  if (head.size() == 6 && std::memcmp(head.data(), "Exif\0\0", 6) == 0) block = block.From(6);
  auto tiff = TiffReader::Open(block);
  if (!tiff) {
    if (block.reader() != nullptr) block.reader()->Warn("the EXIF block is damaged");
    return;
  }
  ExifGatherer gatherer;
  gatherer.TakeTree(&*tiff, tiff->first());
  *facts = gatherer.Finish();
}

}  // namespace peel::library
