#include "src/codec/metadata/xmp.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "src/codec/metadata/xmp_tree.h"

namespace peel {
namespace {

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The digit of tiff:Orientation="6" or <tiff:Orientation>6</…, or npos.
size_t FindOrientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    size_t skip = 0;
    if (rest.starts_with("=\"") || rest.starts_with("='")) skip = 2;
    if (rest.starts_with(">")) skip = 1;
    if (skip != 0 && rest.size() > skip && rest[skip] >= '0' && rest[skip] <= '9') {
      return at + kName.size() + skip;
    }
  }
  return std::string_view::npos;
}

// Properties that are about another picture than the one of the pixels, by the beginnings of their
// names.
constexpr std::array<std::string_view, 12> kStale = {
    "xmp:Thumbnails", "xap:Thumbnails", "Container:",        "GContainer:",
    "hdrgm:",         "HDRGainMap:",    "GDepth:",           "GImage:",
    "GPano:",         "GCamera:Micro",  "GCamera:MotionPho", "xmpNote:HasExtendedXMP"};
// What gives embedded pictures away, wherever it stands.
constexpr std::array<std::string_view, 2> kPictures = {"xapGImg:image", "xmpGImg:image"};

bool Mentions(std::string_view text) {
  const auto found = [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  };
  return std::ranges::any_of(kStale, found) || std::ranges::any_of(kPictures, found);
}

bool IsStale(std::string_view name, std::string_view whole) {
  return std::ranges::any_of(kStale, [&](auto word) { return name.starts_with(word); }) ||
         std::ranges::any_of(kPictures,
                             [&](auto word) { return whole.find(word) != std::string_view::npos; });
}

// Without the properties that are stale; as it is where it is no XML that can be taken apart.
std::string WithoutStale(std::string_view text) {
  const auto tree = xmp::Parse(text);
  if (!tree) return std::string(text);
  std::vector<std::string_view> gone;
  for (const xmp::Description& description : tree->descriptions) {
    for (const xmp::Attribute& attribute : description.attributes) {
      if (IsStale(attribute.name, {})) gone.push_back(attribute.whole);
    }
    for (const xmp::Property& property : description.properties) {
      if (IsStale(property.name, property.whole)) gone.push_back(property.whole);
    }
  }
  std::string out;
  size_t at = 0;
  for (const std::string_view part : gone) {
    const auto begin = static_cast<size_t>(part.data() - text.data());
    out += text.substr(at, begin - at);
    at = begin + part.size();
  }
  return out += text.substr(at);
}

}  // namespace

int XmpOrientation(std::span<const uint8_t> xmp) {
  const size_t at = FindOrientation(AsText(xmp));
  if (at == std::string_view::npos) return 0;
  const int value = xmp[at] - '0';
  return value >= 1 && value <= 8 ? value : 0;
}

std::vector<uint8_t> UpdateXmp(std::span<const uint8_t> xmp) {
  std::string text(AsText(xmp));
  if (Mentions(text)) text = WithoutStale(text);
  if (Mentions(text)) return {};
  const size_t at = FindOrientation(text);
  if (at != std::string::npos) text[at] = '1';
  return {text.begin(), text.end()};
}

}  // namespace peel
