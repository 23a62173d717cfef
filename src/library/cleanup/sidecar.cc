#include "src/library/cleanup/sidecar.h"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/temporary_files.h"
#include "src/library/cleanup/file_moves.h"
#include "src/library/metadata/sidecar_facts.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;

// Adobe's place for the name of the program that wrote a packet (x:xmptk). Without it, as it was
// written before, it is Peel's as well.
constexpr std::string_view kMark = " x:xmptk=\"Peel\"";

// Text of an element; what XML cannot hold (U+FFFE, U+FFFF) becomes the sign for it.
std::string XmlText(std::string_view text) {
  std::string xml;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::string_view rest = text.substr(i);
    if (c == '&') {
      xml += "&amp;";
    } else if (c == '<') {
      xml += "&lt;";
    } else if (c == '>') {
      xml += "&gt;";
    } else if (static_cast<uint8_t>(c) < 0x20) {
      xml += ' ';
    } else if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      xml += "\xEF\xBF\xBD";
      i += 2;
    } else {
      xml += c;
    }
  }
  return xml;
}

// XMP's form of a coordinate: degrees, minutes with a fraction, a letter.
std::string Coordinate(double value, char positive, char negative) {
  const double size = std::abs(value);
  // In whole steps, so that 59.99999999 minutes do not become 60.
  const auto steps = static_cast<int64_t>(std::llround(size * 60 * 1e8));
  constexpr int64_t kDegree = 60 * int64_t{100000000};
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%lld,%lld.%08lld%c",
                static_cast<long long>(steps / kDegree),
                static_cast<long long>(steps % kDegree / 100000000),
                static_cast<long long>(steps % 100000000), value < 0 ? negative : positive);
  return text.data();
}

std::string Element(const std::string& name, const std::string& content) {
  return "   <" + name + ">" + content + "</" + name + ">\n";
}

std::string InDefaultLanguage(const std::string& text) {
  return "<rdf:Alt><rdf:li xml:lang=\"x-default\">" + XmlText(text) + "</rdf:li></rdf:Alt>";
}

std::string PacketOf(const Knowledge& knowledge, std::string_view mark) {
  std::string inner;
  if (!knowledge.keywords.empty()) {
    std::string words = "<rdf:Bag>";
    for (const std::string& word : knowledge.keywords) {
      words += "<rdf:li>" + XmlText(word) + "</rdf:li>";
    }
    inner += Element("dc:subject", words + "</rdf:Bag>");
  }
  if (!knowledge.title.empty()) inner += Element("dc:title", InDefaultLanguage(knowledge.title));
  if (!knowledge.description.empty()) {
    inner += Element("dc:description", InDefaultLanguage(knowledge.description));
  }
  if (knowledge.rating != 0) inner += Element("xmp:Rating", std::to_string(knowledge.rating));
  if (knowledge.has_place()) {
    inner += Element("exif:GPSLatitude", Coordinate(*knowledge.latitude, 'N', 'S'));
    inner += Element("exif:GPSLongitude", Coordinate(*knowledge.longitude, 'E', 'W'));
    const double altitude = knowledge.altitude.value_or(1e9);
    if (std::abs(altitude) < 1e6) {
      const auto centimetres = static_cast<int64_t>(std::llround(std::abs(altitude) * 100));
      inner += Element("exif:GPSAltitudeRef", altitude < 0 ? "1" : "0");
      inner += Element("exif:GPSAltitude", std::to_string(centimetres) + "/100");
    }
  }
  return "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
         "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"" +
         std::string(mark) +
         ">\n"
         " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
         "  <rdf:Description rdf:about=\"\"\n"
         "    xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
         "    xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n"
         "    xmlns:exif=\"http://ns.adobe.com/exif/1.0/\">\n" +
         inner +
         "  </rdf:Description>\n"
         " </rdf:RDF>\n"
         "</x:xmpmeta>\n"
         "<?xpacket end=\"w\"?>\n";
}

}  // namespace

std::string SidecarOf(const std::string& picture) { return picture + ".xmp"; }

std::string SidecarXmp(const Knowledge& knowledge) { return PacketOf(knowledge, kMark); }

std::optional<Knowledge> KnowledgeOfOwn(std::string_view text) {
  const Result<Facts> facts =
      ReadSidecar({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  if (!facts.ok()) return std::nullopt;
  Knowledge known;
  known.keywords = facts->keywords;
  known.rating = facts->rating.value_or(0);
  known.title = facts->title;
  known.description = facts->description;
  known.latitude = facts->gps_lat;
  known.longitude = facts->gps_lon;
  known.altitude = facts->gps_alt;
  for (const std::string_view mark : {kMark, std::string_view()}) {
    if (PacketOf(known, mark) == text) return known;
  }
  return std::nullopt;
}

Beside LookBeside(const std::string& picture) {
  Beside beside{FindSidecar(picture), std::nullopt};
  if (!beside.file.exists() || beside.file.is_short) return beside;
  const auto bytes = ReadWholeFile(beside.file.path, kLargestSidecar);
  if (bytes.ok()) {
    beside.own = KnowledgeOfOwn({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  }
  return beside;
}

Status WriteSidecar(const std::string& picture, const std::string& text) {
  const std::string name = SidecarOf(picture), temporary = TemporaryName(name);
  PEEL_RETURN_IF_ERROR(WriteFileAtomically(
      temporary, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size())));
  Status named = MoveFile(temporary, name);
  if (!named.ok()) RemoveFile(temporary);
  return named;
}

Status ReplaceSidecar(const std::string& sidecar, const std::string& text,
                      const std::string& earlier) {
  const std::string temporary = TemporaryName(sidecar);
  PEEL_RETURN_IF_ERROR(WriteFileAtomically(
      temporary, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size())));
  const auto give_up = [&](Status status) {
    RemoveFile(temporary);
    return status;
  };
  if (!earlier.empty()) {
    std::error_code error;
    fs::create_hard_link(sidecar, earlier, error);
    // No second names there.
    if (error) fs::copy_file(sidecar, earlier, fs::copy_options::none, error);
    if (error) return give_up(IoError("the earlier one cannot be kept: " + error.message()));
  }
  if (RenameFile(temporary.c_str(), sidecar.c_str()) != 0) {
    return give_up(IoError(std::generic_category().message(errno)));
  }
  return OkStatus();
}

}  // namespace peel::library
