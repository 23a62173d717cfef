#include "python/src/records.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <peel/peel.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "python/src/gil.h"
#include "src/base/hash.h"
#include "src/pipeline/folder/inputs.h"
#include "src/pipeline/folder/manifest.h"
#include "src/pipeline/folder/manifest_line.h"
#include "src/pipeline/folder/settings_hash.h"

namespace peel::python {
namespace {

namespace nb = nanobind;
using nb::literals::operator""_a;  // NOLINT(misc-unused-using-decls): argument names use it

std::string_view View(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }

nb::bytes Bytes(std::string_view text) { return nb::bytes(text.data(), text.size()); }

uint64_t ContentHash(const nb::bytes& data) {
  const std::span<const uint8_t> bytes(static_cast<const uint8_t*>(data.data()), data.size());
  const ReleaseGil release;
  return Hash64(bytes);
}

// For each sound line the escaped name and the content's and settings' hashes, or None for an
// output whose making has begun and not ended.
nb::list ManifestLines(const nb::bytes& text) {
  nb::list lines;
  VisitManifestLines(View(text), [&](const ManifestLine& line, std::string_view) {
    const nb::object made =
        line.whole ? nb::object(nb::make_tuple(line.content, line.settings)) : nb::none();
    lines.append(nb::make_tuple(Bytes(line.name), made));
  });
  return lines;
}

// made: hashes of content and settings, or None. `name` is escaped.
nb::bytes MakeLine(const nb::bytes& name, std::optional<std::pair<uint64_t, uint64_t>> made) {
  ManifestLine line;
  line.name = View(name);
  if (made) {
    line.whole = true;
    line.content = made->first;
    line.settings = made->second;
  }
  return Bytes(FormatManifestLine(line));
}

}  // namespace

void BindRecords(nb::module_& m) {
  m.def("hash64", &ContentHash, "data"_a, "A content's hash, as the manifest has it.");
  m.def(
      "settings_hash",
      [](const TypedOptions& options, const std::string& model) {
        return SettingsHash(peel_version(), options, model);
      },
      "options"_a, "model"_a,
      "The hash of settings as the program's command line has them: names and values, sorted.");
  m.def(
      "escape_name", [](const nb::bytes& name) { return Bytes(EscapeName(View(name))); }, "name"_a,
      "A name as it stands in a manifest's line.");
  m.def("manifest_lines", &ManifestLines, "text"_a,
        nb::sig("def manifest_lines(text: bytes) -> list[tuple[bytes, tuple[int, int] | None]]"),
        "Escaped names, and what they were made from; damaged lines are left out.");
  m.def("manifest_line", &MakeLine, "name"_a, "made"_a.none(), "A line, its end included.");
  m.def(
      "is_manifest_name", [](const std::string& name) { return Manifest::IsManifestName(name); },
      "name"_a);
  m.def(
      "has_picture_extension", [](const std::string& name) { return HasPictureExtension(name); },
      "name"_a);
}

}  // namespace peel::python
