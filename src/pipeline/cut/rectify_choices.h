#pragma once

#include <optional>
#include <string_view>

#include "src/base/status.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/framing.h"
#include "src/rectify/enhance/enhance.h"
#include "src/rectify/quad.h"
#include "src/rectify/result_size.h"
#include "src/rectify/warp/warp.h"

namespace peel {

// How the quad in a picture is found and straightened.
struct RectifyChoices {
  QuadKind kind = QuadKind::kAuto;  // what is looked for
  // Where it is, in pixels of the upright input, clockwise from the corner that becomes the top
  // left: then nothing is looked for, and without `cutout` no model is waited for.
  std::optional<Quad> corners{};
  // The lens's focal length in pixels of the upright input; 0: what its EXIF says.
  double focal_px = 0;
  SizeRequest size{};  // the result's proportions, pixels and resolution
  Enhancement enhance = Enhancement::kNone;
  // Degrees clockwise: 0, 90, 180 or 270. Nothing: as the text of a document that was found reads;
  // corners by hand say it themselves.
  std::optional<int> turn{};
  // What is seen around the quad; percentages are of the straightened picture's longer side.
  // Negative: so much of it is cut off.
  Length margin{};
  // The result is cut out: transparent around the quad, and where the matte, if it agrees with the
  // quad, is. Then ComposeChoices and FrameChoices count as for any cut-out.
  bool cutout = false;
  WarpFilter filter = WarpFilter::kBicubic;
  bool all = false;   // every sheet, a result each, in reading order (Cutter::CutSheets)
  bool keep = false;  // what cannot be straightened stays as it is; else there is no result
  bool draw = false;  // instead of all that the picture with its quads drawn on, in 8 bits
};

// kInvalidArgument for what makes no sense; whether corners lie in a picture is seen with it.
Status CheckRectify(const RectifyChoices& choices);
// kInvalidArgument for corners further outside of a picture than it is large.
Status CheckCorners(const Quad& corners, Size picture);

// The texts of the options; kInvalidArgument says what is understood.
Result<QuadKind> ParseQuadKind(std::string_view text);        // auto, document, product, screen
Result<Quad> ParseCorners(std::string_view text);             // "x1,y1,…,x4,y4"
Result<Enhancement> ParseEnhancement(std::string_view text);  // none, auto, color, gray, bw
Result<std::optional<int>> ParseTurn(std::string_view text);  // auto, 0, 90, 180, 270
// "800x600", or "800x" and "x600" where the other side follows from the proportions.
Result<Size> ParseResultSize(std::string_view text);

}  // namespace peel
