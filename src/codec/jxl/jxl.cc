#ifdef PEEL_HAVE_JXL

#include "src/codec/jxl/jxl.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/block_cache.h"
#include "src/base/os/quiet_library.h"
#include "src/base/thread_pool.h"
#include "src/codec/bytes.h"
#include "src/codec/lazy/jxl_library.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/metadata.h"

namespace peel {
namespace {

constexpr size_t kMaxBox = size_t{64} << 20;

// A JxlParallelRunner.
JxlParallelRetCode RunOnPool(void* opaque, void* jxl, JxlParallelRunInit init,
                             JxlParallelRunFunction body, uint32_t first, uint32_t end) {
  auto& pool = *static_cast<ThreadPool*>(opaque);
  const JxlParallelRetCode code = init(jxl, static_cast<size_t>(pool.size()));
  if (code != 0) return code;
  pool.ParallelFor(end > first ? end - first : 0, [&](int64_t i, int worker) {
    body(jxl, first + static_cast<uint32_t>(i), static_cast<size_t>(worker));
  });
  return 0;
}

// prints: what libjxl has printed, where it does.
Status JxlFailure(std::string_view prints, const LibraryVersion& version) {
  constexpr std::string_view kReason = "JXL_FAILURE: ";
  const size_t from = prints.find(kReason);
  std::string_view reason;
  if (from != std::string_view::npos) {
    reason = prints.substr(from + kReason.size());
    reason = reason.substr(0, reason.find('\n'));
  }
  constexpr LibraryVersion kSplines = {0, 9, 0};
  if (version < kSplines && reason.find("Too many pixels covered with splines") == 0) {
    return Unsupported("a JPEG XL with large splines: " +
                       TooOld("libjxl", version.Text(), kSplines.Text()));
  }
  if (reason.empty() && version < kSplines) {
    return Corrupt("the JPEG XL cannot be decoded: it is damaged, or this libjxl " +
                   version.Text() + " is too old for it");
  }
  return Corrupt("the JPEG XL is damaged: it cannot be decoded" + InParentheses(reason));
}

class JxlReader {
 public:
  JxlReader(const JxlLibrary& lib, std::span<const uint8_t> bytes)
      : lib_(lib), bytes_(bytes), decoder_(lib.JxlDecoderCreate(nullptr), lib.JxlDecoderDestroy) {}

  // The header. pool: for the pixels, which libjxl wants to know before it begins; may be null.
  Status ReadInfo(int events, ThreadPool* pool) {
    if (!decoder_) return OutOfMemory("no memory left for decoding the JPEG XL");
    if (pool != nullptr && pool->size() > 1 &&
        lib_.JxlDecoderSetParallelRunner(decoder_.get(), RunOnPool, pool) != JXL_DEC_SUCCESS) {
      return Internal("libjxl takes no threads");
    }
    lib_.JxlDecoderSubscribeEvents(decoder_.get(), events);
    lib_.JxlDecoderSetUnpremultiplyAlpha(decoder_.get(), JXL_TRUE);
    lib_.JxlDecoderSetInput(decoder_.get(), bytes_.data(), bytes_.size());
    lib_.JxlDecoderCloseInput(decoder_.get());
    for (;;) {
      const JxlDecoderStatus status = lib_.JxlDecoderProcessInput(decoder_.get());
      if (status == JXL_DEC_BOX) {
        NextBox();
      } else if (status == JXL_DEC_BOX_NEED_MORE_OUTPUT) {
        PEEL_RETURN_IF_ERROR(GrowBox());
      } else if (status == JXL_DEC_BASIC_INFO) {
        break;
      } else {
        return Failure(status);
      }
    }
    if (lib_.JxlDecoderGetBasicInfo(decoder_.get(), &info_) != JXL_DEC_SUCCESS) {
      return Corrupt("the JPEG XL is damaged: its header cannot be read");
    }
    if (info_.xsize > INT32_MAX || info_.ysize > INT32_MAX) {
      return Corrupt("the JPEG XL's header says an impossible size");
    }
    return OkStatus();
  }

  const JxlBasicInfo& info() const { return info_; }
  bool has_alpha() const { return info_.alpha_bits > 0; }
  bool is_wide() const { return info_.bits_per_sample > 8 || info_.exponent_bits_per_sample > 0; }

  template <typename T>
  Result<Image<T>> ReadPixels() {
    Image<T> out;
    bool whole = false;
    for (;;) {
      const JxlDecoderStatus status = lib_.JxlDecoderProcessInput(decoder_.get());
      switch (status) {
        case JXL_DEC_COLOR_ENCODING:
          ReadProfile();
          break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER: {
          PEEL_ASSIGN_OR_RETURN(
              out, Image<T>::Allocate(static_cast<int>(info_.xsize), static_cast<int>(info_.ysize),
                                      has_alpha() ? 4 : 3));
          const JxlPixelFormat format = {static_cast<uint32_t>(out.channels()),
                                         sizeof(T) == 1 ? JXL_TYPE_UINT8 : JXL_TYPE_UINT16,
                                         JXL_NATIVE_ENDIAN, AlignedBuffer::kAlignment};
          const size_t room = static_cast<size_t>(out.stride()) * sizeof(T) * info_.ysize;
          size_t need = 0;
          if (lib_.JxlDecoderImageOutBufferSize(decoder_.get(), &format, &need) !=
                  JXL_DEC_SUCCESS ||
              need > room ||
              lib_.JxlDecoderSetImageOutBuffer(decoder_.get(), &format, out.row(0), room) !=
                  JXL_DEC_SUCCESS) {
            return Internal("libjxl wants pixels in another form");
          }
          break;
        }
        case JXL_DEC_BOX:
          NextBox();
          break;
        case JXL_DEC_BOX_NEED_MORE_OUTPUT:
          PEEL_RETURN_IF_ERROR(GrowBox());
          break;
        case JXL_DEC_FULL_IMAGE:
          whole = true;
          if (info_.have_animation) return out;  // the others are not looked at
          break;
        case JXL_DEC_SUCCESS:
          NextBox();
          if (!whole) return Corrupt("the JPEG XL is damaged: there is no picture in it");
          return out;
        default:
          // What comes behind a whole picture is only metadata.
          if (whole) return out;
          return Failure(status);
      }
    }
  }

  Metadata TakeMetadata() { return std::move(metadata_); }

 private:
  Status Failure(JxlDecoderStatus status) const {
    if (status == JXL_DEC_NEED_MORE_INPUT) {
      return Corrupt("the JPEG XL is truncated; get the whole file and try again");
    }
    const auto v = static_cast<int>(lib_.JxlDecoderVersion());
    const LibraryVersion version = {v / 1'000'000, v / 1000 % 1000, v % 1000};
    return JxlFailure(prints_.text(), version);
  }

  void ReadProfile() {
    size_t size = 0;
    if (lib_.JxlDecoderGetICCProfileSize(decoder_.get(), nullptr, JXL_COLOR_PROFILE_TARGET_DATA,
                                         &size) != JXL_DEC_SUCCESS ||
        size == 0 || size > kMaxIccBytes) {
      return;
    }
    std::vector<uint8_t> icc(size);
    if (lib_.JxlDecoderGetColorAsICCProfile(decoder_.get(), nullptr, JXL_COLOR_PROFILE_TARGET_DATA,
                                            icc.data(), icc.size()) == JXL_DEC_SUCCESS) {
      metadata_.icc = std::move(icc);
    }
  }

  // Closes the box at hand, and begins the one that comes where it is wanted.
  void NextBox() {
    if (!box_.empty()) {
      box_.resize(box_.size() - lib_.JxlDecoderReleaseBoxBuffer(decoder_.get()));
      if (std::string_view(type_, 4) == "xml " && metadata_.xmp.empty()) {
        metadata_.xmp = std::move(box_);
      } else if (std::string_view(type_, 4) == "Exif" && metadata_.exif.empty() &&
                 box_.size() > 4) {
        // Before the block stands where its TIFF header begins, counted from there.
        const uint64_t skip = uint64_t{4} + ReadBig32(box_.data());
        if (skip < box_.size()) {
          metadata_.exif.assign(box_.begin() + static_cast<ptrdiff_t>(skip), box_.end());
        }
      }
      box_.clear();
    }
    std::memset(type_, 0, sizeof(type_));
    if (lib_.JxlDecoderGetBoxType(decoder_.get(), type_, JXL_TRUE) != JXL_DEC_SUCCESS) return;
    const std::string_view type(type_, 4);
    if (type != "Exif" && type != "xml ") return;
    box_.resize(4096);
    lib_.JxlDecoderSetBoxBuffer(decoder_.get(), box_.data(), box_.size());
  }

  Status GrowBox() {
    if (box_.empty() || box_.size() >= kMaxBox) {
      return LimitExceeded("the JPEG XL has metadata of more than 64 MB");
    }
    const size_t used = box_.size() - lib_.JxlDecoderReleaseBoxBuffer(decoder_.get());
    box_.resize(2 * box_.size());
    lib_.JxlDecoderSetBoxBuffer(decoder_.get(), box_.data() + used, box_.size() - used);
    return OkStatus();
  }

  const JxlLibrary& lib_;
  const LibraryPrints prints_;  // the library has no other way to say what is wrong
  const std::span<const uint8_t> bytes_;
  std::unique_ptr<JxlDecoder, void (*)(JxlDecoder*)> decoder_;
  JxlBasicInfo info_ = {};
  Metadata metadata_;
  JxlBoxType type_ = {};
  std::vector<uint8_t> box_;  // as far as it has been read, and the room behind it
};

Result<Picture> DecodeOnce(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const JxlLibrary* lib, OpenJxlLibrary());
  JxlReader reader(*lib, bytes);
  int events = JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE;
  if (options.keep_metadata) events |= JXL_DEC_COLOR_ENCODING | JXL_DEC_BOX;
  PEEL_RETURN_IF_ERROR(reader.ReadInfo(events, options.pool));
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, reader.info().xsize, reader.info().ysize));
  // The library holds the picture in floats.
  BlockCache::Process().MakeRoom(size_t{16} * reader.info().xsize * reader.info().ysize);
  Picture picture;
  picture.format = Format::kJxl;
  picture.stored_width = static_cast<int>(reader.info().xsize);
  picture.stored_height = static_cast<int>(reader.info().ysize);
  picture.has_alpha = reader.has_alpha();
  picture.was_grey = reader.info().num_color_channels == 1;
  if (reader.is_wide() && !options.reduce_to_8_bits) {
    PEEL_ASSIGN_OR_RETURN(picture.pixels, reader.ReadPixels<uint16_t>());
  } else {
    PEEL_ASSIGN_OR_RETURN(picture.pixels, reader.ReadPixels<uint8_t>());
  }
  AdoptMetadata(reader.TakeMetadata(), options, &picture);
  return picture;
}

}  // namespace

Result<Picture> DecodeJxl(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  auto picture = DecodeOnce(bytes, options);
  if (picture.ok() || options.pool == nullptr || options.pool->size() == 1) return picture;
  const StatusCode code = picture.status().code();
  if (code != StatusCode::kCorrupt && code != StatusCode::kUnsupported) return picture;
  // The library prints what is wrong in the thread that finds it; several would leave it to chance
  // what the user is told.
  DecodeOptions alone = options;
  alone.pool = nullptr;
  return DecodeOnce(bytes, alone);
}

Result<PictureInfo> ProbeJxl(std::span<const uint8_t> bytes) {
  PEEL_ASSIGN_OR_RETURN(const JxlLibrary* lib, OpenJxlLibrary());
  JxlReader reader(*lib, bytes);
  PEEL_RETURN_IF_ERROR(reader.ReadInfo(JXL_DEC_BASIC_INFO, nullptr));
  PictureInfo info;
  info.format = Format::kJxl;
  info.width = static_cast<int>(reader.info().xsize);
  info.height = static_cast<int>(reader.info().ysize);
  info.has_alpha = reader.has_alpha();
  info.channels = static_cast<int>(reader.info().num_color_channels) + (info.has_alpha ? 1 : 0);
  info.bits = reader.is_wide() ? 16 : 8;
  return info;
}

}  // namespace peel

#endif  // PEEL_HAVE_JXL
