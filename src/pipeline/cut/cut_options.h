#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/codec/decoder.h"
#include "src/codec/limits.h"
#include "src/codec/sniff.h"
#include "src/image/geometry.h"
#include "src/image/image.h"
#include "src/matte/compat_rembg.h"
#include "src/matte/matte.h"
#include "src/pipeline/cut/background.h"
#include "src/pipeline/cut/framing.h"
#include "src/pipeline/cut/rectify_choices.h"
#include "src/pipeline/cut/sides.h"

// What to make of a picture, grouped by the stage that reads it. The command line, the C interface
// and through it Python fill in this one tree.
namespace peel {

struct DecodeChoices {
  Limits limits{};
  int max_size = 0;  // longer side of the result before cropping; 0: the input's
  // The result has at most so many pixels before cropping, scaled down as by max_size; 0: any
  // number. Beside max_size the smaller one counts.
  uint64_t output_pixels = 0;
  // CutBytes cuts out all frames of an animation, where the format can hold them (CanAnimate in
  // codec/animation_encode.h), into one: pipeline/cut/cut_animation.h. Else the first frame alone,
  // and the info's warning says so. Off, and with rembg's pixels, always the first frame.
  bool animate = false;
  Decoder* decoder = nullptr;  // who decodes; null: this process
};

// What becomes of the transparency that a picture comes with.
enum class OwnAlpha {
  kKeep,     // the cut-out's is multiplied with it; a picture that is cut out already stays so
  kEnough,   // a picture with any is taken as cut out already
  kDiscard,  // opaque, with the colours that were hidden, before anything else
};

struct MatteChoices {
  // How the network's output becomes a matte. MatteMode::kRembg: all of the result has rembg's
  // pixels, defects included; of the edges kMatting is then its alpha_matting, kRefine is refused,
  // the others are the same.
  MatteOptions model{};
  // The matte is made from the picture scaled down to this longer side and then brought to full
  // size the way `model.edges` says; 0: from all of the picture.
  int work_size = 0;
  // Instead of a model's matte a trimap someone made (matte/trimap.h), of the upright input's size.
  std::shared_ptr<const ImageU8> trimap{};
  // Instead of a model's matte one that is there already: 1 channel of any size, brought to the
  // picture's as ComposeGiven (compose.h) does it. No model is waited for.
  std::shared_ptr<const ImageU8> given{};
  // Strokes over the picture that correct the matte (matte/hints.h): RGB or RGBA of the upright
  // input's size. They have the last word, after keep_largest and fill_holes.
  std::shared_ptr<const ImageU8> hints{};
  // All that the model sees; the rest is background. In pixels and percent of the upright input.
  std::optional<Region> roi{};
  bool keep_largest = false;  // of several islands the largest alone
  bool fill_holes = false;    // what the background cannot reach is subject
  // Parts of the subject that let the background shine through (glass, veils) become opaque where
  // at least half of them is there and empty elsewhere; outlines stay soft (matte/solid.h).
  bool solid = false;
  OwnAlpha own_alpha = OwnAlpha::kKeep;  // not with rembg's pixels, whose rule is another
};

struct ComposeChoices {
  bool mask_only = false;
  Background background{};  // JPEG without one gets white
  RembgSteps rembg{};       // with rembg's pixels alone
  bool keep_matte = false;  // the result has its whole matte beside it (cut_result.h)
};

struct FrameChoices {
  // Crop to the subject with these margins.
  std::optional<Margins> crop_margin{};
  // Instead of the box that crop_margin finds, in pixels of the upright (and scaled) picture.
  std::optional<Box> crop_box{};
  // The result has this size: what was cut out is scaled to fit and stands at the position.
  std::optional<Size> canvas{};
  Position position{};
  // The subject's own box, with the crop's margins where there is one, is what stands on the
  // canvas, which without `canvas` has the picture's size: fitted into this share of it (up to 1),
  // or for 0 as large as it is when the whole picture fits the canvas.
  std::optional<double> scale{};
  std::optional<Shadow> shadow{};
};

// Of results that are pixels nothing here matters.
struct EncodeChoices {
  Format format = Format::kPng;  // one that Encode writes
  int quality = 0;               // 1 to 100; 0 is the format's own
  bool lossless = false;
  bool keep_metadata = true;
  // Instead of a file the picture is coded for a page of a PDF: as JPEG, where it has two levels
  // alone by CCITT Group 4 (EncodedCut::coding). `format` is JPEG.
  bool pdf_page = false;
};

// How a call is watched and stopped; between the stages.
struct CallControl {
  const CancelToken* cancel = nullptr;  // looked at between stages
  const CancelToken* stop = nullptr;    // looked at between the frames of an animation
  // Told between stages, in the thread of the call, what comes next ("decode", "network", "matte",
  // "find", "warp", "enhance", "compose", "encode", at last "done") and roughly which share of the
  // work is behind, 0 to 1. False stops the call: kCancelled. Must not throw.
  std::function<bool(const char* stage, double fraction)> progress{};
};

struct CutOptions {
  DecodeChoices decode{};
  MatteChoices matte{};
  // Straightened: the quad in the picture is found and seen from the front. Without
  // RectifyChoices::cutout nothing is cut out, and of compose and frame nothing counts.
  std::optional<RectifyChoices> rectify{};
  ComposeChoices compose{};
  FrameChoices frame{};
  EncodeChoices encode{};
  CallControl control{};

  bool rembg() const { return matte.model.mode == MatteMode::kRembg; }
};

// What a Cutter refuses in its options before it looks at a picture: kInvalidArgument for what
// makes no sense, and for what would have no effect beside the rest.
Status CheckOptions(const CutOptions& options);
// The same of the options about the file that CutBytes and CutPicture make.
Status CheckEncoding(const EncodeChoices& encode);

// Between stages: kCancelled where the caller wants no more.
Status EnterStage(const char* stage, double fraction, const CallControl& control);

// The options for a grey picture without alpha. With rembg's pixels PyMatting, which wants three
// channels, raises a ValueError, after which rembg does what it does where no subject is certain.
CutOptions ForGreyPicture(CutOptions options);

// "auto", "off", "refine", "matting"; kInvalidArgument names the choices.
Result<Edges> ParseEdges(std::string_view text);

}  // namespace peel
