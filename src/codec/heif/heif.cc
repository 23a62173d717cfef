#include "src/codec/heif/heif.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/block_cache.h"
#include "src/codec/bytes.h"
#include "src/codec/heif/heif_check.h"
#include "src/codec/heif/heif_items.h"
#include "src/codec/lazy/heif_library.h"
#include "src/codec/lazy/library_text.h"
#include "src/codec/metadata/cicp.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/metadata.h"
#include "src/image/composite.h"

namespace peel {
namespace {

constexpr size_t kMaxBlob = size_t{64} << 20;

Status Failure(const heif_error& error) {
  const std::string why = InParentheses(error.message != nullptr ? error.message : "");
  if (error.subcode == heif_suberror_Security_limit_exceeded) {
    return LimitExceeded("the HEIC is larger than libheif allows" + why);
  }
  switch (error.code) {
    case heif_error_Memory_allocation_error:
      return OutOfMemory("no memory left while decoding the HEIC");
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
    case heif_error_Plugin_loading_error:
      return Unsupported("a kind of HEIF that cannot be read here" + why +
                         "; save it as JPEG or PNG first");
    default:
      return Corrupt("the HEIC is damaged or truncated" + why);
  }
}

class HeifFrames final : public FrameReader {
 public:
  HeifFrames(const HeifLibrary& lib, const DecodeOptions& options)
      : lib_(lib), options_(options), context_(lib.heif_context_alloc()) {}
  ~HeifFrames() override {
    if (context_ != nullptr) lib_.heif_context_free(context_);
  }
  HeifFrames(const HeifFrames&) = delete;
  HeifFrames& operator=(const HeifFrames&) = delete;

  Status Parse(std::span<const uint8_t> bytes) {
    if (context_ == nullptr) return OutOfMemory("no memory left for decoding the HEIC");
    PEEL_ASSIGN_OR_RETURN(items_, ReadHeifItems(bytes));
    PEEL_RETURN_IF_ERROR(CheckHeifKind(items_, items_.primary, version_));
    lib_.heif_context_set_maximum_image_size_limit(
        context_, std::max(options_.limits.max_width, options_.limits.max_height));
    // 0 threads: the calling one alone.
    const int threads = LibraryThreads(options_.pool);
    lib_.heif_context_set_max_decoding_threads(context_, threads > 1 ? threads : 0);
    heif_error error = lib_.heif_context_read_from_memory_without_copy(context_, bytes.data(),
                                                                       bytes.size(), nullptr);
    if (error.code != heif_error_Ok) return Failure(error);
    const int count = lib_.heif_context_get_number_of_top_level_images(context_);
    ids_.resize(static_cast<size_t>(std::max(count, 0)));
    if (ids_.empty()) return Corrupt("the HEIC is damaged: there is no picture in it");
    lib_.heif_context_get_list_of_top_level_image_IDs(context_, ids_.data(), count);
    // The primary picture first. Where it is none that the file shows (a thumbnail of another,
    // say), those that it does show count alone.
    const auto found = std::ranges::find(ids_, items_.primary);
    if (found != ids_.end()) std::rotate(ids_.begin(), found, found + 1);
    return OkStatus();
  }

  int count() const override { return static_cast<int>(ids_.size()); }

  Result<PictureInfo> Info(size_t index) {
    PEEL_RETURN_IF_ERROR(CheckHeifImage(items_, ids_[index], version_, options_.limits.max_pixels));
    PEEL_ASSIGN_OR_RETURN(const Handle handle, Open(index));
    PictureInfo info;
    info.format = Format::kHeic;
    info.width = lib_.heif_image_handle_get_width(handle.get());
    info.height = lib_.heif_image_handle_get_height(handle.get());
    info.has_alpha = lib_.heif_image_handle_has_alpha_channel(handle.get()) != 0;
    info.channels = info.has_alpha ? 4 : 3;
    info.bits = std::max(lib_.heif_image_handle_get_luma_bits_per_pixel(handle.get()), 8);
    info.frames = count();
    if (info.width < 1 || info.height < 1) {
      return Corrupt("the HEIC is damaged: its picture has no size");
    }
    return info;
  }

  Result<Picture> Next() override {
    const size_t index = std::min(at_++, ids_.size() - 1);
    PEEL_ASSIGN_OR_RETURN(const PictureInfo info, Info(index));
    PEEL_RETURN_IF_ERROR(CheckSize(options_.limits, static_cast<uint64_t>(info.width),
                                   static_cast<uint64_t>(info.height),
                                   static_cast<uint64_t>(info.frames)));
    // The library holds the picture in two forms of its own.
    BlockCache::Process().MakeRoom(size_t{16} * static_cast<size_t>(info.width) *
                                   static_cast<size_t>(info.height));
    PEEL_ASSIGN_OR_RETURN(const Handle handle, Open(index));
    const bool wide = info.bits > 8 && !options_.reduce_to_8_bits;
    PEEL_ASSIGN_OR_RETURN(const Decoded decoded, Decode(handle.get(), wide, info.has_alpha));
    Picture picture;
    picture.format = Format::kHeic;
    picture.stored_width = info.width;
    picture.stored_height = info.height;
    picture.has_alpha = info.has_alpha;
    picture.frames = info.frames;
    picture.orientation = 1;
    const bool premultiplied =
        info.has_alpha && lib_.heif_image_handle_is_premultiplied_alpha(handle.get()) != 0;
    if (wide) {
      PEEL_ASSIGN_OR_RETURN(picture.pixels, Copy<uint16_t>(decoded.get(), info));
    } else {
      PEEL_ASSIGN_OR_RETURN(picture.pixels, Copy<uint8_t>(decoded.get(), info));
    }
    if (premultiplied) {
      std::visit([](auto& pixels) { Unpremultiply(pixels.view()); }, picture.pixels);
    }
    if (options_.keep_metadata) {
      AdoptMetadata(CollectMetadata(handle.get(), decoded.get()), options_, &picture);
    }
    return picture;
  }

 private:
  using Handle = std::unique_ptr<heif_image_handle, void (*)(const heif_image_handle*)>;
  using Decoded = std::unique_ptr<heif_image, void (*)(const heif_image*)>;

  Result<Handle> Open(size_t index) {
    heif_image_handle* handle = nullptr;
    const heif_error error = lib_.heif_context_get_image_handle(context_, ids_[index], &handle);
    if (error.code != heif_error_Ok) return Failure(error);
    return Handle(handle, lib_.heif_image_handle_release);
  }

  Result<Decoded> Decode(const heif_image_handle* handle, bool wide, bool alpha) {
    constexpr bool kLittle = std::endian::native == std::endian::little;
    const heif_chroma chroma =
        !wide ? (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB)
        : kLittle
            ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
            : (alpha ? heif_chroma_interleaved_RRGGBBAA_BE : heif_chroma_interleaved_RRGGBB_BE);
    const std::unique_ptr<heif_decoding_options, void (*)(heif_decoding_options*)> options(
        lib_.heif_decoding_options_alloc(), lib_.heif_decoding_options_free);
    if (!options) return OutOfMemory("no memory left for decoding the HEIC");
    options->convert_hdr_to_8bit = !wide;
    heif_image* image = nullptr;
    const heif_error error =
        lib_.heif_decode_image(handle, &image, heif_colorspace_RGB, chroma, options.get());
    if (error.code != heif_error_Ok) return Failure(error);
    return Decoded(image, lib_.heif_image_release);
  }

  template <typename T>
  Result<Image<T>> Copy(const heif_image* image, const PictureInfo& info) const {
    int stride = 0;
    const uint8_t* plane =
        lib_.heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    if (plane == nullptr ||
        lib_.heif_image_get_width(image, heif_channel_interleaved) != info.width ||
        lib_.heif_image_get_height(image, heif_channel_interleaved) != info.height) {
      return Corrupt("the HEIC is damaged: its picture has another size than its header says");
    }
    PEEL_ASSIGN_OR_RETURN(Image<T> out,
                          Image<T>::Allocate(info.width, info.height, info.has_alpha ? 4 : 3));
    const size_t samples = static_cast<size_t>(info.width) * static_cast<size_t>(out.channels());
    const int bits =
        sizeof(T) == 1 ? 8
                       : lib_.heif_image_get_bits_per_pixel_range(image, heif_channel_interleaved);
    const uint32_t most = (1u << std::clamp(bits, 1, 16)) - 1;
    for (int y = 0; y < info.height; ++y) {
      T* to = out.row(y);
      std::memcpy(to, plane + static_cast<size_t>(y) * static_cast<size_t>(stride),
                  samples * sizeof(T));
      if (sizeof(T) == 1 || most == 65535) continue;
      for (size_t i = 0; i < samples; ++i) {
        to[i] = static_cast<T>((std::min<uint32_t>(to[i], most) * 65535u + most / 2) / most);
      }
    }
    return out;
  }

  Metadata CollectMetadata(const heif_image_handle* handle, const heif_image* image) const {
    Metadata metadata;
    const size_t size = lib_.heif_image_handle_get_raw_color_profile_size(handle);
    if (size > 0 && size <= kMaxIccBytes) {
      metadata.icc.resize(size);
      if (lib_.heif_image_handle_get_raw_color_profile(handle, metadata.icc.data()).code !=
          heif_error_Ok) {
        metadata.icc.clear();
      }
    } else {
      metadata.icc = IccFromCicp(ColourOf(handle, image));
    }
    const int blocks = lib_.heif_image_handle_get_number_of_metadata_blocks(handle, nullptr);
    std::vector<heif_item_id> ids(static_cast<size_t>(std::clamp(blocks, 0, 64)));
    lib_.heif_image_handle_get_list_of_metadata_block_IDs(handle, nullptr, ids.data(),
                                                          static_cast<int>(ids.size()));
    for (const heif_item_id id : ids) {
      const size_t bytes = lib_.heif_image_handle_get_metadata_size(handle, id);
      if (bytes == 0 || bytes > kMaxBlob) continue;
      std::vector<uint8_t> data(bytes);
      if (lib_.heif_image_handle_get_metadata(handle, id, data.data()).code != heif_error_Ok) {
        continue;
      }
      const std::string type = lib_.heif_image_handle_get_metadata_type(handle, id);
      if (type == "Exif" && metadata.exif.empty()) {
        metadata.exif = WithoutOffset(data);
      } else if (type == "mime" && metadata.xmp.empty() &&
                 std::string(lib_.heif_image_handle_get_metadata_content_type(handle, id)) ==
                     "application/rdf+xml") {
        metadata.xmp = std::move(data);
      }
    }
    return metadata;
  }

  // Before the block stands where its TIFF header begins, counted from there.
  static std::vector<uint8_t> WithoutOffset(const std::vector<uint8_t>& data) {
    if (data.size() < 4) return {};
    const uint64_t skip = uint64_t{4} + ReadBig32(data.data());
    if (skip >= data.size()) return {};
    return {data.begin() + static_cast<ptrdiff_t>(skip), data.end()};
  }

  Cicp ColourOf(const heif_image_handle* handle, const heif_image* image) const {
    // Where a code point is unknown to it libheif reports an error and hands over a profile as
    // well.
    const auto read = [this](auto get, const auto* from) -> std::optional<Cicp> {
      heif_color_profile_nclx* nclx = nullptr;
      const bool known = get(from, &nclx).code == heif_error_Ok && nclx != nullptr;
      std::optional<Cicp> cicp;
      if (known) {
        cicp = {static_cast<int>(nclx->color_primaries),
                static_cast<int>(nclx->transfer_characteristics)};
      }
      if (nclx != nullptr) lib_.heif_nclx_color_profile_free(nclx);
      return cicp;
    };
    std::optional<Cicp> cicp = read(lib_.heif_image_handle_get_nclx_color_profile, handle);
    // Else it may be told by the picture data alone.
    if (!cicp) cicp = read(lib_.heif_image_get_nclx_color_profile, image);
    return cicp.value_or(Cicp{});
  }

  const HeifLibrary& lib_;
  const DecodeOptions options_;
  const std::string version_ = lib_.heif_get_version();
  heif_context* const context_;
  HeifItems items_;
  std::vector<heif_item_id> ids_;
  size_t at_ = 0;
};

Result<std::unique_ptr<HeifFrames>> Open(std::span<const uint8_t> bytes,
                                         const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const HeifLibrary* lib, OpenHeifLibrary());
  auto frames = std::make_unique<HeifFrames>(*lib, options);
  PEEL_RETURN_IF_ERROR(frames->Parse(bytes));
  return frames;
}

}  // namespace

Result<std::unique_ptr<FrameReader>> OpenHeifFrames(std::span<const uint8_t> bytes,
                                                    const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(std::unique_ptr<HeifFrames> frames, Open(bytes, options));
  return std::unique_ptr<FrameReader>(std::move(frames));
}

Result<Picture> DecodeHeif(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const auto frames, Open(bytes, options));
  return frames->Next();
}

Result<PictureInfo> ProbeHeif(std::span<const uint8_t> bytes) {
  DecodeOptions options;
  options.limits.max_pixels = UINT64_MAX;
  options.limits.max_width = options.limits.max_height = INT32_MAX;
  PEEL_ASSIGN_OR_RETURN(const auto frames, Open(bytes, options));
  return frames->Info(0);
}

}  // namespace peel
