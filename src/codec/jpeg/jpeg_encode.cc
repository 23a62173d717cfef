#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/codec/jpeg/jpeg.h"
#include "src/codec/jpeg/jpeg_error.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/iptc.h"
#include "src/codec/metadata/xmp.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

constexpr int kDefaultQuality = 90;
constexpr int kFullChromaQuality = 90;
constexpr int kMaxSide = 65500;        // libjpeg's own limit
constexpr size_t kMaxSegment = 65533;  // contents of a marker segment

std::vector<uint8_t> Segment(std::string_view prefix, const std::vector<uint8_t>& data) {
  std::vector<uint8_t> out(prefix.begin(), prefix.end());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

struct Marker {
  int app;
  std::vector<uint8_t> data;
};

// What does not fit was to be left out before; see FitMetadata.
std::vector<Marker> MakeMarkers(const Metadata* metadata) {
  std::vector<Marker> markers;
  if (metadata == nullptr) return markers;
  if (!metadata->exif.empty()) markers.push_back({1, Segment("Exif\0\0"sv, metadata->exif)});
  if (!metadata->xmp.empty()) {
    for (auto& segment : SplitJpegXmp(metadata->xmp)) markers.push_back({1, std::move(segment)});
  }
  for (auto& segment : SplitJpegIptc(metadata->iptc)) markers.push_back({13, std::move(segment)});
  for (auto& segment : SplitJpegIcc(metadata->icc)) markers.push_back({2, std::move(segment)});
  std::erase_if(markers, [](const Marker& marker) { return marker.data.size() > kMaxSegment; });
  return markers;
}

class JpegWriter {
 public:
  JpegWriter() = default;
  ~JpegWriter() {
    if (created_) jpeg_destroy_compress(&cinfo_);
    std::free(buffer_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  Status Write(ImageView<const uint8_t> pixels, int quality, const std::vector<Marker>& markers,
               const Resolution& resolution) {
    cinfo_.err = errors_.Install();
    if (setjmp(errors_.jump)) return errors_.ToStatus(reinterpret_cast<j_common_ptr>(&cinfo_));
    jpeg_create_compress(&cinfo_);
    created_ = true;
    jpeg_mem_dest(&cinfo_, &buffer_, &size_);
    cinfo_.image_width = static_cast<JDIMENSION>(pixels.width);
    cinfo_.image_height = static_cast<JDIMENSION>(pixels.height);
    cinfo_.input_components = pixels.channels;
    cinfo_.in_color_space = pixels.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&cinfo_);
    jpeg_set_quality(&cinfo_, quality, TRUE);
    cinfo_.optimize_coding = TRUE;
    if (pixels.channels == 3 && quality >= kFullChromaQuality) {
      cinfo_.comp_info[0].h_samp_factor = 1;
      cinfo_.comp_info[0].v_samp_factor = 1;
    }
    SetResolution(resolution);
    jpeg_start_compress(&cinfo_, TRUE);
    for (const Marker& marker : markers) {
      jpeg_write_marker(&cinfo_, JPEG_APP0 + marker.app, marker.data.data(),
                        static_cast<unsigned>(marker.data.size()));
    }
    while (cinfo_.next_scanline < cinfo_.image_height) {
      auto* row = const_cast<JSAMPROW>(pixels.row(static_cast<int>(cinfo_.next_scanline)));
      jpeg_write_scanlines(&cinfo_, &row, 1);
    }
    jpeg_finish_compress(&cinfo_);
    return OkStatus();
  }

  std::vector<uint8_t> Take() const { return {buffer_, buffer_ + size_}; }

 private:
  void SetResolution(const Resolution& resolution) {
    const auto whole = WholePerUnit(resolution, UINT16_MAX);
    if (!whole) return;
    cinfo_.density_unit = whole->unit == Resolution::Unit::kInch         ? 1
                          : whole->unit == Resolution::Unit::kCentimetre ? 2
                                                                         : 0;
    cinfo_.X_density = static_cast<UINT16>(whole->x);
    cinfo_.Y_density = static_cast<UINT16>(whole->y);
  }

  jpeg_compress_struct cinfo_ = {};
  JpegErrors errors_ = {};
  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;
  bool created_ = false;
};

}  // namespace

Result<std::vector<uint8_t>> EncodeJpeg(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options) {
  if (pixels.channels != 1 && pixels.channels != 3) {
    return InvalidArgument(
        "JPEG has no transparency: put the picture on a background first, or write PNG or WebP");
  }
  if (pixels.width > kMaxSide || pixels.height > kMaxSide) {
    return Unsupported("a JPEG holds at most 65500 pixels a side; write PNG instead");
  }
  JpegWriter writer;
  PEEL_RETURN_IF_ERROR(
      writer.Write(pixels, options.quality == 0 ? kDefaultQuality : options.quality,
                   MakeMarkers(options.metadata),
                   options.metadata != nullptr ? options.metadata->resolution : Resolution{}));
  return writer.Take();
}

}  // namespace peel
