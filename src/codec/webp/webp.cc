#include "src/codec/webp/webp.h"

#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "src/base/block_cache.h"
#include "src/codec/metadata/metadata.h"
#include "src/codec/metadata/orient.h"

namespace peel {
namespace {

constexpr int kDefaultQuality = 90;

struct FreeDemuxer {
  void operator()(WebPDemuxer* d) const { WebPDemuxDelete(d); }
};
struct FreeMux {
  void operator()(WebPMux* m) const { WebPMuxDelete(m); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, FreeDemuxer>;

Result<Demuxer> Open(std::span<const uint8_t> bytes) {
  const WebPData data = {bytes.data(), bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  Demuxer demuxer(WebPDemuxPartial(&data, &state));
  if (state == WEBP_DEMUX_DONE && demuxer) return demuxer;
  if (state == WEBP_DEMUX_PARSE_ERROR || bytes.size() < 12) {
    return Corrupt("the WebP is damaged: its chunks do not fit together");
  }
  const uint64_t need = uint64_t{8} + bytes[4] + (uint64_t{bytes[5]} << 8) +
                        (uint64_t{bytes[6]} << 16) + (uint64_t{bytes[7]} << 24);
  if (need <= bytes.size()) {
    return Corrupt("the WebP is damaged or truncated: its last chunk is longer than its file");
  }
  return Corrupt("the WebP is truncated: it has " + std::to_string(bytes.size()) + " of " +
                 std::to_string(need) + " bytes; get the whole file and try again");
}

std::vector<uint8_t> Chunk(const WebPDemuxer* demuxer, const char* fourcc) {
  WebPChunkIterator it;
  std::vector<uint8_t> out;
  if (WebPDemuxGetChunk(demuxer, fourcc, 1, &it)) {
    out.assign(it.chunk.bytes, it.chunk.bytes + it.chunk.size);
    WebPDemuxReleaseChunkIterator(&it);
  }
  return out;
}

Metadata CollectMetadata(const WebPDemuxer* demuxer) {
  Metadata metadata;
  metadata.icc = Chunk(demuxer, "ICCP");
  metadata.exif = Chunk(demuxer, "EXIF");
  if (metadata.exif.size() >= 6 && std::memcmp(metadata.exif.data(), "Exif\0\0", 6) == 0) {
    metadata.exif.erase(metadata.exif.begin(), metadata.exif.begin() + 6);
  }
  metadata.xmp = Chunk(demuxer, "XMP ");
  return metadata;
}

Status DecodeStatus(VP8StatusCode code) {
  switch (code) {
    case VP8_STATUS_OK:
      return OkStatus();
    case VP8_STATUS_OUT_OF_MEMORY:
      return OutOfMemory("no memory left while decoding the WebP");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return Unsupported("a kind of WebP that Peel does not read; save it as PNG or JPEG first");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return Corrupt("the WebP is truncated: its picture data ends too early");
    default:
      return Corrupt("the WebP is damaged: its picture data cannot be decoded");
  }
}

// The frame's pixels into the part of `out` that it covers.
Status DecodeFrame(const WebPIterator& frame, bool alpha, int threads, ImageU8& out) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return Internal("libwebp does not fit its header");
  uint8_t* to = out.row(frame.y_offset) + ptrdiff_t{frame.x_offset} * out.channels();
  config.options.use_threads = threads > 1;  // one more, for the filter behind the decoder
  config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = to;
  config.output.u.RGBA.stride = static_cast<int>(out.stride());
  config.output.u.RGBA.size =
      static_cast<size_t>(frame.height - 1) * static_cast<size_t>(out.stride()) +
      static_cast<size_t>(frame.width) * static_cast<size_t>(out.channels());
  const VP8StatusCode code = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
  WebPFreeDecBuffer(&config.output);
  return DecodeStatus(code);
}

}  // namespace

Result<Picture> DecodeWebp(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const Demuxer demuxer, Open(bytes));
  const uint32_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const uint32_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  const uint32_t frames = WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT);
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, width, height, frames));
  // The library holds a lossless picture in a form of its own.
  BlockCache::Process().MakeRoom(size_t{8} * width * height);

  WebPIterator frame;
  if (!WebPDemuxGetFrame(demuxer.get(), 1, &frame)) {
    return Corrupt("the WebP is damaged: there is no picture in it");
  }
  const std::unique_ptr<WebPIterator, void (*)(WebPIterator*)> release(&frame,
                                                                       WebPDemuxReleaseIterator);
  const int w = static_cast<int>(width), h = static_cast<int>(height);
  if (frame.x_offset < 0 || frame.y_offset < 0 || frame.width < 1 || frame.height < 1 ||
      frame.width > w - frame.x_offset || frame.height > h - frame.y_offset) {
    return Corrupt("the WebP is damaged: its first frame lies outside of the picture");
  }
  const bool partial = frame.width != w || frame.height != h;
  const bool alpha = frame.has_alpha != 0 || partial;

  Picture picture;
  picture.format = Format::kWebp;
  picture.stored_width = w;
  picture.stored_height = h;
  picture.has_alpha = alpha;
  picture.frames = static_cast<int>(frames);
  Metadata found = CollectMetadata(demuxer.get());
  picture.orientation = OrientationOf(found);
  picture.orientation_applied = options.apply_orientation;

  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(w, h, alpha ? 4 : 3));
  if (partial) {
    for (int y = 0; y < h; ++y) std::memset(out.row(y), 0, static_cast<size_t>(w) * 4);
  }
  PEEL_RETURN_IF_ERROR(DecodeFrame(frame, alpha, LibraryThreads(options.pool), out));
  if (options.apply_orientation && picture.orientation != 1) {
    PEEL_ASSIGN_OR_RETURN(out, Upright<uint8_t>(out.view(), picture.orientation));
  }
  picture.pixels = std::move(out);
  AdoptMetadata(std::move(found), options, &picture);
  return picture;
}

Result<PictureInfo> ProbeWebp(std::span<const uint8_t> bytes) {
  PEEL_ASSIGN_OR_RETURN(const Demuxer demuxer, Open(bytes));
  PictureInfo info;
  info.format = Format::kWebp;
  info.width = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH));
  info.height = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT));
  info.frames = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT));
  WebPIterator frame;
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame)) {
    info.has_alpha =
        frame.has_alpha != 0 || frame.width != info.width || frame.height != info.height;
    WebPDemuxReleaseIterator(&frame);
  }
  info.channels = info.has_alpha ? 4 : 3;
  info.orientation = OrientationOf(CollectMetadata(demuxer.get()));
  return info;
}

namespace {

struct EncoderPicture {
  WebPPicture picture = {};
  WebPMemoryWriter writer = {};
  EncoderPicture() { WebPMemoryWriterInit(&writer); }
  ~EncoderPicture() {
    WebPPictureFree(&picture);
    WebPMemoryWriterClear(&writer);
  }
  EncoderPicture(const EncoderPicture&) = delete;
  EncoderPicture& operator=(const EncoderPicture&) = delete;
};

Status EncodeStatus(WebPEncodingError code) {
  switch (code) {
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
      return OutOfMemory("no memory left while writing the WebP");
    case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    case VP8_ENC_ERROR_PARTITION_OVERFLOW:
    case VP8_ENC_ERROR_FILE_TOO_BIG:
      return Unsupported("the picture is too large for WebP at this quality; write PNG instead");
    default:
      return Internal("libwebp refused the picture, error " + std::to_string(code));
  }
}

bool Import(ImageView<const uint8_t> pixels, WebPPicture* picture) {
  const int stride = static_cast<int>(pixels.stride);
  if (pixels.channels == 4) return WebPPictureImportRGBA(picture, pixels.data, stride) != 0;
  if (pixels.channels == 3) return WebPPictureImportRGB(picture, pixels.data, stride) != 0;
  std::unique_ptr<uint8_t[]> rgb(
      new (std::nothrow) uint8_t[static_cast<size_t>(pixels.width) * pixels.height * 3]);
  if (!rgb) return false;
  uint8_t* to = rgb.get();
  for (int y = 0; y < pixels.height; ++y) {
    for (int x = 0; x < pixels.width; ++x, to += 3) to[0] = to[1] = to[2] = pixels.row(y)[x];
  }
  return WebPPictureImportRGB(picture, rgb.get(), pixels.width * 3) != 0;
}

Result<std::vector<uint8_t>> AddMetadata(const uint8_t* file, size_t size,
                                         const Metadata& metadata) {
  const WebPData image = {file, size};
  const std::unique_ptr<WebPMux, FreeMux> mux(WebPMuxCreate(&image, 0));
  if (!mux) return OutOfMemory("no memory left while writing the WebP");
  const auto set = [&](const char* fourcc, const std::vector<uint8_t>& bytes) {
    const WebPData data = {bytes.data(), bytes.size()};
    return bytes.empty() || WebPMuxSetChunk(mux.get(), fourcc, &data, 0) == WEBP_MUX_OK;
  };
  WebPData assembled = {};
  if (!set("ICCP", metadata.icc) || !set("EXIF", metadata.exif) || !set("XMP ", metadata.xmp) ||
      WebPMuxAssemble(mux.get(), &assembled) != WEBP_MUX_OK) {
    return Internal("libwebp could not add the metadata");
  }
  std::vector<uint8_t> out(assembled.bytes, assembled.bytes + assembled.size);
  WebPDataClear(&assembled);
  return out;
}

}  // namespace

Result<std::vector<uint8_t>> EncodeWebp(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options) {
  if (pixels.width > WEBP_MAX_DIMENSION || pixels.height > WEBP_MAX_DIMENSION) {
    return Unsupported("a WebP holds at most " + std::to_string(WEBP_MAX_DIMENSION) +
                       " pixels a side; write PNG instead");
  }
  WebPConfig config;
  EncoderPicture encoder;
  if (!WebPConfigInit(&config) || !WebPPictureInit(&encoder.picture)) {
    return Internal("libwebp does not fit its header");
  }
  if (options.lossless) {
    WebPConfigLosslessPreset(&config, 2);
  } else {
    config.quality = static_cast<float>(options.quality == 0 ? kDefaultQuality : options.quality);
  }
  config.thread_level = LibraryThreads(options.pool) > 1;
  encoder.picture.use_argb = options.lossless;
  encoder.picture.width = pixels.width;
  encoder.picture.height = pixels.height;
  encoder.picture.writer = WebPMemoryWrite;
  encoder.picture.custom_ptr = &encoder.writer;
  if (!Import(pixels, &encoder.picture)) return OutOfMemory("no memory left for writing the WebP");
  if (!WebPEncode(&config, &encoder.picture)) return EncodeStatus(encoder.picture.error_code);
  const Metadata* metadata = options.metadata;
  if (metadata != nullptr &&
      !(metadata->icc.empty() && metadata->exif.empty() && metadata->xmp.empty())) {
    return AddMetadata(encoder.writer.mem, encoder.writer.size, *metadata);
  }
  return std::vector<uint8_t>(encoder.writer.mem, encoder.writer.mem + encoder.writer.size);
}

}  // namespace peel
