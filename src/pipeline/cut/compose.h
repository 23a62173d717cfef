#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
#include "src/image/image.h"
#include "src/matte/matte.h"
#include "src/pipeline/cut/background.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/cut_result.h"

namespace peel {

// By what a picture is composed: the options, and what is its own.
struct Composition {
  const CutOptions& options;
  const Background& background;  // the options', in the numbers of this picture's profile
  bool opaque = false;           // alpha cannot be kept (JPEG): what is transparent becomes white
  Size input{};                  // of the upright input, before anything scaled it; 0: the pixels'
};

// From a picture (3 or 4 channels) and its matte to the pixels that are written: mask or cut-out,
// cropped, over its background. `preview` is the picture in 8 bits: itself, where it has them. A
// matte without a subject gives an empty result. Several mattes (a cloth model's) are taken
// together. `matte` may be taken apart.
Result<Cut> Compose(ImageView<const uint8_t> picture, ImageView<const uint8_t> preview,
                    Matte& matte, const Composition& how, ThreadPool* pool);
// Of 16 bits a channel. Not for masks.
Result<Cut16> Compose(ImageView<const uint16_t> picture, ImageView<const uint8_t> preview,
                      Matte& matte, const Composition& how, ThreadPool* pool);

// The same with rembg's pixels (matte by MatteMode::kRembg); several mattes give several cut-outs
// one below the other. The background is a colour or none.
Result<Cut> ComposeLikeRembg(ImageView<const uint8_t> picture, Matte& matte, const Composition& how,
                             ThreadPool* pool);

// A matte (1 channel, any size) at the picture's size: with rembg's pixels by Lanczos, else as
// MattingModel::ToMatte does it, guided by the picture where the edges ask for that or the matte
// grows much.
Result<ImageU8> MatteToPictureSize(ImageView<const uint8_t> matte, ImageView<const uint8_t> picture,
                                   const MatteOptions& options, ThreadPool* pool);

// A matte made elsewhere (1 channel, any size) as if a network had made it.
Result<Matte> GivenMatte(ImageView<const uint8_t> matte, ImageView<const uint8_t> picture,
                         const MatteOptions& options, ThreadPool* pool);

// From a picture (3 or 4 channels) and a matte made elsewhere (1 channel, any size) to pixels. A
// matte of another size is brought to the picture's. Nothing may scale the picture
// (decode.max_size, decode.output_pixels). kInvalidArgument
// for shapes that do not fit.
Result<Cut> ComposeGiven(ImageView<const uint8_t> picture, ImageView<const uint8_t> matte,
                         const CutOptions& options, ThreadPool* pool);
// Of 16 bits a channel; not for masks and rembg's pixels.
Result<Cut16> ComposeGiven(ImageView<const uint16_t> picture, ImageView<const uint8_t> matte,
                           const CutOptions& options, ThreadPool* pool);

}  // namespace peel
