#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/codec/icc.h"
#include "src/codec/jpeg.h"
#include "src/codec/jpeg_error.h"

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

struct Markers {
  std::vector<std::vector<uint8_t>> app1, app2;
};

// What does not fit into a segment is left out: a reader that knows how to join them is rare.
Markers MakeMarkers(const Metadata* metadata) {
  Markers markers;
  if (metadata == nullptr) return markers;
  if (!metadata->exif.empty()) markers.app1.push_back(Segment("Exif\0\0"sv, metadata->exif));
  if (!metadata->xmp.empty()) {
    markers.app1.push_back(Segment("http://ns.adobe.com/xap/1.0/\0"sv, metadata->xmp));
  }
  std::erase_if(markers.app1, [](const auto& segment) { return segment.size() > kMaxSegment; });
  if (!metadata->icc.empty()) markers.app2 = SplitJpegIcc(metadata->icc);
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

  Status Write(ImageView<const uint8_t> pixels, int quality, const Markers& markers) {
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
    jpeg_start_compress(&cinfo_, TRUE);
    for (const auto& segment : markers.app1) WriteMarker(1, segment);
    for (const auto& segment : markers.app2) WriteMarker(2, segment);
    while (cinfo_.next_scanline < cinfo_.image_height) {
      auto* row = const_cast<JSAMPROW>(pixels.row(static_cast<int>(cinfo_.next_scanline)));
      jpeg_write_scanlines(&cinfo_, &row, 1);
    }
    jpeg_finish_compress(&cinfo_);
    return OkStatus();
  }

  std::vector<uint8_t> Take() const { return {buffer_, buffer_ + size_}; }

 private:
  void WriteMarker(int app, const std::vector<uint8_t>& data) {
    jpeg_write_marker(&cinfo_, JPEG_APP0 + app, data.data(), static_cast<unsigned>(data.size()));
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
  const Markers markers = MakeMarkers(options.metadata);
  JpegWriter writer;
  PEEL_RETURN_IF_ERROR(
      writer.Write(pixels, options.quality == 0 ? kDefaultQuality : options.quality, markers));
  return writer.Take();
}

}  // namespace peel
