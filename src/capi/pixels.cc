#include "src/capi/pixels.h"

#include <cstdint>
#include <string>
#include <utility>

#include "src/image/geometry.h"

namespace peel {
namespace {

constexpr int kFlags = PEEL_BGR | PEEL_16_BIT;

// `channels` are those of T's that the view is to have.
template <typename T>
Result<ImageView<const T>> ViewOf(const peel_pixels& pixels, int channels) {
  const size_t row = static_cast<size_t>(pixels.width) * static_cast<size_t>(channels) * sizeof(T);
  const size_t stride = pixels.stride == 0 ? row : pixels.stride;
  if (stride < row) return InvalidArgument("the stride is shorter than a row");
  if (stride % sizeof(T) != 0 || reinterpret_cast<uintptr_t>(pixels.data) % sizeof(T) != 0) {
    return InvalidArgument("16-bit samples lie at even addresses");
  }
  return ImageView<const T>{reinterpret_cast<const T*>(pixels.data), pixels.width, pixels.height,
                            channels, static_cast<ptrdiff_t>(stride / sizeof(T))};
}

Status CheckThere(const peel_pixels* pixels) {
  if (pixels == nullptr || pixels->data == nullptr || pixels->width < 1 || pixels->height < 1) {
    return InvalidArgument("there are no pixels");
  }
  return OkStatus();
}

template <typename T>
void Swap(ImageView<T> pixels) {
  if (pixels.channels < 3) return;
  for (int y = 0; y < pixels.height; ++y) {
    T* p = pixels.row(y);
    for (int x = 0; x < pixels.width; ++x, p += pixels.channels) std::swap(p[0], p[2]);
  }
}

template <typename T>
Status ReadInto(const peel_pixels& pixels, int channels, PicturePixels& picture) {
  PEEL_ASSIGN_OR_RETURN(const auto view, ViewOf<T>(pixels, channels));
  picture.view = view;
  if (!picture.was_bgr && !picture.was_grey) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(
      Image<T> copy, Image<T>::Allocate(view.width, view.height, picture.was_grey ? 3 : channels));
  for (int y = 0; y < view.height; ++y) {
    const T* from = view.row(y);
    T* to = copy.row(y);
    if (picture.was_grey) {
      for (int x = 0; x < view.width; ++x, to += 3) to[0] = to[1] = to[2] = from[x];
      continue;
    }
    for (int x = 0; x < view.width; ++x, from += channels, to += channels) {
      to[0] = from[2];
      to[1] = from[1];
      to[2] = from[0];
      if (channels == 4) to[3] = from[3];
    }
  }
  picture.view = std::as_const(copy).view();  // its memory moves along
  picture.copy = std::move(copy);
  return OkStatus();
}

}  // namespace

Result<PicturePixels> ReadPicture(const peel_pixels* pixels) {
  PEEL_RETURN_IF_ERROR(CheckThere(pixels));
  PicturePixels picture;
  const int channels = pixels->channels & ~kFlags;
  picture.was_bgr = (pixels->channels & PEEL_BGR) != 0;
  picture.was_grey = channels == 1;
  if (channels != 1 && channels != 3 && channels != 4) {
    return InvalidArgument("pixels have 1 channel (grey), 3 (RGB) or 4 (RGBA), not " +
                           std::to_string(channels));
  }
  if (picture.was_grey && picture.was_bgr) {
    return InvalidArgument("grey pixels have no order: PEEL_BGR needs 3 or 4 channels");
  }
  PEEL_RETURN_IF_ERROR((pixels->channels & PEEL_16_BIT) != 0
                           ? ReadInto<uint16_t>(*pixels, channels, picture)
                           : ReadInto<uint8_t>(*pixels, channels, picture));
  return picture;
}

Result<ImageView<const uint8_t>> ReadPlane(const peel_pixels* pixels, const char* what) {
  PEEL_RETURN_IF_ERROR(CheckThere(pixels));
  if (pixels->channels != 1) {
    return InvalidArgument(std::string(what) + " has 1 channel of 8 bits, not " +
                           std::to_string(pixels->channels & ~kFlags) +
                           ((pixels->channels & PEEL_16_BIT) != 0 ? " of 16" : ""));
  }
  return ViewOf<uint8_t>(*pixels, 1);
}

Result<ImageU8> ReadColours(const peel_pixels* pixels, const char* what) {
  PEEL_RETURN_IF_ERROR(CheckThere(pixels));
  const int channels = pixels->channels & ~kFlags;
  if ((channels != 3 && channels != 4) || (pixels->channels & PEEL_16_BIT) != 0) {
    return InvalidArgument(std::string(what) + " have 3 or 4 channels of 8 bits, not " +
                           std::to_string(channels) +
                           ((pixels->channels & PEEL_16_BIT) != 0 ? " of 16" : ""));
  }
  PEEL_ASSIGN_OR_RETURN(const auto view, ViewOf<uint8_t>(*pixels, channels));
  PEEL_ASSIGN_OR_RETURN(ImageU8 copy, Clone(view));
  if ((pixels->channels & PEEL_BGR) != 0) SwapRedAndBlue(copy.view());
  return copy;
}

void SwapRedAndBlue(ImageView<uint8_t> pixels) { Swap(pixels); }
void SwapRedAndBlue(ImageView<uint16_t> pixels) { Swap(pixels); }

}  // namespace peel
