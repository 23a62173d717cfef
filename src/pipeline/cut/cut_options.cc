#include "src/pipeline/cut/cut_options.h"

#include <string>

namespace peel {

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
  return OkStatus();
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
