#pragma once

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// kInvalidArgument unless both views have the same size and as many channels as asked for.
// Internal to compositing.
template <typename A, typename B>
Status CheckPair(ImageView<const A> a, ImageView<const B> b, int channels_a, int channels_b) {
  if (a.empty() || a.width != b.width || a.height != b.height) {
    return InvalidArgument("pictures that are put together must have the same size");
  }
  if (a.channels != channels_a || b.channels != channels_b) {
    return InvalidArgument("these pictures do not have the channels this operation needs");
  }
  return OkStatus();
}

}  // namespace peel
