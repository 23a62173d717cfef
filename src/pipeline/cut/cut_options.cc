#include "src/pipeline/cut/cut_options.h"

#include <string>

namespace peel {
namespace {

// What was drawn or made elsewhere against the rest of what makes the matte.
Status CheckDrawn(const MatteChoices& matte) {
  if (matte.trimap != nullptr && (matte.hints != nullptr || matte.given != nullptr || matte.roi)) {
    return InvalidArgument(
        "a trimap says all of the matte: it goes without hints, a given matte and a region");
  }
  if (matte.given != nullptr && matte.model.edges == Edges::kMatting) {
    return InvalidArgument("a given matte is taken as it is: edges matting does not apply");
  }
  if (matte.given != nullptr && matte.work_size != 0) {
    return InvalidArgument("work_size is about a model's matte: it goes without a given one");
  }
  if (matte.given != nullptr && (matte.given->empty() || matte.given->channels() != 1)) {
    return InvalidArgument("a given matte has one channel");
  }
  if (matte.hints != nullptr && (matte.hints->empty() || matte.hints->channels() < 3)) {
    return InvalidArgument("hints are a picture of 3 or 4 channels, green and red");
  }
  return OkStatus();
}

Status CheckPlacement(const FrameChoices& frame) {
  if (frame.scale && !(*frame.scale >= 0 && *frame.scale <= 1)) {
    return InvalidArgument("the subject's scale lies between 0 and 1, or 0% and 100%");
  }
  if (frame.position.original && !frame.scale) {
    return InvalidArgument("the position \"original\" is about a subject with a scale");
  }
  return OkStatus();
}

// What is straightened against what is made of a cut-out.
Status CheckStraightening(const CutOptions& options) {
  const RectifyChoices& rectify = *options.rectify;
  const ComposeChoices& compose = options.compose;
  const FrameChoices& frame = options.frame;
  PEEL_RETURN_IF_ERROR(CheckRectify(rectify));
  if (options.rembg()) {
    return InvalidArgument("--compat rembg knows no perspective: it goes without --rectify");
  }
  if (!rectify.cutout &&
      (compose.mask_only || compose.keep_matte || !compose.background.is_none() ||
       frame.crop_margin || frame.crop_box || frame.canvas || frame.scale || frame.shadow)) {
    return InvalidArgument(
        "a straightened picture that is not cut out has no mask, background, crop, canvas, scale "
        "and shadow; ask for the cut-out too");
  }
  return OkStatus();
}

}  // namespace

Status CheckOptions(const CutOptions& options) {
  const MatteChoices& matte = options.matte;
  const ComposeChoices& compose = options.compose;
  const FrameChoices& frame = options.frame;
  const Edges edges = matte.model.edges;
  if (options.encode.quality < 0 || options.encode.quality > 100) {
    return InvalidArgument("the quality is a number from 1 to 100");
  }
  if (options.rembg() && !compose.background.is_none() &&
      compose.background.kind() != Background::Kind::kColour) {
    return InvalidArgument("--compat rembg knows a colour as the only --background");
  }
  if (options.rembg() && edges == Edges::kRefine) {
    return InvalidArgument("--compat rembg knows --edges off and matting, not refine");
  }
  const RembgSteps& steps = compose.rembg;
  if (!options.rembg() && (steps.post_process_mask || steps.putalpha || steps.decontaminate)) {
    return InvalidArgument(
        "post_process_mask, putalpha and decontaminate are steps of rembg's: they need its pixels "
        "(compat_rembg)");
  }
  if (compose.mask_only && (!compose.background.is_none() || frame.shadow)) {
    return InvalidArgument("a mask has no --background and no --shadow");
  }
  if (matte.trimap != nullptr && edges != Edges::kAuto && edges != Edges::kMatting) {
    return InvalidArgument("a --trimap means --edges matting");
  }
  if (matte.trimap != nullptr && matte.work_size != 0) {
    return InvalidArgument("a trimap is of the picture's size: it goes without work_size");
  }
  if (options.rembg() && (matte.trimap != nullptr || frame.canvas || frame.shadow ||
                          matte.keep_largest || matte.fill_holes)) {
    return InvalidArgument(
        "--compat rembg goes without --trimap, --size, --shadow, --keep largest and --fill-holes");
  }
  if (options.rembg() && (matte.hints != nullptr || matte.given != nullptr || matte.roi ||
                          matte.solid || frame.scale || compose.keep_matte)) {
    return InvalidArgument(
        "--compat rembg goes without hints, a given matte, a region, solid mattes and a scale");
  }
  if (options.rembg() && matte.own_alpha != OwnAlpha::kKeep) {
    return InvalidArgument("--compat rembg has a rule of its own for transparent pictures");
  }
  PEEL_RETURN_IF_ERROR(CheckDrawn(matte));
  if (options.rectify) PEEL_RETURN_IF_ERROR(CheckStraightening(options));
  return CheckPlacement(frame);
}

Status CheckEncoding(const EncodeChoices& encode) {
  const bool either = encode.format == Format::kWebp || encode.format == Format::kAvif;
  if (encode.format == Format::kGif && (encode.lossless || encode.quality > 0)) {
    return InvalidArgument(
        "a GIF has at most 256 colours a frame and knows neither lossless nor a quality; choose "
        "webp, or png");
  }
  if (encode.lossless && encode.format == Format::kJpeg) {
    return InvalidArgument("a JPEG cannot be lossless; choose png, tiff, webp or avif");
  }
  if (encode.quality > 0 && !either && encode.format != Format::kJpeg) {
    return InvalidArgument(std::string(FormatName(encode.format)) +
                           " is lossless and knows no quality; choose jpg, webp or avif");
  }
  if (encode.quality > 0 && encode.lossless) {
    return InvalidArgument("lossless and a quality exclude each other");
  }
  return OkStatus();
}

Status EnterStage(const char* stage, double fraction, const CallControl& control) {
  PEEL_RETURN_IF_ERROR(CheckCancelled(control.cancel));
  if (control.progress && !control.progress(stage, fraction)) {
    return Cancelled("stopped before it was done");
  }
  return OkStatus();
}

CutOptions ForGreyPicture(CutOptions options) {
  if (options.rembg() && options.matte.model.edges == Edges::kMatting) {
    options.matte.model.edges = Edges::kOff;
    options.compose.rembg.decontaminate = true;
  }
  return options;
}

Result<Edges> ParseEdges(std::string_view text) {
  if (text == "auto") return Edges::kAuto;
  if (text == "off") return Edges::kOff;
  if (text == "refine") return Edges::kRefine;
  if (text == "matting") return Edges::kMatting;
  return InvalidArgument("--edges: \"" + std::string(text) +
                         "\" is none of auto, off, refine, matting");
}

}  // namespace peel
