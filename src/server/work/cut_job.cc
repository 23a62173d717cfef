#include "src/server/work/cut_job.h"

#include <algorithm>
#include <array>
#include <utility>

#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/image/colour.h"
#include "src/image/fill_hidden.h"
#include "src/pipeline/cut/stage_times.h"
#include "src/server/work/job_options.h"
#include "src/server/work/rectify_options.h"
#include "src/server/work/zip_writer.h"

namespace peel::server {
namespace {

// The last channel of RGBA; of RGB, which hides nothing, all is 255.
Result<ImageU8> AlphaOf(ImageView<const uint8_t> pixels) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, ImageU8::Allocate(pixels.width, pixels.height, 1));
  for (int y = 0; y < pixels.height; ++y) {
    const uint8_t* const from = pixels.row(y);
    uint8_t* const to = alpha.row(y);
    for (int x = 0; x < pixels.width; ++x) to[x] = pixels.channels == 4 ? from[4 * x + 3] : 255;
  }
  return alpha;
}

// The part of a box that lies in a picture of this size.
Box Within(Box box, Size size) {
  const int right = std::clamp(box.x + box.width, 0, size.width);
  const int bottom = std::clamp(box.y + box.height, 0, size.height);
  const int x = std::clamp(box.x, 0, size.width), y = std::clamp(box.y, 0, size.height);
  return {x, y, std::max(right - x, 0), std::max(bottom - y, 0)};
}

// color.jpg and alpha.png of a PNG that was made here. What alpha hides gets the colours around it,
// so that the JPEG has no hard edge where the subject ends.
Result<std::vector<uint8_t>> ZipOf(std::span<const uint8_t> png, int quality) {
  DecodeOptions decode;
  decode.limits.max_pixels = UINT64_MAX;
  decode.reduce_to_8_bits = true;
  decode.apply_orientation = false;
  PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(png, decode));
  ImageU8& pixels = *picture.u8();
  PEEL_ASSIGN_OR_RETURN(const ImageU8 alpha, AlphaOf(std::as_const(pixels).view()));
  PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> alpha_file,
                        Encode(alpha.view(), {.format = Format::kPng}));
  if (pixels.channels() == 4) {
    PEEL_RETURN_IF_ERROR(FillHidden(pixels.view(), nullptr));
    PEEL_ASSIGN_OR_RETURN(pixels, ToRgb(std::as_const(pixels).view()));
  }
  EncodeOptions encode;
  encode.format = Format::kJpeg;
  encode.quality = quality;
  encode.metadata = &picture.metadata;
  PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> colour_file,
                        Encode(std::as_const(pixels).view(), encode));
  const std::array<ZipEntry, 2> entries = {{{"color.jpg", colour_file}, {"alpha.png", alpha_file}}};
  return WriteZip(entries);
}

// The sheets' files as one archive, in the place of the first one's.
Status Archive(const CutJob& job, std::vector<EncodedCut>& sheets) {
  std::vector<ZipEntry> entries;
  for (const EncodedCut& sheet : sheets) {
    if (sheet.bytes.empty()) continue;
    const std::string number = std::to_string(entries.size() + 1);
    entries.push_back(
        {std::string(number.size() < 3 ? 3 - number.size() : 0, '0') + number + "." + job.format,
         sheet.bytes});
  }
  if (entries.empty()) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(std::vector<uint8_t> archive, WriteZip(entries));
  sheets.front().bytes = std::move(archive);
  return OkStatus();
}

}  // namespace

Result<CutFiles> Cut(const Cutter& cutter, const CutJob& job, const JobFiles& files,
                     const CallControl& control) {
  PEEL_ASSIGN_OR_RETURN(CutOptions options, OptionsFor(job, files));
  options.control = control;
  std::vector<EncodedCut> sheets;
  if (IsSheets(job)) {
    PEEL_ASSIGN_OR_RETURN(sheets, cutter.CutSheets(files.picture, options));
  } else {
    PEEL_ASSIGN_OR_RETURN(sheets.emplace_back(), cutter.CutBytes(files.picture, options));
  }
  if (sheets.empty()) return Internal("no result came of this picture");
  CutFiles result;
  CutDone& done = result.done;
  for (const EncodedCut& sheet : sheets) {
    if (sheet.info.rectify) done.rectify.push_back(DescribeRectify(*sheet.info.rectify));
  }
  if (IsSheets(job)) PEEL_RETURN_IF_ERROR(Archive(job, sheets));
  EncodedCut& cut = sheets.front();
  if (IsZip(job)) {
    const StageTimer timer("encode", cut.info.times);
    PEEL_ASSIGN_OR_RETURN(cut.bytes, ZipOf(cut.bytes, job.quality));
  }
  result.bytes = std::move(cut.bytes);
  if (job.matte_too) {
    if (cut.matte.empty())
      return Unsupported("of this picture there is no matte beside the result");
    const StageTimer timer("encode", cut.info.times);
    PEEL_ASSIGN_OR_RETURN(result.matte,
                          Encode(std::as_const(cut.matte).view(), {.format = Format::kPng}));
  }
  done.type = MediaType(job);
  done.width = cut.width;
  done.height = cut.height;
  done.input_width = cut.info.input_width;
  done.input_height = cut.info.input_height;
  done.max_width = cut.info.full_width;
  done.max_height = cut.info.full_height;
  done.subject = Within(cut.info.subject, {cut.width, cut.height});
  done.has_subject = cut.info.has_subject;
  done.subject_score = cut.info.subject_score;
  done.coverage = cut.info.coverage;
  done.warning = cut.info.warning;
  const ModelInfo& model = cutter.info();
  done.model = model.name;
  done.device = model.device;
  done.precision = model.precision;
  for (const auto& [stage, milliseconds] : cut.info.times) {
    done.stages.emplace_back(std::string(stage), milliseconds);
  }
  return result;
}

}  // namespace peel::server
