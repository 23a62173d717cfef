// A manifest as another machine, a torn disk or anybody may have left it: whole lines alone are
// read, each says again what it said; and any name and hashes that are written are read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "src/pipeline/folder/manifest_line.h"

namespace {

void Check(const peel::ManifestLine& line, std::string_view bytes) {
  const std::string again = peel::FormatManifestLine(line);
  const std::string_view text = again;
  const auto read = peel::ParseManifestLine(text.substr(0, text.size() - 1));
  if (!read || read->whole != line.whole || read->name != line.name ||
      read->content != line.content || read->settings != line.settings) {
    std::abort();
  }
  if (bytes.empty() || bytes.back() != '\n' || line.name.find('\n') != std::string_view::npos) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  peel::ManifestLine line;
  if (size >= 16) {
    std::memcpy(&line.content, data, 8);
    std::memcpy(&line.settings, data + 8, 8);
    line.whole = (data[0] & 1) != 0;
    if (!line.whole) line.content = line.settings = 0;
    const std::string name = peel::EscapeName(std::string_view(text).substr(16));
    line.name = name;
    if (!name.empty()) text = peel::FormatManifestLine(line) + text;
  }
  size_t lines = 0;
  const size_t read =
      peel::VisitManifestLines(text, [&](const peel::ManifestLine& found, std::string_view bytes) {
        ++lines;
        Check(found, bytes);
      });
  if (read > text.size() || (size > 16 && lines == 0)) std::abort();
  return 0;
}
