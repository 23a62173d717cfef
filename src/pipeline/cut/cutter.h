#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/picture.h"
#include "src/image/image.h"
#include "src/matte/matte.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/cut_result.h"
#include "src/pipeline/model/model_options.h"

namespace peel {

// A model and everything around it that turns bytes into bytes. Cut may be called by several
// threads at once. The results do not depend on threads, jobs or each other.
class Cutter {
 public:
  // Begins to load the model in a thread of its own and returns at once: pictures can be read and
  // decoded meanwhile. What fails is told by Wait and by every Cut.
  static std::unique_ptr<Cutter> Start(const ModelOptions& options);
  virtual ~Cutter() = default;

  // Blocks until the model is loaded. kNotFound, kCorrupt, kUnsupported; kDeviceRefused when
  // strict.
  virtual Status Wait() const = 0;
  // Only after Wait() has returned ok.
  virtual const ModelInfo& info() const = 0;
  // The model itself, which lives as long as the cutter and runs on its threads.
  virtual const MattingModel& matting() const = 0;

  // Errors: those of decoding (codec/decode.h), of the model, kCancelled, kOutOfMemory.
  // A picture without a subject is none: the result is fully transparent and has_subject false.
  // A picture of more than 8 bits a sample keeps them in a format that holds 16 (HoldsDeepColour in
  // codec/encode.h), but for masks, drawings and rembg's pixels: the matte is made from a copy of 8
  // bits.
  virtual Result<EncodedCut> CutBytes(std::span<const uint8_t> bytes,
                                      const CutOptions& options) const = 0;
  // The same of a picture that has been decoded, as DecodeOptionsFor says; a frame or a page of
  // several, for instance.
  virtual Result<EncodedCut> CutPicture(Picture picture, const CutOptions& options) const = 0;
  // The same two where options.rectify wants all sheets of a picture: a result each, at least one.
  // CutBytes, CutPicture and CutPixels then give the first alone.
  virtual Result<std::vector<EncodedCut>> CutSheets(std::span<const uint8_t> bytes,
                                                    const CutOptions& options) const = 0;
  virtual Result<std::vector<Cut>> CutSheets(ImageView<const uint8_t> pixels,
                                             const CutOptions& options) const = 0;
  virtual Result<std::vector<Cut16>> CutSheets(ImageView<const uint16_t> pixels,
                                               const CutOptions& options) const = 0;
  virtual DecodeOptions DecodeOptionsFor(const CutOptions& options) const = 0;
  // 3 channels RGB or 4 channels RGBA (straight). options.encode does not matter.
  virtual Result<Cut> CutPixels(ImageView<const uint8_t> pixels,
                                const CutOptions& options) const = 0;
  // Of 16 bits a channel; not for masks and rembg's pixels.
  virtual Result<Cut16> CutPixels(ImageView<const uint16_t> pixels,
                                  const CutOptions& options) const = 0;
  // The same with a matte that is there already (ComposeGiven in compose.h), on this cutter's
  // threads.
  virtual Result<Cut> ComposePixels(ImageView<const uint8_t> pixels, ImageView<const uint8_t> matte,
                                    const CutOptions& options) const = 0;
  virtual Result<Cut16> ComposePixels(ImageView<const uint16_t> pixels,
                                      ImageView<const uint8_t> matte,
                                      const CutOptions& options) const = 0;
  // Frees what waits for the next picture.
  virtual void TrimMemory() const = 0;
};

}  // namespace peel
