#include "src/pipeline/cut/encode_plan.h"

#include "src/base/sentences.h"
#include "src/codec/metadata/exif.h"
#include "src/codec/metadata/metadata.h"

namespace peel {

EncodeOptions EncodingFor(const EncodeChoices& choices, const Metadata* metadata,
                          ThreadPool* pool) {
  EncodeOptions encode;
  encode.format = choices.format;
  encode.quality = choices.quality;
  encode.lossless = choices.lossless;
  encode.metadata = metadata;
  encode.pool = pool;
  return encode;
}

Metadata MetadataToWrite(const Picture& picture, Size size, const CutInfo& info,
                         const CutOptions& options, std::string* warning) {
  Metadata source = picture.metadata;
  if (info.rectify && info.rectify->ok() && !options.rectify->draw) {
    source.resolution = {};
    if (info.rectify->dpi_x > 0) {
      source.resolution =
          MakeResolution(info.rectify->dpi_x, info.rectify->dpi_y, Resolution::Unit::kInch);
    }
    ForgetFocalLength(source.exif);
  }
  Metadata metadata = MetadataForOutput(source, size.width, size.height);
  // A mask has no colours and shows no photo, but the size of its pixels.
  if (options.compose.mask_only) {
    const Resolution resolution = metadata.resolution;
    metadata = {};
    metadata.resolution = resolution;
  }
  AddSentence(FitMetadata(options.encode.format, &metadata), warning);
  return metadata;
}

bool CarriesMetadata(const CutOptions& options) {
  return options.encode.keep_metadata && !options.compose.mask_only && !options.rembg();
}

}  // namespace peel
