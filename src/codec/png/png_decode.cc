#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/png/png.h"
#include "src/codec/png/png_chunks.h"
#include "src/codec/png/png_expand.h"
#include "src/codec/png/png_unfilter.h"

namespace peel {
namespace {

// One of the seven reduced pictures of an interlaced file, or the whole picture.
struct Pass {
  uint32_t x0, y0, dx, dy;
  uint32_t width, height;
  size_t row_bytes;
};

std::vector<Pass> PassesOf(const PngFile& png) {
  constexpr std::array<std::array<uint8_t, 4>, 7> kAdam7 = {{{0, 0, 8, 8},
                                                             {4, 0, 8, 8},
                                                             {0, 4, 4, 8},
                                                             {2, 0, 4, 4},
                                                             {0, 2, 2, 4},
                                                             {1, 0, 2, 2},
                                                             {0, 1, 1, 2}}};
  std::vector<Pass> passes;
  const auto add = [&](uint32_t x0, uint32_t y0, uint32_t dx, uint32_t dy) {
    if (x0 >= png.width || y0 >= png.height) return;
    Pass pass = {x0, y0, dx, dy, (png.width - x0 + dx - 1) / dx, (png.height - y0 + dy - 1) / dy,
                 0};
    pass.row_bytes = (pass.width * png.bits_per_pixel() + 7) / 8;
    passes.push_back(pass);
  };
  if (!png.interlaced) {
    add(0, 0, 1, 1);
  } else {
    for (const auto& p : kAdam7) add(p[0], p[1], p[2], p[3]);
  }
  return passes;
}

Status EndsEarly(const PngFile& png, const std::vector<Pass>& passes, size_t bytes) {
  const std::string cut = png.data_cut_short ? "truncated" : "damaged";
  std::string how_far = "in its first pass";
  if (passes.size() == 1) {
    how_far = "at row " + std::to_string(bytes / (passes[0].row_bytes + 1)) + " of " +
              std::to_string(png.height);
  }
  return Corrupt("the PNG is " + cut + ": its picture data ends early, " + how_far +
                 "; get the whole file and try again");
}

// Beyond the bytes of all IDAT chunks in one piece.
struct Joined {
  std::vector<uint8_t> copy;
  std::span<const uint8_t> data;
};

Joined JoinData(const PngFile& png) {
  Joined joined;
  if (png.data.size() == 1) {
    joined.data = png.data[0];
    return joined;
  }
  size_t total = 0;
  for (const auto& part : png.data) total += part.size();
  joined.copy.reserve(total);
  for (const auto& part : png.data) joined.copy.insert(joined.copy.end(), part.begin(), part.end());
  joined.data = joined.copy;
  return joined;
}

// Slow and patient, for streams that the fast decoder refuses: finds out how far they go, and takes
// those that merely hold more than the picture needs. Returns the bytes written.
size_t InflatePatiently(std::span<const uint8_t> in, uint8_t* out, size_t size, bool* damaged) {
  z_stream z = {};
  if (inflateInit(&z) != Z_OK) return 0;
  size_t read = 0, written = 0;
  int result = Z_OK;
  while (result == Z_OK && written < size) {
    if (z.avail_in == 0) {
      const size_t step = std::min<size_t>(in.size() - read, 1u << 30);
      z.next_in = const_cast<Bytef*>(in.data() + read);
      z.avail_in = static_cast<uInt>(step);
      read += step;
    }
    const size_t room = std::min<size_t>(size - written, 1u << 30);
    z.next_out = out + written;
    z.avail_out = static_cast<uInt>(room);
    result = inflate(&z, Z_NO_FLUSH);
    written += room - z.avail_out;
  }
  // The stream's own checksum, where it follows at once.
  if (result == Z_OK) {
    uint8_t more;
    z.next_out = &more;
    z.avail_out = 1;
    result = inflate(&z, Z_NO_FLUSH);
  }
  *damaged = result == Z_DATA_ERROR;
  inflateEnd(&z);
  return written;
}

Result<AlignedBuffer> Inflate(const PngFile& png, const std::vector<Pass>& passes) {
  std::optional<size_t> total = 0;
  for (const Pass& pass : passes) {
    const auto bytes = CheckedMul<size_t>(pass.row_bytes + 1, pass.height);
    total = bytes ? CheckedAdd(*total, *bytes) : std::nullopt;
    if (!total) return OutOfMemory("a picture of this size cannot be addressed");
  }
  const Joined joined = JoinData(png);
  // Deflate packs at most 1032 to one: a small file that claims a large picture is found out before
  // memory is spent on it.
  if (*total / 1032 > joined.data.size()) return EndsEarly(png, passes, 0);
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer raw, AlignedBuffer::Allocate(*total + kPngSlack));
  std::memset(raw.data() + *total, 0, kPngSlack);

  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflate(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (!inflate) return OutOfMemory("no memory left for unpacking the PNG");
  size_t used = 0, written = 0;
  const auto fast = libdeflate_zlib_decompress_ex(
      inflate.get(), joined.data.data(), joined.data.size(), raw.data(), *total, &used, &written);
  if (fast == LIBDEFLATE_SUCCESS && written == *total) return raw;
  if (fast == LIBDEFLATE_SUCCESS) return EndsEarly(png, passes, written);

  bool damaged = false;
  written = InflatePatiently(joined.data, raw.data(), *total, &damaged);
  if (written == *total && !damaged) return raw;
  if (written == *total) {
    return Corrupt("the PNG is damaged: the checksum of its picture data is wrong");
  }
  if (!damaged) return EndsEarly(png, passes, written);
  return Corrupt("the PNG is damaged: its picture data cannot be unpacked beyond byte " +
                 std::to_string(written) + " of " + std::to_string(*total));
}

Status BadFilter(int row) {
  return Corrupt("the PNG is damaged: row " + std::to_string(row) + " has an unknown filter");
}

template <typename T>
Status Unpack(const PngFile& png, const std::vector<Pass>& passes, uint8_t* raw, Image<T>& out) {
  const int pixel_bytes = static_cast<int>(png.filter_bytes());
  const size_t longest =
      std::max_element(passes.begin(), passes.end(), [](const Pass& a, const Pass& b) {
        return a.row_bytes < b.row_bytes;
      })->row_bytes;
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer zeros, AlignedBuffer::Allocate(longest + kPngSlack));
  std::memset(zeros.data(), 0, longest + kPngSlack);

  const bool as_is = sizeof(T) == 1 && png.depth == 8 && !png.has_transparency &&
                     (png.colour == kPngRgb || png.colour == kPngRgba);
  if (as_is && !png.interlaced) {
    // Straight into the picture. Its last row has no slack behind it, but is never looked up from.
    const int done =
        UndoPngFilters(raw, passes[0].row_bytes, out.height(), pixel_bytes, zeros.data(),
                       reinterpret_cast<uint8_t*>(out.row(0)), out.stride());
    return done == out.height() ? OkStatus() : BadFilter(done);
  }

  const int channels = out.channels();
  std::vector<T> line(png.interlaced ? png.width * static_cast<size_t>(channels) : 0);
  for (const Pass& pass : passes) {
    const auto stride = static_cast<ptrdiff_t>(pass.row_bytes + 1);
    const int rows = static_cast<int>(pass.height);
    const int done =
        UndoPngFilters(raw, pass.row_bytes, rows, pixel_bytes, zeros.data(), raw + 1, stride);
    if (done != rows) return BadFilter(static_cast<int>(pass.y0 + pass.dy * done));
    for (int y = 0; y < rows; ++y) {
      const uint8_t* row = raw + 1 + y * stride;
      T* to = out.row(static_cast<int>(pass.y0 + pass.dy * y));
      if (!png.interlaced) {
        ExpandPngRow(png, row, static_cast<int>(pass.width), to);
        continue;
      }
      ExpandPngRow(png, row, static_cast<int>(pass.width), line.data());
      for (size_t x = 0; x < pass.width; ++x) {
        std::memcpy(to + (pass.x0 + x * pass.dx) * channels, line.data() + x * channels,
                    channels * sizeof(T));
      }
    }
    raw += stride * rows;
  }
  return OkStatus();
}

template <typename T>
Result<Image<T>> Make(const PngFile& png, int orientation) {
  const std::vector<Pass> passes = PassesOf(png);
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer raw, Inflate(png, passes));
  PEEL_ASSIGN_OR_RETURN(
      Image<T> out, Image<T>::Allocate(static_cast<int>(png.width), static_cast<int>(png.height),
                                       png.has_alpha() ? 4 : 3));
  PEEL_RETURN_IF_ERROR(Unpack(png, passes, raw.data(), out));
  if (orientation == 1) return out;
  raw = AlignedBuffer();
  return Upright<T>(out.view(), orientation);
}

}  // namespace

Result<Picture> DecodePng(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  // The header alone first: nothing of a picture beyond the limits is looked at.
  PEEL_ASSIGN_OR_RETURN(const PngFile header,
                        ParsePng(bytes.first(std::min<size_t>(bytes.size(), 33)),
                                 {.metadata = false, .checksums = false, .need_picture = false}));
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, header.width, header.height));
  PEEL_ASSIGN_OR_RETURN(PngFile png, ParsePng(bytes, {}));
  PEEL_RETURN_IF_ERROR(
      CheckSize(options.limits, png.width, png.height, static_cast<uint64_t>(png.frames)));

  Picture picture;
  picture.format = Format::kPng;
  picture.stored_width = static_cast<int>(png.width);
  picture.stored_height = static_cast<int>(png.height);
  picture.has_alpha = png.has_alpha();
  picture.was_grey = png.colour == kPngGrey || png.colour == kPngGreyAlpha;
  picture.frames = png.frames;
  picture.orientation = OrientationOf(png.metadata);
  picture.orientation_applied = options.apply_orientation;

  const int orientation = options.apply_orientation ? picture.orientation : 1;
  if (png.depth == 16 && !options.reduce_to_8_bits) {
    PEEL_ASSIGN_OR_RETURN(picture.pixels, Make<uint16_t>(png, orientation));
  } else {
    PEEL_ASSIGN_OR_RETURN(picture.pixels, Make<uint8_t>(png, orientation));
  }
  AdoptMetadata(std::move(png.metadata), options, &picture);
  return picture;
}

Result<PictureInfo> ProbePng(std::span<const uint8_t> bytes) {
  PEEL_ASSIGN_OR_RETURN(
      const PngFile png,
      ParsePng(bytes, {.metadata = false, .checksums = false, .need_picture = false}));
  PictureInfo info;
  info.format = Format::kPng;
  info.width = static_cast<int>(png.width);
  info.height = static_cast<int>(png.height);
  info.channels = png.channels();
  info.bits = png.depth;
  info.has_alpha = png.has_alpha();
  info.is_palette = png.colour == kPngPalette;
  info.orientation = OrientationOf(png.metadata);
  info.frames = png.frames;
  return info;
}

}  // namespace peel
