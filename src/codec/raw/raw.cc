#include "src/codec/raw/raw.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/codec/jpeg/jpeg.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/metadata/exif_block.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/sniff.h"

#ifdef PEEL_HAVE_RAW
#include "src/codec/lazy/raw_library.h"
#endif

namespace peel {

bool IsRawTiff(std::span<const uint8_t> bytes) {
  constexpr uint16_t kPhotometric = 0x0106, kSubDirectories = 0x014A, kDngVersion = 0xC612;
  constexpr uint32_t kMosaic = 32803, kLinearRaw = 34892;
  // Only read through; the one class serves reading and patching.
  const exif::Block block({const_cast<uint8_t*>(bytes.data()), bytes.size()});
  if (!block.valid()) return false;
  std::vector<size_t> directories = {block.Get32(4)};
  bool raw = false;
  for (size_t i = 0; i < directories.size() && !raw; ++i) {
    if (!block.Table(directories[i])) continue;
    block.ForEach(directories[i], [&](const exif::Entry& entry) {
      if (entry.tag == kDngVersion) raw = true;
      if (entry.tag == kPhotometric) {
        const uint32_t kind = block.Number(entry).value_or(0);
        raw |= kind == kMosaic || kind == kLinearRaw;
      }
      if (entry.tag == kSubDirectories && i == 0) {
        for (uint32_t n = 0; n < std::min(entry.count, uint32_t{8}); ++n) {
          directories.push_back(block.Number(entry, n).value_or(0));
        }
      }
    });
  }
  return raw;
}

Format FormatOf(std::span<const uint8_t> bytes) {
  const Format format = Sniff(bytes);
  return IsDecodable(Format::kRaw) && format == Format::kTiff && IsRawTiff(bytes) ? Format::kRaw
                                                                                  : format;
}

#ifdef PEEL_HAVE_RAW
namespace {

struct Preview {
  std::vector<uint8_t> jpeg;  // or else pixels
  ImageU8 pixels;
  int orientation = 1;  // of the pixels
};

Result<Preview> ReadPreview(std::span<const uint8_t> bytes, const Limits& limits) {
  PEEL_ASSIGN_OR_RETURN(const RawLibrary* lib, OpenRawLibrary());
  // By itself it prints on standard error what is wrong with a file.
  constexpr unsigned kPrintNothing = 1 | 2;  // LIBRAW_OPIONS_NO_MEMERR_CALLBACK, _NO_DATAERR_
  const std::unique_ptr<libraw_data_t, decltype(lib->libraw_close)> raw(
      lib->libraw_init(kPrintNothing), lib->libraw_close);
  if (!raw) return OutOfMemory("no memory left for reading the raw file");
  const auto failure = [&](int code, const char* what) {
    if (code == LIBRAW_UNSUFFICIENT_MEMORY) {
      return OutOfMemory("no memory left for reading the raw file");
    }
    return Corrupt(std::string("the camera raw file ") + what +
                   InParentheses(lib->libraw_strerror(code)) + "; develop it to JPEG or PNG first");
  };
  // LibRaw does not write to the buffer.
  int code = lib->libraw_open_buffer(raw.get(), const_cast<uint8_t*>(bytes.data()), bytes.size());
  if (code != LIBRAW_SUCCESS) {
    if (code == LIBRAW_FILE_UNSUPPORTED) {
      return Unsupported(
          "this is a camera raw file of a kind that LibRaw does not know; develop it to JPEG or "
          "PNG first");
    }
    return failure(code, "cannot be read");
  }
  code = lib->libraw_unpack_thumb(raw.get());
  if (code == LIBRAW_NO_THUMBNAIL || code == LIBRAW_UNSUPPORTED_THUMBNAIL) {
    return Unsupported("the camera raw file has no preview; develop it to JPEG or PNG first");
  }
  if (code != LIBRAW_SUCCESS) return failure(code, "has a preview that cannot be read");
  const std::unique_ptr<libraw_processed_image_t, decltype(lib->libraw_dcraw_clear_mem)> thumb(
      lib->libraw_dcraw_make_mem_thumb(raw.get(), &code), lib->libraw_dcraw_clear_mem);
  if (!thumb) return failure(code, "has a preview that cannot be read");
  Preview preview;
  if (thumb->type == LIBRAW_IMAGE_JPEG) {
    preview.jpeg.assign(thumb->data, thumb->data + thumb->data_size);
    return preview;
  }
  const uint64_t samples = uint64_t{thumb->width} * thumb->height * thumb->colors;
  if (thumb->type != LIBRAW_IMAGE_BITMAP || thumb->bits != 8 ||
      (thumb->colors != 1 && thumb->colors != 3) || samples > thumb->data_size) {
    return Unsupported("the camera raw file has a preview of an unknown kind; develop it first");
  }
  PEEL_RETURN_IF_ERROR(CheckSize(limits, thumb->width, thumb->height));
  PEEL_ASSIGN_OR_RETURN(preview.pixels, ImageU8::Allocate(thumb->width, thumb->height, 3));
  const uint8_t* from = thumb->data;
  for (int y = 0; y < thumb->height; ++y) {
    uint8_t* to = preview.pixels.row(y);
    for (int x = 0; x < thumb->width; ++x, from += thumb->colors, to += 3) {
      for (int c = 0; c < 3; ++c) to[c] = from[thumb->colors == 3 ? c : 0];
    }
  }
  // dcraw's numbers for the turns, as EXIF has them.
  constexpr int kTurns[] = {1, 2, 4, 3, 5, 8, 6, 7};
  preview.orientation = kTurns[raw->sizes.flip & 7];
  return preview;
}

}  // namespace

Result<Picture> DecodeRawPreview(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(Preview preview, ReadPreview(bytes, options.limits));
  if (!preview.jpeg.empty()) {
    auto picture = DecodeJpeg(preview.jpeg, options);
    if (!picture.ok()) return std::move(picture).status().WithContext("the raw file's preview");
    picture->format = Format::kRaw;
    return picture;
  }
  Picture picture;
  picture.format = Format::kRaw;
  picture.stored_width = preview.pixels.width();
  picture.stored_height = preview.pixels.height();
  picture.orientation = preview.orientation;
  picture.orientation_applied = options.apply_orientation;
  if (options.apply_orientation && preview.orientation != 1) {
    PEEL_ASSIGN_OR_RETURN(preview.pixels, Upright<uint8_t>(std::as_const(preview.pixels).view(),
                                                           preview.orientation));
  }
  picture.pixels = std::move(preview.pixels);
  return picture;
}

Result<PictureInfo> ProbeRawPreview(std::span<const uint8_t> bytes) {
  Limits none;
  none.max_pixels = UINT64_MAX;
  PEEL_ASSIGN_OR_RETURN(const Preview preview, ReadPreview(bytes, none));
  PictureInfo info;
  if (!preview.jpeg.empty()) {
    PEEL_ASSIGN_OR_RETURN(info, ProbeJpeg(preview.jpeg));
  } else {
    info.width = preview.pixels.width();
    info.height = preview.pixels.height();
    info.channels = 3;
    info.orientation = preview.orientation;
  }
  info.format = Format::kRaw;
  return info;
}

#endif  // PEEL_HAVE_RAW

}  // namespace peel
