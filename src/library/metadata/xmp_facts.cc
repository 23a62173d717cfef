#include "src/library/metadata/xmp_facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "src/base/utf8.h"
#include "src/library/metadata/photo_text.h"
#include "src/library/metadata/xml_walk.h"

namespace peel::library {
namespace {

constexpr size_t kMaxDepth = 200;
constexpr size_t kMaxValue = 65536;
constexpr size_t kMaxKeywords = 10000;

// What the prefixes are called here, whatever a packet calls them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kNamespaces = {{
    {"http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"},
    {"http://purl.org/dc/elements/1.1/", "dc"},
    {"http://ns.adobe.com/xap/1.0/", "xmp"},
    {"http://ns.adobe.com/xmp/note/", "xmpNote"},
    {"http://ns.adobe.com/tiff/1.0/", "tiff"},
    {"http://ns.adobe.com/exif/1.0/", "exif"},
    {"http://cipa.jp/exif/1.0/", "exifEX"},
    {"http://ns.adobe.com/exif/1.0/aux/", "aux"},
    {"http://ns.adobe.com/photoshop/1.0/", "photoshop"},
    {"http://ns.google.com/photos/1.0/camera/", "GCamera"},
    {"http://ns.google.com/photos/1.0/container/", "Container"},
    {"http://ns.google.com/photos/1.0/container/item/", "Item"},
    {"http://ns.microsoft.com/photo/1.0/", "MicrosoftPhoto"},
    {"http://ns.microsoft.com/photo/1.0", "MicrosoftPhoto"},
}};

// "53,22.97N", "53,22,58N": degrees, minutes and seconds of GPS in XMP.
std::optional<double> ParseCoordinate(std::string_view text) {
  double degrees = 0, unit = 1;
  bool any = false;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    double sign = 1;
    if (comma == text.size() && !part.empty()) {
      const char last = part.back();
      if (last == 'S' || last == 'W') sign = -1;
      if (last == 'N' || last == 'S' || last == 'E' || last == 'W') part.remove_suffix(1);
    }
    const auto number = ParseNumber(part);
    if (!number) return {};
    degrees = (degrees + *number / unit) * sign;
    unit *= 60;
    any = true;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return any ? std::optional<double>(degrees) : std::nullopt;
}

class PacketReader {
 public:
  PacketReader(std::string_view packet, HeaderReader* reader) : walk_(packet), reader_(reader) {}

  void Read() {
    XmlEvent event;
    for (;;) {
      walk_.Next(&event);
      switch (event.kind) {
        case XmlEvent::Kind::kStart:
          if (!Start(event)) return;
          break;
        case XmlEvent::Kind::kEnd:
          if (open_.empty()) return;
          End();
          break;
        case XmlEvent::Kind::kText:
          if (!open_.empty() && open_.back().text.size() < kMaxValue) {
            open_.back().text += event.literal ? std::string(event.text) : Unescape(event.text);
          }
          break;
        case XmlEvent::Kind::kBroken:
          Broken();
          return;
        case XmlEvent::Kind::kDone:
          if (!open_.empty()) Broken();
          return;
      }
    }
  }

  // The values of a property, in order; of alternatives by language the default one first.
  const std::vector<std::string>& Values(const std::string& path) const {
    static const std::vector<std::string> kNone;
    const auto found = values_.find(path);
    return found == values_.end() ? kNone : found->second;
  }
  std::string First(std::initializer_list<const char*> paths) const {
    for (const char* path : paths) {
      for (const std::string& value : Values(path)) {
        if (!value.empty()) return value;
      }
    }
    return {};
  }
  bool has_rdf() const { return has_rdf_; }
  std::optional<double> Number(std::initializer_list<const char*> paths) const {
    return ParseNumber(First(paths));
  }

 private:
  struct Open {
    size_t path = 0;  // of path_, before this element
    bool in_rdf = false;
    bool has_children = false;
    bool is_default = false;  // of alternatives by language
    std::string text;
  };

  void Broken() {
    if (reader_ != nullptr) reader_->Warn("the XMP packet is damaged and was read up to there");
  }

  std::string Canonical(std::string_view name) const {
    const size_t colon = name.find(':');
    if (colon == std::string_view::npos) return std::string(name);
    const auto found = prefixes_.find(name.substr(0, colon));
    return (found == prefixes_.end() ? std::string(name.substr(0, colon)) : found->second) +
           std::string(name.substr(colon));
  }

  bool Start(const XmlEvent& event) {
    if (open_.size() >= kMaxDepth || (reader_ != nullptr && !reader_->Step())) {
      Broken();
      return false;
    }
    for (const auto& [key, value] : event.attributes) {
      if (!key.starts_with("xmlns:")) continue;
      for (const auto& [uri, prefix] : kNamespaces) {
        if (value == uri) prefixes_[key.substr(6)] = std::string(prefix);
      }
    }
    Open open;
    open.path = path_.size();
    if (!open_.empty()) {
      open_.back().has_children = true;
      open.in_rdf = open_.back().in_rdf;
      open.is_default = open_.back().is_default;
    }
    const std::string name = Canonical(event.name);
    if (name == "rdf:RDF") {
      open.in_rdf = has_rdf_ = true;
    } else if (open.in_rdf && !name.starts_with("rdf:")) {
      if (!path_.empty()) path_ += '/';
      path_ += name;
    }
    for (const auto& [key, value] : event.attributes) {
      if (key == "xml:lang") open.is_default = value == "x-default";
      if (!open.in_rdf || key.starts_with("xml")) continue;
      const std::string attribute = Canonical(key);
      if (attribute.starts_with("rdf:")) {
        // A property that is a link alone.
        if (attribute == "rdf:resource") Add(path_, Unescape(value.substr(0, kMaxValue)), false);
        continue;
      }
      Add(path_.empty() ? attribute : path_ + "/" + attribute, Unescape(value.substr(0, kMaxValue)),
          false);
    }
    open_.push_back(std::move(open));
    return true;
  }

  void End() {
    Open& open = open_.back();
    if (open.in_rdf && !open.has_children && !path_.empty()) {
      Add(path_, open.text, open.is_default);
    }
    path_.resize(open.path);
    open_.pop_back();
  }

  void Add(const std::string& path, std::string_view raw, bool is_default) {
    std::string value = CleanText(raw);
    auto& values = values_[path];
    if (values.size() >= kMaxKeywords) return;
    if (is_default) {
      values.insert(values.begin(), std::move(value));
    } else {
      values.push_back(std::move(value));
    }
  }

  XmlWalk walk_;
  HeaderReader* reader_;
  std::map<std::string_view, std::string> prefixes_;
  std::vector<Open> open_;
  bool has_rdf_ = false;
  std::string path_;
  std::map<std::string, std::vector<std::string>> values_;
};

// The packet as UTF-8: XMP may be UTF-16 as well.
std::string AsUtf8(std::string_view packet) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(packet[i]); };
  if (packet.size() < 4) return std::string(packet);
  const bool big = (byte(0) == 0xFE && byte(1) == 0xFF) || (byte(0) == 0 && byte(1) == '<');
  const bool little = (byte(0) == 0xFF && byte(1) == 0xFE) || (byte(0) == '<' && byte(1) == 0);
  if (!big && !little) return std::string(packet);
  std::string text;
  for (size_t i = 0; i + 1 < packet.size(); i += 2) {
    const auto unit = [&](size_t at) -> uint32_t {
      return big ? uint32_t{byte(at)} << 8 | byte(at + 1) : byte(at) | uint32_t{byte(at + 1)} << 8;
    };
    uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < packet.size()) {
      c = 0x10000 + ((c - 0xD800) << 10 | (unit(i + 2) & 0x3FF));
      i += 2;
    }
    if (c != 0xFEFF) AppendUtf8(c, &text);
  }
  return text;
}

std::optional<double> Positive(std::optional<double> value) {
  return value && *value > 0 && *value < 1e12 ? value : std::nullopt;
}

bool IsTrue(const std::string& text) { return text == "True" || text == "true" || text == "1"; }

template <typename T, typename U>
void SetOnce(T* member, U value) {
  if (*member == T()) *member = std::move(value);
}

void TakeExposure(const PacketReader& packet, Facts* facts) {
  SetOnce(&facts->focal_mm, Positive(packet.Number({"exif:FocalLength"})));
  SetOnce(&facts->focal35_mm, Positive(packet.Number({"exif:FocalLengthIn35mmFilm"})));
  SetOnce(&facts->aperture, Positive(packet.Number({"exif:FNumber"})));
  if (const auto apex = packet.Number({"exif:ApertureValue"}); apex && *apex > 0 && *apex < 30) {
    SetOnce(&facts->aperture, std::optional<double>(std::exp2(*apex / 2)));
  }
  SetOnce(&facts->exposure_s, Positive(packet.Number({"exif:ExposureTime"})));
  if (const auto apex = packet.Number({"exif:ShutterSpeedValue"}); apex && std::abs(*apex) < 60) {
    SetOnce(&facts->exposure_s, std::optional<double>(std::exp2(-*apex)));
  }
  const auto iso = Positive(packet.Number({"exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings",
                                           "exifEX:RecommendedExposureIndex"}));
  if (iso) SetOnce(&facts->iso, std::optional<int64_t>(static_cast<int64_t>(*iso)));
  if (const std::string fired = packet.First({"exif:Flash/exif:Fired"}); !fired.empty()) {
    SetOnce(&facts->flash, std::optional<bool>(IsTrue(fired)));
  }
}

void TakePlace(const PacketReader& packet, Facts* facts) {
  SetOnce(&facts->gps_lat, ParseCoordinate(packet.First({"exif:GPSLatitude"})));
  SetOnce(&facts->gps_lon, ParseCoordinate(packet.First({"exif:GPSLongitude"})));
  if (auto altitude = packet.Number({"exif:GPSAltitude"})) {
    if (packet.First({"exif:GPSAltitudeRef"}) == "1") *altitude = -*altitude;
    SetOnce(&facts->gps_alt, altitude);
  }
}

void TakeTimes(const PacketReader& packet, Facts* facts) {
  if (facts->taken_at.empty()) {
    Moment moment = ParseMoment(packet.First({"exif:DateTimeOriginal"}));
    if (moment.at.empty()) moment = ParseMoment(packet.First({"photoshop:DateCreated"}));
    facts->taken_at = std::move(moment.at);
    facts->taken_offset = std::move(moment.offset);
  }
  if (facts->digitized_at.empty()) {
    Moment moment = ParseMoment(packet.First({"exif:DateTimeDigitized"}));
    if (moment.at.empty()) moment = ParseMoment(packet.First({"xmp:CreateDate"}));
    facts->digitized_at = std::move(moment.at);
    facts->digitized_offset = std::move(moment.offset);
  }
}

std::string Together(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    if (!text.empty()) text += "; ";
    text += name;
  }
  return text;
}

std::optional<int> RatingOf(const PacketReader& packet) {
  if (const auto rating = packet.Number({"xmp:Rating"}); rating && std::abs(*rating) < 100) {
    return std::clamp(static_cast<int>(std::lround(*rating)), -1, 5);
  }
  // Windows' own is in percent: 1, 25, 50, 75, 99.
  if (const auto percent = packet.Number({"MicrosoftPhoto:Rating"});
      percent && *percent >= 0 && *percent <= 100) {
    return *percent < 1 ? 0 : 1 + static_cast<int>((*percent + 1) / 25);
  }
  return {};
}

}  // namespace

bool ReadXmp(std::string_view packet, HeaderReader* reader, Facts* facts) {
  const std::string text = AsUtf8(packet);
  PacketReader xmp(text, reader);
  xmp.Read();
  if (const auto turn = xmp.Number({"tiff:Orientation"}); turn && *turn >= 1 && *turn <= 8) {
    SetOnce(&facts->orientation, std::optional<int>(static_cast<int>(*turn)));
  }
  TakeTimes(xmp, facts);
  TakeExposure(xmp, facts);
  TakePlace(xmp, facts);
  SetOnce(&facts->make, xmp.First({"tiff:Make"}));
  SetOnce(&facts->model, xmp.First({"tiff:Model"}));
  SetOnce(&facts->lens, xmp.First({"exifEX:LensModel", "aux:Lens"}));
  SetOnce(&facts->title, xmp.First({"dc:title"}));
  SetOnce(&facts->description, xmp.First({"dc:description"}));
  SetOnce(&facts->label, xmp.First({"xmp:Label"}));
  SetOnce(&facts->creator, Together(xmp.Values("dc:creator")));
  SetOnce(&facts->copyright, xmp.First({"dc:rights"}));
  SetOnce(&facts->software, xmp.First({"xmp:CreatorTool"}));
  if (xmp.First({"exif:ColorSpace"}) == "1") SetOnce(&facts->color_profile, std::string("sRGB"));
  SetOnce(&facts->rating, RatingOf(xmp));
  if (facts->keywords.empty()) {
    for (const std::string& word : xmp.Values("dc:subject")) {
      if (!word.empty()) facts->keywords.push_back(word);
    }
  }
  for (const char* flag : {"GCamera:MotionPhoto", "GCamera:MicroVideo"}) {
    if (xmp.First({flag}) == "1") facts->motion_photo = true;
  }
  for (const char* path :
       {"Container:Directory/Container:Item/Item:Semantic", "Container:Directory/Item:Semantic"}) {
    for (const std::string& semantic : xmp.Values(path)) {
      if (semantic == "MotionPhoto") facts->motion_photo = true;
    }
  }
  return xmp.has_rdf();
}

std::string ExtendedXmpGuid(std::string_view packet) {
  constexpr std::string_view kName = "HasExtendedXMP";
  constexpr size_t kDigits = 32;
  const size_t at = packet.find(kName);
  if (at == std::string_view::npos) return {};
  // ="GUID" or >GUID<
  const size_t value = packet.find_first_of("\"'>", at + kName.size());
  if (value == std::string_view::npos || packet.size() - value - 1 < kDigits) return {};
  return std::string(packet.substr(value + 1, kDigits));
}

}  // namespace peel::library
