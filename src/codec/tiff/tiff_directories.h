#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace peel {

// Where a page's directory lies, and what libtiff does not hand on as the file has it.
struct TiffDirectory {
  uint64_t offset = 0;
  int photometric = -1;  // the tag's value; -1 where there is none
};

// The chain of directories of a TIFF or BigTIFF, from the first on, in one walk: libtiff walks it
// from the beginning for every page. Ends at the first directory that does not lie within the file,
// is empty or has come before (a loop), and after `most`.
std::vector<TiffDirectory> WalkTiffDirectories(std::span<const uint8_t> bytes, size_t most);

}  // namespace peel
