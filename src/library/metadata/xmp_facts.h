#pragma once

#include <string>
#include <string_view>

#include "src/library/metadata/header_reader.h"
#include "src/library/metadata/photo_facts.h"

namespace peel::library {

// What an XMP packet says (ISO 16684-1): of its properties those that Facts names, whatever the
// prefixes of its namespaces, as elements or attributes, in UTF-8 or UTF-16. Of alternatives by
// language x-default counts, else the first. Read as far as it is well-formed; a warning says
// where that was not its end. The first of two values stays, so that an extended packet
// adds to the main one. Returns whether the text holds RDF at all.
bool ReadXmp(std::string_view packet, HeaderReader* reader, Facts* facts);

// The GUID by which the main packet names its extended one; empty where there is none.
std::string ExtendedXmpGuid(std::string_view packet);

}  // namespace peel::library
