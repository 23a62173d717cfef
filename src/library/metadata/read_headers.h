#pragma once

#include "src/base/status.h"
#include "src/library/metadata/header_reader.h"
#include "src/library/metadata/photo_metadata.h"

namespace peel::library {

// ReadPhotoMetadata of a file that is open already, or of bytes in memory.
Result<PhotoMetadata> ReadHeaders(HeaderReader* file);

}  // namespace peel::library
