#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// A picture of 1 channel, black where it is below 128, as CCITT Group 4 (ITU-T T.6) codes it, in
// one piece with its end code, bits from the high one downwards: what PDF's CCITTFaxDecode takes
// with /K -1. By libtiff. kUnsupported where libtiff is missing or was built without it.
Result<std::vector<uint8_t>> EncodeG4(ImageView<const uint8_t> bilevel);

}  // namespace peel
