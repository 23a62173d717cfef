#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/library/cleanup/knowledge.h"
#include "src/library/store/sidecar_file.h"

namespace peel::library {

// XMP beside a picture (ISO 16684-1), for what may not be written into it.

// "a.jpg.xmp" of "a.jpg", as darktable and digiKam name it: unlike "a.xmp" it is no other file's of
// the same stem.
std::string SidecarOf(const std::string& picture);

// A packet of it: dc:subject, dc:title, dc:description, xmp:Rating, exif:GPS…; what is not known is
// not in it.
std::string SidecarXmp(const Knowledge& knowledge);

// What such a packet says, where it is Peel's as it was written: whatever else were in it, a change
// by another program or a person, would be lost with it, so that then there is nothing.
std::optional<Knowledge> KnowledgeOfOwn(std::string_view text);

// The sidecar that lies beside a picture, and what it says where it may be merged into: one of
// Peel's own under the picture's whole name.
struct Beside {
  SidecarFile file;
  std::optional<Knowledge> own;
};
Beside LookBeside(const std::string& picture);

// Writes it whole or not at all, and never over a file. kInvalidArgument where there is one; kIo.
Status WriteSidecar(const std::string& picture, const std::string& text);

// Puts the text in the place of a sidecar whose content has the name `earlier` from then on, which
// nobody has; "": the content goes. At every moment there is a whole sidecar. kIo; then all is as
// it was.
Status ReplaceSidecar(const std::string& sidecar, const std::string& text,
                      const std::string& earlier);

}  // namespace peel::library
