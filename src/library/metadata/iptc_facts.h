#pragma once

#include <cstdint>
#include <span>

#include "src/library/metadata/photo_facts.h"

namespace peel::library {

// What IPTC-IIM records say (IIM 4.2): object name, keywords, caption, date and time created. Text
// is UTF-8 where the records or its bytes say so, else Windows' code page 1252.
void ReadIptc(std::span<const uint8_t> records, Facts* facts);

// The same of Photoshop's image resources ("8BIM …"), with what they say of the records' digest.
void ReadPhotoshop(std::span<const uint8_t> resources, PhotoFacts* facts);

}  // namespace peel::library
