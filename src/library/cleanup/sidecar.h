#pragma once

#include <string>

#include "src/base/status.h"
#include "src/library/cleanup/knowledge.h"

namespace peel::library {

// XMP beside a picture (ISO 16684-1), for what may not be written into it.

// "a.jpg.xmp" of "a.jpg", as darktable and digiKam name it: unlike "a.xmp" it is no other file's of
// the same stem.
std::string SidecarOf(const std::string& picture);

// A packet of it: dc:subject, dc:title, dc:description, xmp:Rating, exif:GPS…; what is not known is
// not in it.
std::string SidecarXmp(const Knowledge& knowledge);

// What keeps a sidecar with this text from being written for the picture, as a sentence's end:
// there is one already, by either name, that says something else. "" where nothing does.
// is_written: it is there and says this very text.
std::string SidecarObstacle(const std::string& picture, const std::string& text, bool* is_written);

// Writes it whole or not at all, and never over a file. kInvalidArgument where there is one; kIo.
Status WriteSidecar(const std::string& picture, const std::string& text);

}  // namespace peel::library
