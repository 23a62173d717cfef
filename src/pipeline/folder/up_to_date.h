#pragma once

#include <cstdint>
#include <string>

#include "src/pipeline/folder/manifest.h"

namespace peel {

// Whether an output that is there would come out the same again: as the manifest says of this
// content and these settings; where none is given or it knows nothing, when the output is not older
// than its source.
bool IsUpToDate(const std::string& input, const std::string& output, Manifest* manifest,
                uint64_t content, uint64_t settings);

}  // namespace peel
