#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/checked.h"
#include "src/base/md5.h"
#include "src/codec/bytes.h"
#include "src/codec/metadata/xmp.h"
#include "src/codec/metadata/xmp_tree.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMainTag = "http://ns.adobe.com/xap/1.0/\0"sv;
constexpr std::string_view kExtensionTag = "http://ns.adobe.com/xmp/extension/\0"sv;
constexpr size_t kGuid = 32;
constexpr size_t kExtensionHeader = kExtensionTag.size() + kGuid + 8;
constexpr size_t kMaxSegment = 65533;
constexpr size_t kMaxMain = kMaxSegment - kMainTag.size();
constexpr size_t kMaxPart = 65400;  // as the specification advises
constexpr size_t kMaxPacket = size_t{64} << 20;
constexpr std::string_view kPointer = "xmpNote:HasExtendedXMP";

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool StartsWith(std::span<const uint8_t> data, std::string_view text) {
  return data.size() >= text.size() && std::memcmp(data.data(), text.data(), text.size()) == 0;
}

std::vector<uint8_t> Bytes(std::string_view head, std::string_view text) {
  std::vector<uint8_t> out(head.begin(), head.end());
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

bool IsNamespace(std::string_view name) { return name.starts_with("xmlns"); }

// `text` without parts of it, which are in order.
std::string Without(std::string_view text, const std::vector<std::string_view>& parts) {
  std::string out;
  size_t at = 0;
  for (const std::string_view part : parts) {
    const auto begin = static_cast<size_t>(part.data() - text.data());
    out += text.substr(at, begin - at);
    at = begin + part.size();
  }
  return out += text.substr(at);
}

// Writers leave some kilobytes of blanks before the packet's end for later changes.
std::string WithoutPadding(std::string_view packet) {
  const size_t end = packet.rfind("<?xpacket end=");
  if (end == std::string_view::npos) return std::string(packet);
  const size_t last = packet.find_last_not_of(" \t\r\n", end == 0 ? 0 : end - 1);
  if (last == std::string_view::npos || last >= end) return std::string(packet);
  return std::string(packet.substr(0, last + 1)) + "\n" + std::string(packet.substr(end));
}

// The start of a description that knows the namespaces around it.
std::string DescriptionStart(const xmp::Tree& tree, const xmp::Description& description) {
  std::string out = "<rdf:Description";
  std::vector<std::string_view> known = {"xmlns:rdf"};
  for (const auto* attributes : {&description.attributes, &tree.outer}) {
    for (const xmp::Attribute& attribute : *attributes) {
      const bool about = attributes == &description.attributes && attribute.name == "rdf:about";
      if (!about && !IsNamespace(attribute.name)) continue;
      if (std::ranges::find(known, attribute.name) != known.end()) continue;
      known.push_back(attribute.name);
      out += attribute.whole;
    }
  }
  return out;
}

// Takes the pointer to an extension out of the main packet; its value, or nothing.
std::optional<std::string> TakePointer(std::string* main) {
  const auto tree = xmp::Parse(*main);
  if (!tree) return {};
  for (const xmp::Description& description : tree->descriptions) {
    for (const xmp::Attribute& attribute : description.attributes) {
      if (attribute.name != kPointer) continue;
      const std::string value(attribute.value);
      *main = Without(*main, {attribute.whole});
      return value;
    }
    for (const xmp::Property& property : description.properties) {
      if (property.name != kPointer) continue;
      const size_t begin = property.whole.find('>') + 1;
      const size_t end = property.whole.rfind("</");
      const std::string value(end == std::string_view::npos || end < begin
                                  ? std::string_view()
                                  : property.whole.substr(begin, end - begin));
      *main = Without(*main, {property.whole});
      return value;
    }
  }
  return {};
}

struct Halves {
  std::string main, extension;
};

// The largest properties moved to the extension until the main packet fits.
std::optional<Halves> Divide(std::string packet) {
  // A pointer that is there already is left over from another file.
  if (packet.find(kPointer) != std::string::npos) TakePointer(&packet);
  if (packet.find(kPointer) != std::string::npos) return {};
  const auto tree = xmp::Parse(packet);
  if (!tree) return {};
  std::vector<std::string_view> parts;
  for (const xmp::Description& description : tree->descriptions) {
    for (const xmp::Attribute& attribute : description.attributes) {
      if (IsNamespace(attribute.name) || attribute.name.starts_with("rdf:")) continue;
      parts.push_back(attribute.whole);
    }
    for (const xmp::Property& property : description.properties) parts.push_back(property.whole);
  }
  std::ranges::stable_sort(parts, std::ranges::greater(), &std::string_view::size);
  constexpr size_t kRoom = kMaxMain - 512;  // what is left for the pointer to the extension
  size_t left = packet.size(), count = 0;
  while (left > kRoom && count < parts.size()) left -= parts[count++].size();
  if (left > kRoom) return {};
  parts.resize(count);
  std::ranges::sort(parts, {}, &std::string_view::data);
  const auto moved = [&](std::string_view whole) {
    const auto found = std::ranges::lower_bound(parts, whole.data(), {}, &std::string_view::data);
    return found != parts.end() && found->data() == whole.data();
  };

  Halves halves;
  halves.extension =
      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
      "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">";
  std::string about;
  for (const xmp::Description& description : tree->descriptions) {
    std::string attributes, properties;
    for (const xmp::Attribute& attribute : description.attributes) {
      if (attribute.name == "rdf:about" && about.empty()) about = attribute.value;
      if (moved(attribute.whole)) attributes += attribute.whole;
    }
    for (const xmp::Property& property : description.properties) {
      if (moved(property.whole)) properties += property.whole;
    }
    if (attributes.empty() && properties.empty()) continue;
    halves.extension +=
        DescriptionStart(*tree, description) + attributes + ">" + properties + "</rdf:Description>";
  }
  halves.extension += "</rdf:RDF></x:xmpmeta>";

  const char quote = about.find('"') == std::string::npos ? '"' : '\'';
  if (about.size() > 256) about.clear();
  const std::string pointer = std::string("<rdf:Description rdf:about=") + quote + about + quote +
                              " xmlns:xmpNote=\"http://ns.adobe.com/xmp/note/\" " +
                              std::string(kPointer) + "=\"" + Md5Hex(halves.extension) + "\"/>";
  // Before </rdf:RDF>, which nothing that is taken out lies behind.
  const auto end = static_cast<size_t>(tree->inside.data() + tree->inside.size() - packet.data());
  const size_t behind = packet.size() - end;
  halves.main = Without(packet, parts);
  halves.main.insert(halves.main.size() - behind, pointer);
  if (halves.main.size() > kMaxMain || halves.extension.size() > kMaxPacket) return {};
  return halves;
}

// The descriptions of the extension put into the main packet, which no longer points to it.
std::optional<std::string> Merge(const std::string& main, const std::string& extension) {
  const auto tree = xmp::Parse(main), more = xmp::Parse(extension);
  if (!tree || !more) return {};
  std::string descriptions;
  for (const xmp::Description& description : more->descriptions) {
    descriptions += DescriptionStart(*more, description);
    for (const xmp::Attribute& attribute : description.attributes) {
      if (!IsNamespace(attribute.name) && attribute.name != "rdf:about") {
        descriptions += attribute.whole;
      }
    }
    descriptions += ">";
    for (const xmp::Property& property : description.properties) descriptions += property.whole;
    descriptions += "</rdf:Description>";
  }
  const auto end = static_cast<size_t>(tree->inside.data() + tree->inside.size() - main.data());
  return main.substr(0, end) + descriptions + main.substr(end);
}

// The extension with this name; nothing where a part of it is missing.
std::optional<std::string> Assemble(std::span<const std::span<const uint8_t>> segments,
                                    std::string_view guid) {
  struct Part {
    uint32_t at;
    std::string_view text;
  };
  std::vector<Part> parts;
  std::optional<uint32_t> size;
  for (const auto& segment : segments) {
    if (!StartsWith(segment, kExtensionTag) || segment.size() < kExtensionHeader) continue;
    const std::string_view text = AsText(segment);
    if (text.substr(kExtensionTag.size(), kGuid) != guid) continue;
    const uint8_t* numbers = segment.data() + kExtensionTag.size() + kGuid;
    if (size && *size != ReadBig32(numbers)) return {};
    size = ReadBig32(numbers);
    parts.push_back({ReadBig32(numbers + 4), text.substr(kExtensionHeader)});
  }
  if (!size || *size > kMaxPacket) return {};
  std::ranges::stable_sort(parts, {}, &Part::at);
  std::string out;
  for (const Part& part : parts) {
    if (part.at > out.size()) return {};
    if (part.at < out.size()) continue;  // the same part again
    out += part.text;
    if (out.size() > *size) return {};
  }
  if (out.size() != *size) return {};
  return out;
}

}  // namespace

std::vector<std::vector<uint8_t>> SplitJpegXmp(std::span<const uint8_t> xmp) {
  std::string packet(AsText(xmp));
  if (packet.size() > kMaxMain) packet = WithoutPadding(packet);
  if (packet.size() <= kMaxMain) return {Bytes(kMainTag, packet)};
  const auto halves = Divide(packet);
  if (!halves) return {};
  std::vector<std::vector<uint8_t>> segments = {Bytes(kMainTag, halves->main)};
  const std::string_view extension = halves->extension;
  const std::string guid = Md5Hex(extension);
  for (size_t at = 0; at < extension.size(); at += kMaxPart) {
    std::vector<uint8_t> segment = Bytes(kExtensionTag, guid);
    segment.resize(kExtensionHeader);
    WriteBig32(segment.data() + kExtensionHeader - 8, static_cast<uint32_t>(extension.size()));
    WriteBig32(segment.data() + kExtensionHeader - 4, static_cast<uint32_t>(at));
    const std::string_view part = extension.substr(at, kMaxPart);
    segment.insert(segment.end(), part.begin(), part.end());
    segments.push_back(std::move(segment));
  }
  return segments;
}

std::vector<uint8_t> JoinJpegXmp(std::span<const std::span<const uint8_t>> segments,
                                 bool* complete) {
  *complete = true;
  const auto first = std::ranges::find_if(
      segments, [](const auto& segment) { return StartsWith(segment, kMainTag); });
  if (first == segments.end()) return {};
  std::string main(AsText(first->subspan(kMainTag.size())));
  if (main.find(kPointer) != std::string::npos) {
    if (const auto guid = TakePointer(&main)) {
      const auto extension = Assemble(segments, *guid);
      auto merged = extension ? Merge(main, *extension) : std::nullopt;
      *complete = merged.has_value();
      if (merged) main = std::move(*merged);
    }
  }
  return {main.begin(), main.end()};
}

}  // namespace peel
