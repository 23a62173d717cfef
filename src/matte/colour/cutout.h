#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// How MakeCutout treats the colours.
struct CutoutOptions {
  // Soft pixels get the subject's own colour instead of its mixture with the background.
  bool decontaminate = true;
  // Keep the photo's colours where alpha is 0; otherwise they become black, which compresses well
  // and gives nothing away.
  bool keep_hidden_colour = false;
};

// The final picture: RGBA with straight alpha. Where the matte is 255 the colour is exactly the
// photo's. A photo's own alpha is multiplied in. photo: 1 to 4 channels (grey and grey with alpha
// are spread to RGB); alpha: 1 channel of the same size.
Result<ImageU8> MakeCutout(ImageView<const uint8_t> photo, ImageView<const uint8_t> alpha,
                           const CutoutOptions& options = {}, ThreadPool* pool = nullptr);

// The same of 16 bits a channel (3 or 4), the matte having 8.
Result<ImageU16> MakeCutout(ImageView<const uint16_t> photo, ImageView<const uint8_t> alpha,
                            const CutoutOptions& options = {}, ThreadPool* pool = nullptr);

}  // namespace peel
