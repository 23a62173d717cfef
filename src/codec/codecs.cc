#include "src/codec/codecs.h"

#include <cstdio>

#include <jpeglib.h>
#include <libdeflate.h>
#include <webp/decode.h>

#include "src/codec/lazy/avif_library.h"
#include "src/codec/lazy/gif_library.h"
#include "src/codec/lazy/heif_library.h"
#ifdef PEEL_HAVE_JXL
#include "src/codec/lazy/jxl_library.h"
#endif
#ifdef PEEL_HAVE_RAW
#include "src/codec/lazy/raw_library.h"
#endif
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

std::string Version(const char* name, int major, int minor, int patch) {
  char text[64];
  std::snprintf(text, sizeof(text), "%s %d.%d.%d", name, major, minor, patch);
  return text;
}

std::string Webp() {
  const int v = WebPGetDecoderVersion();
  return Version("libwebp", v >> 16, (v >> 8) & 255, v & 255);
}

// "LIBTIFF, Version 4.5.0\nCopyright …": the version alone.
std::string Tiff(const TiffLibrary& lib) {
  const std::string text = lib.TIFFGetVersion();
  const size_t from = text.find("Version ");
  if (from == std::string::npos) return "libtiff";
  return "libtiff " + text.substr(from + 8, text.find('\n') - from - 8);
}

std::string Text(const char* text) { return text != nullptr ? text : "?"; }

// What `name` makes of the library, or why it is not there.
template <typename Library, typename Name>
std::string Named(const Result<const Library*>& library, Name name) {
  return library.ok() ? name(**library) : library.status().message();
}

std::string Avif(const AvifLibrary& lib) { return "libavif " + Text(lib.avifVersion()); }

std::string Heif(const HeifLibrary& lib) { return "libheif " + Text(lib.heif_get_version()); }

#ifdef PEEL_HAVE_JXL
std::string Jxl(const JxlLibrary& lib) {
  const auto v = static_cast<int>(lib.JxlDecoderVersion());
  return Version("libjxl", v / 1000000, v / 1000 % 1000, v % 1000);
}
#endif

#ifdef PEEL_HAVE_RAW
std::string Raw(const RawLibrary& lib) { return "LibRaw " + Text(lib.libraw_version()); }
#endif

}  // namespace

std::string LibraryOf(Format format) {
  const auto named = [&](const auto& library, auto name) {
    return library.ok() ? name(**library) : std::string(FormatName(format));
  };
  switch (format) {
    case Format::kTiff:
      return named(OpenTiffLibrary(), Tiff);
    case Format::kAvif:
      return named(OpenAvifLibrary(), Avif);
    case Format::kHeic:
      return named(OpenHeifLibrary(), Heif);
#ifdef PEEL_HAVE_JXL
    case Format::kJxl:
      return named(OpenJxlLibrary(), Jxl);
#endif
#ifdef PEEL_HAVE_RAW
    case Format::kRaw:
      return named(OpenRawLibrary(), Raw);
#endif
    default:
      return std::string(FormatName(format));
  }
}

std::vector<CodecInfo> ListCodecs() {
  std::vector<CodecInfo> codecs = {
      {"JPEG", true, true, Jpeg()},
      {"PNG", true, true, "Peel's own over libdeflate " LIBDEFLATE_VERSION_STRING},
      {"WebP", true, true, Webp()}};
  const auto tiff = OpenTiffLibrary();
  codecs.push_back({"TIFF", tiff.ok(), true,
                    tiff.ok() ? Tiff(**tiff) + "; written by Peel itself"
                              : tiff.status().message() + "; written by Peel itself"});
  const auto avif = OpenAvifLibrary();
  codecs.push_back({"AVIF", avif.ok(), avif.ok(), Named(avif, Avif)});
  const auto heif = OpenHeifLibrary();
  codecs.push_back({"HEIC", heif.ok(), false, Named(heif, Heif)});
  const auto gif = OpenGifLibrary();
  codecs.push_back({"GIF", gif.ok(), gif.ok(), Named(gif, [](const auto&) {
                      return Version("giflib", GIFLIB_MAJOR, GIFLIB_MINOR, GIFLIB_RELEASE);
                    })});
  codecs.push_back({"BMP", true, false, "Peel's own"});
#ifdef PEEL_HAVE_JXL
  const auto jxl = OpenJxlLibrary();
  codecs.push_back({"JPEG XL", jxl.ok(), false, Named(jxl, Jxl)});
#else
  codecs.push_back({"JPEG XL", false, false, "Peel was built without libjxl"});
#endif
#ifdef PEEL_HAVE_RAW
  const auto raw = OpenRawLibrary();
  codecs.push_back({"camera raw", raw.ok(), false, Named(raw, [](const auto& lib) {
                      return "the preview, through " + Raw(lib);
                    })});
#else
  codecs.push_back({"camera raw", false, false, "Peel was built without LibRaw"});
#endif
  return codecs;
}

}  // namespace peel
