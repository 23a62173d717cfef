#include "src/codec/codecs.h"

#include <stdio.h>  // jpeglib.h needs it

#include <jpeglib.h>
#include <libdeflate.h>
#include <webp/decode.h>

#include "src/codec/lazy/tiff_library.h"

namespace peel {
namespace {

std::string Jpeg() {
#define PEEL_TEXT_OF_INNER(x) #x
#define PEEL_TEXT_OF(x) PEEL_TEXT_OF_INNER(x)
#ifdef LIBJPEG_TURBO_VERSION
  return "libjpeg-turbo " PEEL_TEXT_OF(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " PEEL_TEXT_OF(JPEG_LIB_VERSION);
#endif
#undef PEEL_TEXT_OF
#undef PEEL_TEXT_OF_INNER
}

std::string Webp() {
  const int v = WebPGetDecoderVersion();
  return "libwebp " + std::to_string(v >> 16) + "." + std::to_string((v >> 8) & 255) + "." +
         std::to_string(v & 255);
}

// "LIBTIFF, Version 4.5.0\nCopyright …": the version alone.
std::string Tiff(const TiffLibrary& lib) {
  const std::string text = lib.TIFFGetVersion();
  const size_t from = text.find("Version ");
  if (from == std::string::npos) return "libtiff";
  return "libtiff " + text.substr(from + 8, text.find('\n') - from - 8);
}

}  // namespace

std::vector<CodecInfo> ListCodecs() {
  std::vector<CodecInfo> codecs = {
      {"JPEG", true, true, Jpeg()},
      {"PNG", true, true, "Peel's own over libdeflate " LIBDEFLATE_VERSION_STRING},
      {"WebP", true, true, Webp()}};
  const auto tiff = OpenTiffLibrary();
  codecs.push_back({"TIFF", tiff.ok(), true,
                    tiff.ok() ? Tiff(**tiff) + "; written by Peel itself"
                              : tiff.status().message() + "; written by Peel itself"});
  return codecs;
}

}  // namespace peel
