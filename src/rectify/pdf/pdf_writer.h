#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// A JPEG file of 8 bits a sample, copied into the PDF byte for byte. Readers of PDF heed neither
// its EXIF orientation nor its colour profile: both are for PdfPage.
struct PdfJpeg {
  std::span<const uint8_t> bytes;
  int width = 0, height = 0;  // as stored
  int channels = 0;           // 1 or 3; CMYK (4) is refused
};

// A bilevel picture coded by CCITT Group 4 (T.6) in one piece, bits from the high one downwards.
struct PdfG4 {
  std::span<const uint8_t> bytes;
  int width = 0, height = 0;
  bool black_is_one = false;  // what T.6 calls black comes out white: PDF's BlackIs1
};

// Pixels of 1 to 4 channels, packed without loss. The second of 2 and the fourth of 4 are straight
// alpha, which becomes a soft mask.
using PdfPixels = ImageView<const uint8_t>;

struct PdfPage {
  std::variant<PdfJpeg, PdfG4, PdfPixels> picture;
  // How much is seen of each pixel: 1 channel of the picture's size, or empty. Not beside pixels
  // that have alpha themselves.
  ImageView<const uint8_t> mask;
  // The picture's ICC profile; empty: the device's colours. One for another number of channels, or
  // for a bilevel picture, is left out.
  std::span<const uint8_t> icc;
  int orientation = 1;  // EXIF's, 1 to 8: how the picture is turned on the page
  // Of the page, upright, in points (1/72 inch), at most 14400; the picture fills it. PDF knows no
  // page of less than 3 points: there the picture lies in the lower left corner.
  double width_pt = 0, height_pt = 0;
};

constexpr double PointsFromMm(double mm) { return mm * 72 / 25.4; }
constexpr double PointsFromPixels(double pixels, double dpi) { return pixels * 72 / dpi; }

struct PdfInfo {
  std::string title;               // UTF-8; may be empty
  std::string producer;            // "Peel 0.1.0"
  std::optional<int64_t> created;  // seconds since 1970 began (UTC); nothing: the file does not say
};

// Writes a PDF 1.7 (ISO 32000-1) with a picture a page through a sink, front to back, so that no
// more than one page is held in memory. Any thread may add pages; packing runs side by side.
// The bytes depend on what is added and in which order, and on nothing else.
class PdfWriter {
 public:
  // Takes the next bytes of the file. After an error the writer asks for no more and returns that
  // error from every call.
  using Sink = std::function<Status(std::span<const uint8_t>)>;

  PdfWriter(Sink sink, PdfInfo info);
  ~PdfWriter();
  PdfWriter(const PdfWriter&) = delete;
  PdfWriter& operator=(const PdfWriter&) = delete;

  // Pages may come in any order of their index (0 and up); the document has them in that of the
  // index, without holes where one never came. kInvalidArgument: a page that is not as described
  // above, or an index for the second time; kUnsupported: CMYK, or a file that would grow beyond
  // 4 GiB; kOutOfMemory. None of these harms the file, to which pages may be added still.
  Status AddPage(int64_t index, const PdfPage& page);

  int64_t pages() const;

  // What makes the pages a file; the last call. kInvalidArgument without any page.
  Status Finish();

 private:
  struct Entry {           // a page in the making
    uint32_t picture = 0;  // its object
    int orientation = 1;
    double width = 0, height = 0;  // points
  };
  struct Packed;

  uint32_t NewObject();
  void Begin(uint32_t object);
  Status WriteObject(uint32_t object, std::string_view body);
  Status WriteStream(uint32_t object, std::string_view dictionary, std::span<const uint8_t> bytes);
  Status Write(std::span<const uint8_t> bytes);
  Status WriteText(std::string_view text);
  Status WritePicture(const Packed& packed, uint32_t* object);
  Status WriteProfile(std::span<const uint8_t> icc, int channels, uint32_t* object);
  Status WritePages(uint32_t* root);
  Status WriteTail(uint32_t root);

  mutable std::mutex mutex_;
  const Sink sink_;
  const PdfInfo info_;
  Status failed_;  // the sink's error
  bool finished_ = false;
  uint64_t size_ = 0;              // written
  std::vector<uint64_t> offsets_;  // of object i + 1
  std::map<int64_t, Entry> pages_;
  std::map<std::string, uint32_t> profiles_;  // each is written once
};

}  // namespace peel
