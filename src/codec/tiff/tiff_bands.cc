// The samples of a page, in bands of rows: how large they are, and their bytes.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "src/base/checked.h"
#include "src/codec/tiff/tiff_reader.h"

namespace peel {
namespace {

constexpr int kScanlinesAtOnce = 64;

}  // namespace

Result<TiffReader::Bands> TiffReader::PlanBands(const TiffLayout& layout) {
  Bands bands;
  const int in_plane = layout.separate ? 1 : layout.samples;
  const uint64_t row_bits =
      uint64_t{layout.width} * static_cast<uint64_t>(in_plane) * static_cast<uint64_t>(layout.bits);
  const uint64_t row_bytes = (row_bits + 7) / 8;
  const uint64_t all = row_bytes * layout.height * static_cast<uint64_t>(layout.planes());
  // What these methods pack at most, so that a small file that claims a large picture is found out
  // before memory is spent on it.
  const uint64_t ratio =
      layout.compression == COMPRESSION_NONE       ? 1
      : layout.compression == COMPRESSION_PACKBITS ? 64
      : layout.compression == COMPRESSION_LZW      ? 4096
      : layout.compression == COMPRESSION_DEFLATE || layout.compression == COMPRESSION_ADOBE_DEFLATE
          ? 1032
          : 0;
  if (ratio > 0 && all / ratio > file_.bytes().size()) {
    return Corrupt("the TIFF is truncated: " + std::to_string(file_.bytes().size()) +
                   " bytes cannot hold " + std::to_string(layout.width) + " x " +
                   std::to_string(layout.height) + " pixels; get the whole file and try again");
  }
  uint64_t rows = 0, bytes = row_bytes;
  if (layout.tiled) {
    const uint64_t across = DivideUp(layout.width, layout.tile_width);
    const uint64_t tile_bits = uint64_t{layout.tile_width} * static_cast<uint64_t>(in_plane) *
                               static_cast<uint64_t>(layout.bits);
    if (tile_bits % 8 != 0 && across > 1) {
      return Unsupported("the TIFF's tiles do not end at whole bytes; save it in strips");
    }
    rows = layout.tile_height;
    bytes = across * ((tile_bits + 7) / 8);
  } else if (layout.separate) {
    rows = std::min(layout.rows_per_strip, layout.height);
  } else {
    rows = std::min<uint64_t>(kScanlinesAtOnce, layout.height);
    if (lib_.TIFFScanlineSize64(tiff_) != row_bytes) {
      return Corrupt("the TIFF is damaged: its rows do not have the length that they should");
    }
  }
  const auto total = CheckedProduct<uint64_t>(rows, bytes, static_cast<uint64_t>(layout.planes()));
  if (!total || rows == 0 || rows > INT32_MAX ||
      *total > std::max<uint64_t>(uint64_t{64} << 20, 4 * all)) {
    return Corrupt("the TIFF is damaged: its strips or tiles are larger than its picture");
  }
  if (layout.tiled && lib_.TIFFTileSize64(tiff_) *
                              static_cast<uint64_t>(DivideUp(layout.width, layout.tile_width)) !=
                          rows * bytes) {
    return Corrupt("the TIFF is damaged: its tiles do not have the length that they should");
  }
  bands.rows = static_cast<int>(rows);
  bands.row_bytes = bytes;
  return bands;
}

Status TiffReader::ReadBand(const TiffLayout& layout, const Bands& bands, int y, int count,
                            uint8_t* raw) {
  const auto row = static_cast<uint32_t>(y);
  notes_.in_pixels = true;
  const auto damaged = [&] {
    return Damaged("its picture ends at row " + std::to_string(y) + " of " +
                   std::to_string(layout.height));
  };
  if (!layout.tiled && !layout.separate) {
    for (int i = 0; i < count; ++i) {
      if (lib_.TIFFReadScanline(tiff_, raw + static_cast<size_t>(i) * bands.row_bytes,
                                row + static_cast<uint32_t>(i), 0) < 0) {
        y += i;
        return damaged();
      }
    }
    return OkStatus();
  }
  const size_t plane_bytes = static_cast<size_t>(bands.rows) * bands.row_bytes;
  if (!layout.tiled) {
    const uint32_t strips = static_cast<uint32_t>(DivideUp(layout.height, bands.rows));
    for (int p = 0; p < layout.planes(); ++p) {
      const uint32_t strip =
          static_cast<uint32_t>(p) * strips + row / static_cast<uint32_t>(bands.rows);
      const auto want = static_cast<tmsize_t>(static_cast<size_t>(count) * bands.row_bytes);
      if (lib_.TIFFReadEncodedStrip(tiff_, strip, raw + static_cast<size_t>(p) * plane_bytes,
                                    want) != want) {
        return damaged();
      }
    }
    return OkStatus();
  }
  const auto across = static_cast<uint32_t>(DivideUp(layout.width, layout.tile_width));
  const auto down = static_cast<uint32_t>(DivideUp(layout.height, layout.tile_height));
  const size_t tile_row = bands.row_bytes / across;
  const size_t tile_bytes = tile_row * layout.tile_height;
  std::vector<uint8_t> tile(tile_bytes);
  for (int p = 0; p < layout.planes(); ++p) {
    for (uint32_t t = 0; t < across; ++t) {
      const uint32_t number =
          (static_cast<uint32_t>(p) * down + row / layout.tile_height) * across + t;
      if (lib_.TIFFReadEncodedTile(tiff_, number, tile.data(), static_cast<tmsize_t>(tile_bytes)) !=
          static_cast<tmsize_t>(tile_bytes)) {
        return damaged();
      }
      for (int i = 0; i < count; ++i) {
        std::memcpy(raw + static_cast<size_t>(p) * plane_bytes +
                        static_cast<size_t>(i) * bands.row_bytes + t * tile_row,
                    tile.data() + static_cast<size_t>(i) * tile_row, tile_row);
      }
    }
  }
  return OkStatus();
}

Status TiffReader::ReadRgba(const TiffLayout& layout, uint32_t* raster) {
  notes_.in_pixels = true;
  // Asked for the orientation that it has already, libtiff flips nothing.
  if (!lib_.TIFFReadRGBAImageOriented(tiff_, layout.width, layout.height, raster,
                                      layout.orientation, /*stop=*/1)) {
    return Damaged("its picture cannot be decoded");
  }
  return OkStatus();
}

}  // namespace peel
