#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// Which XMP file beside a picture is its own, without a look into either. Of "a.jpg" it is
// "a.jpg.xmp" (darktable, digiKam), else "a.xmp" (Lightroom, Capture One): the names and the order
// that Immich looks for, the extension in any case, .xmp before others. "a.xmp" belongs to every
// picture of that stem: what somebody says of a RAW file holds for the JPEG beside it.

struct SidecarFile {
  std::string path;       // "": the picture has none
  bool is_short = false;  // "a.xmp" of "a.jpg"

  bool exists() const { return !path.empty(); }
};

// By asking for each name that it could have (16 at most).
SidecarFile FindSidecar(const std::string& picture);
// One of the two kinds alone; "" for none.
std::string FindSidecar(const std::string& picture, bool is_short);

// The pictures of the library, none that is gone, that a sidecar of this name may belong to.
Result<std::vector<std::string>> PicturesOfSidecar(Store& store, const std::string& sidecar);

// The name without its extension, the folder with it: "in/a" of "in/a.jpg"; all of it where there
// is no extension.
std::string_view StemOf(std::string_view picture);
// "in/a.jpg" of "in/a.jpg.xmp". The name must be a sidecar's.
std::string_view WithoutXmp(std::string_view sidecar);
// Of two spellings of one sidecar's extension the lower counts.
size_t SidecarRank(std::string_view sidecar);

// What a sidecar of this kind, size and time comes to. Never 0, which stands for no sidecar.
int64_t SidecarStamp(bool is_short, const FileInfo& info);
// Of the file as it is now; 0 where there is none, or none any more.
int64_t SidecarStamp(const SidecarFile& sidecar);

}  // namespace peel::library
