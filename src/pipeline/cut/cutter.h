#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/codec/decoder.h"
#include "src/codec/limits.h"
#include "src/codec/sniff.h"
#include "src/image/geometry.h"
#include "src/image/image.h"
#include "src/matte/trimap.h"
#include "src/pipeline/cut/background.h"
#include "src/pipeline/cut/framing.h"
#include "src/pipeline/model/model_options.h"

namespace peel {

enum class EdgeMode { kAuto, kOff, kRefine, kMatting };

struct CutOptions {
  Format format = Format::kPng;  // one that Encode writes
  int quality = 0;               // 1 to 100; 0 is 90
  bool lossless = false;
  bool mask_only = false;
  Background background{};  // JPEG without one gets white
  EdgeMode edges = EdgeMode::kAuto;
  // rembg's pixels, defects included. kMatting is its alpha_matting, kRefine is refused, the others
  // are the same. The three after it are steps of its remove() and need it.
  bool compat_rembg = false;
  bool post_process_mask = false, putalpha = false, decontaminate = false;
  // Crop to the subject with this margin; a percentage is of the subject's longer side.
  std::optional<Length> crop_margin{};
  // Instead of the box that crop_margin finds, in pixels of the upright (and scaled) picture.
  std::optional<Box> crop_box{};
  int max_size = 0;  // longer side of the result before cropping; 0: the input's
  // The matte is made from the picture scaled down to this longer side and then brought to full
  // size the way `edges` says; 0: from all of the picture.
  int work_size = 0;
  Limits limits{};
  bool keep_metadata = true;
  // CutBytes cuts out all frames of an animation, where the format can hold them (CanAnimate in
  // codec/animation_encode.h), into one: pipeline/cut_animation.h. Else the first frame alone, and
  // the info's warning says so. Off, and with compat_rembg, always the first frame.
  bool animate = false;
  const CancelToken* cancel = nullptr;  // looked at between stages
  const CancelToken* stop = nullptr;    // looked at between the frames of an animation
  // Told between stages, in the thread of the call, what comes next ("decode", "network", "matte",
  // "compose", "encode", at last "done") and roughly which share of the work is behind, 0 to 1.
  // False stops the call: kCancelled. Must not throw.
  std::function<bool(const char* stage, double fraction)> progress{};
  Decoder* decoder = nullptr;  // who decodes; null: this process
  // For EdgeMode::kMatting: thresholds and erosion, or instead of a model's matte a trimap someone
  // made (matte/trimap.h), of the upright input's size.
  TrimapOptions matting{};
  std::shared_ptr<const ImageU8> trimap{};
  bool keep_largest = false;  // of several islands the largest alone
  bool fill_holes = false;    // what the background cannot reach is subject
  // The result has this size: what was cut out is scaled to fit and stands at the position.
  std::optional<Size> canvas{};
  Position position{};
  std::optional<Shadow> shadow{};
};

// Stages and the milliseconds they took, in order.
using StageTimes = std::vector<std::pair<std::string_view, double>>;

// What is known about a cut-out (or mask).
struct CutInfo {
  int x = 0, y = 0;                       // its top left corner in the upright (and scaled) input
  int input_width = 0, input_height = 0;  // of the upright input as stored, before max_size
  bool has_subject = false;
  double subject_score = 0;  // how sure the model is that there is a subject, 0 to 1
  double coverage = 0;       // the share of the picture that is subject, 0 to 1
  int frames = 1;            // of what was written
  std::string warning;       // for the user; empty when there is nothing to say
  StageTimes times;
};

// With its pixels: 4 channels, 3 over an opaque background, 1 for a mask.
template <typename T>
struct CutOf : CutInfo {
  Image<T> pixels;
};
using Cut = CutOf<uint8_t>;
using Cut16 = CutOf<uint16_t>;

// The same as an encoded file.
struct EncodedCut {
  std::vector<uint8_t> bytes;
  CutInfo info;
  int width = 0, height = 0, channels = 0;
  int bits = 8;  // of a sample that was encoded
};

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

  // Errors: those of decoding (codec/decode.h), of the model, kCancelled, kOutOfMemory.
  // A picture without a subject is none: the result is fully transparent and has_subject false.
  // A picture of more than 8 bits a sample keeps them in a format that holds 16 (HoldsDeepColour in
  // codec/encode.h), but for masks and compat_rembg: the matte is made from a copy of 8 bits.
  virtual Result<EncodedCut> CutBytes(std::span<const uint8_t> bytes,
                                      const CutOptions& options) const = 0;
  // The same of a picture that has been decoded, as DecodeOptionsFor says; a frame or a page of
  // several, for instance.
  virtual Result<EncodedCut> CutPicture(Picture picture, const CutOptions& options) const = 0;
  virtual DecodeOptions DecodeOptionsFor(const CutOptions& options) const = 0;
  // 3 channels RGB or 4 channels RGBA (straight). format, quality and lossless do not matter.
  virtual Result<Cut> CutPixels(ImageView<const uint8_t> pixels,
                                const CutOptions& options) const = 0;
  // Of 16 bits a channel; not for masks and compat_rembg.
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

// What a Cutter refuses in its options before it looks at a picture: kInvalidArgument for what
// makes no sense, and for what would have no effect beside the rest.
Status CheckOptions(const CutOptions& options);
// The same of the options about the file that CutBytes and CutPicture make.
Status CheckEncoding(const CutOptions& options);

// Between stages: kCancelled where options.cancel or options.progress say so.
Status EnterStage(const char* stage, double fraction, const CutOptions& options);

// The options for a grey picture without alpha. With compat_rembg PyMatting, which wants three
// channels, raises a ValueError, after which rembg does what it does where no subject is certain.
CutOptions ForGreyPicture(CutOptions options);

// "auto", "off", "refine", "matting"; kInvalidArgument names the choices.
Result<EdgeMode> ParseEdges(std::string_view text);

}  // namespace peel
