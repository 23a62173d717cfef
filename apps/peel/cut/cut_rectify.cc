#include "apps/peel/cut/cut_rectify.h"

#include <string>
#include <utility>

#include "src/pipeline/cut/rectify_choices.h"

namespace peel {
namespace {

// What goes into one file against what makes many.
Status CheckPdf(const CutArguments& a) {
  const auto refuse = [](const char* what) {
    return InvalidArgument(std::string("--pdf puts all results into one file: it goes without ") +
                           what);
  };
  if (!a.output_file.empty()) return refuse("-o");
  if (!a.output_folder.empty()) return refuse("-O");
  if (!a.format.empty() || a.options.encode.lossless) {
    return InvalidArgument(
        "--pdf has JPEG inside, and CCITT for bw: it goes without --format and "
        "--lossless");
  }
  if (a.skip_existing) return refuse("--skip-existing");
  if (a.watch) return refuse("--watch");
  return OkStatus();
}

}  // namespace

Status PlanRectify(const CutArguments& a, Plan& plan) {
  CutOptions& cut = plan.batch.cut;
  if (a.rectify) {  // of a cut-out, which stays one where nothing is straightened
    RectifyChoices& choices = cut.rectify.emplace();
    choices.cutout = true;
    choices.keep = true;
    return OkStatus();
  }
  if (!a.straighten) return OkStatus();
  const RectifyArguments& r = *a.straighten;
  RectifyChoices& choices = cut.rectify.emplace(r.choices);
  const auto parse = [](const std::string& text, const char* option, const auto& parser, auto& to) {
    if (text.empty()) return OkStatus();
    auto value = parser(text);
    if (!value.ok()) return std::move(value).status().WithContext(option);
    to = *std::move(value);
    return OkStatus();
  };
  PEEL_RETURN_IF_ERROR(parse(r.kind, "--kind", ParseQuadKind, choices.kind));
  PEEL_RETURN_IF_ERROR(parse(r.corners, "--corners", ParseCorners, choices.corners));
  PEEL_RETURN_IF_ERROR(parse(r.ratio, "--ratio", ParseRatio, choices.size.ratio));
  PEEL_RETURN_IF_ERROR(parse(a.size, "--size", ParseResultSize, choices.size.size));
  PEEL_RETURN_IF_ERROR(parse(r.enhance, "--enhance", ParseEnhancement, choices.enhance));
  PEEL_RETURN_IF_ERROR(parse(r.turn, "--turn", ParseTurn, choices.turn));
  PEEL_RETURN_IF_ERROR(parse(r.margin, "--margin", ParseLength, choices.margin));
  if (choices.all && a.all_frames) {
    return InvalidArgument(
        "--all numbers the sheets of a picture, --all-frames its pages; give one of them");
  }
  plan.output.rectified = !choices.cutout;
  if (r.pdf.empty()) return OkStatus();
  PEEL_RETURN_IF_ERROR(CheckPdf(a));
  plan.pdf = r.pdf;
  plan.output.file = r.pdf;
  plan.output.gathered = true;
  plan.output.format = Format::kJpeg;
  cut.encode.pdf_page = true;
  return OkStatus();
}

}  // namespace peel
