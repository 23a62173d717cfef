#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/codec/lazy/tiff_library.h"
#include "src/codec/limits.h"
#include "src/codec/picture.h"
#include "src/codec/tiff/lab.h"
#include "src/codec/tiff/tiff_directories.h"
#include "src/codec/tiff/tiff_memory.h"

namespace peel {

// What the samples of a pixel mean.
enum class TiffColour : uint8_t { kGrey, kGreyInverted, kPalette, kRgb, kCmyk, kLab };
enum class TiffAlpha : uint8_t { kNone, kAssociated, kStraight };

// How a page's samples lie.
struct TiffLayout {
  uint32_t width = 0, height = 0;
  int bits = 1;     // of a sample, 1 to 16
  int samples = 1;  // of a pixel, those that are not read included
  TiffColour colour = TiffColour::kGrey;
  LabEncoding lab = LabEncoding::kCie;
  TiffAlpha alpha = TiffAlpha::kNone;
  int orientation = 1;
  bool separate = false;  // each sample in a plane of its own
  bool tiled = false;
  // libtiff makes RGBA of it: YCbCr that its JPEG decoder does not convert, LogLuv and the like.
  bool by_libtiff = false;
  uint32_t tile_width = 0, tile_height = 0, rows_per_strip = 0;
  uint16_t compression = 1;
  std::vector<uint16_t> palette;  // red, green and blue, 1 << bits entries each

  int colours() const {
    if (colour == TiffColour::kLab) return samples < 3 ? 1 : 3;  // L* alone is grey
    return colour == TiffColour::kRgb ? 3 : colour == TiffColour::kCmyk ? 4 : 1;
  }
  // Samples of a pixel that count: colours, then alpha.
  int used() const { return colours() + (alpha != TiffAlpha::kNone ? 1 : 0); }
  // That are read.
  int planes() const { return separate ? used() : 1; }
};

// libtiff over bytes in memory, which must outlive it.
class TiffReader {
 public:
  // most: pages that are looked for.
  static Result<std::unique_ptr<TiffReader>> Open(std::span<const uint8_t> bytes, size_t most);
  ~TiffReader();
  TiffReader(const TiffReader&) = delete;
  TiffReader& operator=(const TiffReader&) = delete;

  // The pages that the file has, as far as `most` of them have been counted when it was opened.
  int pages() const { return static_cast<int>(std::max<size_t>(directories_.size(), 1)); }
  // Costs the same for every page.
  Status SelectPage(int page);
  // Of the page selected; kUnsupported for variants that are not read.
  Result<TiffLayout> ReadLayout();
  // ICC, XMP and resolution of the page; EXIF and IPTC (of the first page's directory) in a block
  // of their own.
  Metadata ReadMetadata();

  // Rows that ReadBand gives at once, and the bytes of one of their rows in one plane.
  struct Bands {
    int rows = 0;
    size_t row_bytes = 0;
  };
  // kCorrupt where the bands would be out of proportion to the picture.
  Result<Bands> PlanBands(const TiffLayout& layout);
  // Rows [y, y + count) of all planes, plane p at raw + p * bands.rows * bands.row_bytes. Bands are
  // read in order from the top; raw has room for bands.rows rows of every plane.
  Status ReadBand(const TiffLayout& layout, const Bands& bands, int y, int count, uint8_t* raw);
  // by_libtiff: the whole page, red in the lowest byte, alpha associated; rows as stored.
  Status ReadRgba(const TiffLayout& layout, uint32_t* raster);

  // What libtiff complained of and went on after, since the page was selected, where it concerns
  // the picture: a sentence for the user, or empty.
  std::string Doubts() const;
  // Calls of libtiff for bytes so far.
  uint64_t reads() const { return file_.reads(); }

 private:
  // libtiff's first words of each kind, on a page.
  struct Notes {
    std::string error, warning;  // of its directory
    bool in_pixels = false;
    std::string pixels_error;  // of its pixels: errors and warnings
  };
  struct Messages;

  TiffReader(const TiffLibrary& library, std::span<const uint8_t> bytes)
      : lib_(library), file_(bytes) {}
  Status Damaged(const std::string& where) const;
  template <typename T>
  T Field(uint32_t tag, T fallback) const {
    T value = fallback;
    return lib_.TIFFGetFieldDefaulted(tiff_, tag, &value) ? value : fallback;
  }
  std::vector<uint8_t> Blob(uint32_t tag) const;
  // Parts of ReadLayout (tiff_layout.cc).
  Result<uint16_t> Photometric(const TiffLayout& layout) const;
  Status ReadByLibtiff(TiffLayout* layout) const;
  TiffAlpha ReadAlpha(const TiffLayout& layout) const;
  Status ReadPalette(TiffLayout* layout) const;

  const TiffLibrary& lib_;
  TiffMemory file_;
  std::vector<TiffDirectory> directories_;
  int at_ = 0;            // the page selected
  int photometric_ = -1;  // of the page, as its directory has it
  Notes notes_;
  TIFF* tiff_ = nullptr;
};

}  // namespace peel
