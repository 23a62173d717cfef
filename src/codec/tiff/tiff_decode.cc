#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/metadata/orient.h"
#include "src/codec/tiff/tiff.h"
#include "src/codec/tiff/tiff_expand.h"
#include "src/codec/tiff/tiff_reader.h"
#include "src/image/composite.h"

namespace peel {
namespace {

int ChannelsOf(const TiffLayout& layout) { return layout.alpha == TiffAlpha::kNone ? 3 : 4; }

template <typename T>
Result<Image<T>> AllocateUpright(const TiffLayout& layout, int orientation) {
  const int width = static_cast<int>(layout.width), height = static_cast<int>(layout.height);
  const bool swap = OrientationSwapsSides(orientation);
  return Image<T>::Allocate(swap ? height : width, swap ? width : height, ChannelsOf(layout));
}

template <typename T>
Result<Image<T>> ReadPixels(TiffReader& reader, const TiffLayout& layout, int orientation) {
  PEEL_ASSIGN_OR_RETURN(const TiffReader::Bands bands, reader.PlanBands(layout));
  const size_t plane_bytes = static_cast<size_t>(bands.rows) * bands.row_bytes;
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer raw, AlignedBuffer::Allocate(
                                               plane_bytes * static_cast<size_t>(layout.planes())));
  PEEL_ASSIGN_OR_RETURN(Image<T> out, AllocateUpright<T>(layout, orientation));
  const int width = static_cast<int>(layout.width), height = static_cast<int>(layout.height);
  // Expanded rows wait here to be turned; upright ones go straight to their place.
  Image<T> turned;
  const int at_once = std::min(bands.rows, 64);
  if (orientation != 1) {
    PEEL_ASSIGN_OR_RETURN(turned, Image<T>::Allocate(width, at_once, ChannelsOf(layout)));
  }
  TiffRowExpander<T> expander(layout);
  std::vector<const uint8_t*> planes(static_cast<size_t>(layout.planes()));
  for (int y = 0; y < height; y += bands.rows) {
    const int count = std::min(bands.rows, height - y);
    PEEL_RETURN_IF_ERROR(reader.ReadBand(layout, bands, y, count, raw.data()));
    for (int first = 0; first < count; first += at_once) {
      const int rows = std::min(at_once, count - first);
      for (int i = 0; i < rows; ++i) {
        for (size_t p = 0; p < planes.size(); ++p) {
          planes[p] =
              raw.data() + p * plane_bytes + static_cast<size_t>(first + i) * bands.row_bytes;
        }
        expander.Expand(planes, orientation == 1 ? out.row(y + first + i) : turned.row(i));
      }
      if (orientation == 1) continue;
      ImageView<const T> view = std::as_const(turned).view();
      view.height = rows;
      PlaceRows<T>(view, y + first, height, orientation, out.view());
    }
  }
  return out;
}

// What libtiff makes of colours that are not taken apart here.
Result<ImageU8> ReadByLibtiff(TiffReader& reader, const TiffLayout& layout, int orientation) {
  const int width = static_cast<int>(layout.width), height = static_cast<int>(layout.height);
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer raster,
                        AlignedBuffer::Allocate(size_t{4} * layout.width * layout.height));
  auto* const pixels = raster.as<uint32_t>();
  PEEL_RETURN_IF_ERROR(reader.ReadRgba(layout, pixels));
  const int channels = ChannelsOf(layout);
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(width, height, channels));
  for (int y = 0; y < height; ++y) {
    const uint32_t* from = pixels + static_cast<size_t>(y) * layout.width;
    uint8_t* to = out.row(y);
    for (int x = 0; x < width; ++x, to += channels) {
      for (int c = 0; c < channels; ++c) to[c] = static_cast<uint8_t>(from[x] >> (8 * c));
    }
  }
  if (channels == 4) Unpremultiply(out.view());
  if (orientation == 1) return out;
  return Upright<uint8_t>(std::as_const(out).view(), orientation);
}

Result<Picture> ReadPage(TiffReader& reader, const DecodeOptions& options, int page) {
  PEEL_RETURN_IF_ERROR(reader.SelectPage(page));
  PEEL_ASSIGN_OR_RETURN(const TiffLayout layout, reader.ReadLayout());
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, layout.width, layout.height,
                                 static_cast<uint64_t>(reader.pages())));
  Picture picture;
  picture.format = Format::kTiff;
  picture.stored_width = static_cast<int>(layout.width);
  picture.stored_height = static_cast<int>(layout.height);
  picture.has_alpha = layout.alpha != TiffAlpha::kNone;
  picture.was_grey =
      layout.colour == TiffColour::kGrey || layout.colour == TiffColour::kGreyInverted;
  picture.was_cmyk = layout.colour == TiffColour::kCmyk;
  picture.frames = reader.pages();
  picture.orientation = layout.orientation;
  picture.orientation_applied = options.apply_orientation;
  const int orientation = options.apply_orientation ? layout.orientation : 1;
  if (layout.by_libtiff) {
    PEEL_ASSIGN_OR_RETURN(picture.pixels, ReadByLibtiff(reader, layout, orientation));
  } else if (layout.bits > 8 && !options.reduce_to_8_bits) {
    PEEL_ASSIGN_OR_RETURN(picture.pixels, ReadPixels<uint16_t>(reader, layout, orientation));
  } else {
    PEEL_ASSIGN_OR_RETURN(picture.pixels, ReadPixels<uint8_t>(reader, layout, orientation));
  }
  picture.warning = reader.Doubts();
  if (options.keep_metadata) {
    Metadata found = reader.ReadMetadata();
    // Lab has been brought to sRGB.
    if (layout.colour == TiffColour::kLab) found.icc.clear();
    AdoptMetadata(std::move(found), options, &picture);
  }
  return picture;
}

// One more than the limit, so that a file with too many is noticed.
size_t MostPages(const DecodeOptions& options) {
  return static_cast<size_t>(std::max(options.limits.max_frames, 0)) + 1;
}

class TiffPages final : public FrameReader {
 public:
  TiffPages(std::unique_ptr<TiffReader> reader, const DecodeOptions& options)
      : reader_(std::move(reader)), options_(options) {}
  int count() const override { return reader_->pages(); }
  Result<Picture> Next() override { return ReadPage(*reader_, options_, at_++); }

 private:
  const std::unique_ptr<TiffReader> reader_;
  const DecodeOptions options_;
  int at_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameReader>> OpenTiffFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(auto reader, TiffReader::Open(bytes, MostPages(options)));
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, 1, 1, static_cast<uint64_t>(reader->pages())));
  return std::unique_ptr<FrameReader>(std::make_unique<TiffPages>(std::move(reader), options));
}

Result<Picture> DecodeTiff(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const auto reader, TiffReader::Open(bytes, MostPages(options)));
  return ReadPage(*reader, options, 0);
}

Result<PictureInfo> ProbeTiff(std::span<const uint8_t> bytes) {
  PEEL_ASSIGN_OR_RETURN(const auto reader, TiffReader::Open(bytes, size_t{1} << 20));
  PictureInfo info;
  info.frames = reader->pages();
  PEEL_ASSIGN_OR_RETURN(const TiffLayout layout, reader->ReadLayout());
  if (layout.width > INT32_MAX || layout.height > INT32_MAX) {
    return Corrupt("the TIFF's header says an impossible size");
  }
  info.format = Format::kTiff;
  info.width = static_cast<int>(layout.width);
  info.height = static_cast<int>(layout.height);
  info.channels = layout.samples;
  info.bits = layout.by_libtiff ? 8 : layout.bits;
  info.has_alpha = layout.alpha != TiffAlpha::kNone;
  info.is_cmyk = layout.colour == TiffColour::kCmyk;
  info.is_palette = layout.colour == TiffColour::kPalette;
  info.orientation = layout.orientation;
  return info;
}

}  // namespace peel
