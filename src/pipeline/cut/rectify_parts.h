#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
#include "src/image/image.h"
#include "src/matte/matte.h"
#include "src/rectify/homography.h"
#include "src/rectify/quad.h"

// What straightening is made of, between the steps of src/rectify.
namespace peel {

// RGB with an alpha channel, all of it opaque.
Result<ImageU8> WithAlphaChannel(ImageView<const uint8_t> rgb, ThreadPool* pool);
Result<ImageU16> WithAlphaChannel(ImageView<const uint16_t> rgb, ThreadPool* pool);

// Grey, or grey and alpha, as RGB or RGBA.
Result<ImageU8> Coloured(ImageView<const uint8_t> grey, ThreadPool* pool);
Result<ImageU16> Coloured(ImageView<const uint16_t> grey, ThreadPool* pool);

// What any of the mattes covers. TakeUnion of a copy: several sheets need it.
Result<ImageU8> UnionOf(const Matte& matte, ThreadPool* pool);

// Whether a part of the quad, more than a pixel of it, is not in a picture of this size.
bool ReachesOutside(const Quad& quad, Size picture);

// First h, then so many pixels to the right and down.
Homography Shifted(const Homography& h, int by);

// What of a result with a margin is the quad.
Box InsideMargin(Size result, int margin);

// Makes what lies around the box transparent (1 channel).
void ClearAround(const Box& box, ImageView<uint8_t> alpha);

// Along the box's sides, where the quad is known better than the matte: what is at least half there
// becomes opaque. Rounded corners, which go deeper, stay.
void FirmBorders(const Box& box, ImageView<uint8_t> alpha);

// All opaque inside the box, nothing around it.
Result<ImageU8> AlphaOfBox(Size size, const Box& box);

}  // namespace peel
