#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "src/base/utf8.h"
#include "src/library/metadata/film_facts.h"
#include "src/library/metadata/header_reader.h"

// The headers of films. What comes out keeps to film_facts.h.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto check = [](bool holds) {
    if (!holds) __builtin_trap();
  };
  peel::library::HeaderReader reader(std::span<const uint8_t>(data, size));
  const auto film = peel::library::ReadFilmFacts(&reader);
  if (!film.ok()) {
    const auto code = film.status().code();
    check(code == peel::StatusCode::kCorrupt || code == peel::StatusCode::kUnsupported);
    return 0;
  }
  check(peel::IsUtf8(film->content_identifier) && film->content_identifier.size() <= 4096);
  for (const char c : film->content_identifier) {
    check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  }
  if (film->duration_s) check(std::isfinite(*film->duration_s) && *film->duration_s > 0);
  return 0;
}
