#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/base/status.h"

namespace peel {

// Borrowed interleaved pixels, row by row from the top: channel c of pixel (x, y) is
// row(y)[x * channels + c]. stride is the distance of two rows in elements of T, not bytes.
template <typename T>
struct ImageView {
  T* data = nullptr;
  int width = 0;
  int height = 0;
  int channels = 0;
  ptrdiff_t stride = 0;

  T* row(int y) const { return data + y * stride; }
  bool empty() const { return width <= 0 || height <= 0; }
  operator ImageView<const T>() const  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<T>) {
    return {data, width, height, channels, stride};
  }
};

// Owned interleaved pixels, uninitialised when allocated, move-only. Rows start on 64-byte borders.
template <typename T>
class Image {
 public:
  Image() = default;
  Image(Image&& o) noexcept { *this = std::move(o); }
  Image& operator=(Image&& o) noexcept {
    buffer_ = std::move(o.buffer_);
    view_ = std::exchange(o.view_, {});
    return *this;
  }

  // width, height and channels >= 1. kOutOfMemory when it cannot be had.
  static Result<Image> Allocate(int width, int height, int channels) {
    if (width < 1 || height < 1 || channels < 1) {
      return InvalidArgument("an image needs at least one pixel and one channel");
    }
    constexpr int64_t kStep = AlignedBuffer::kAlignment / sizeof(T);
    const int64_t stride = RoundUp(int64_t{width} * channels, kStep);
    const auto bytes = CheckedProduct<size_t>(stride, height, sizeof(T));
    if (!bytes) return OutOfMemory("an image of this size cannot be addressed");
    Image image;
    PEEL_ASSIGN_OR_RETURN(image.buffer_, AlignedBuffer::Allocate(*bytes));
    image.view_ = {image.buffer_.template as<T>(), width, height, channels,
                   static_cast<ptrdiff_t>(stride)};
    return image;
  }

  int width() const { return view_.width; }
  int height() const { return view_.height; }
  int channels() const { return view_.channels; }
  ptrdiff_t stride() const { return view_.stride; }
  bool empty() const { return view_.empty(); }
  T* row(int y) { return view_.row(y); }
  const T* row(int y) const { return view_.row(y); }
  ImageView<T> view() { return view_; }
  ImageView<const T> view() const { return view_; }

 private:
  AlignedBuffer buffer_;
  ImageView<T> view_;
};

using ImageU8 = Image<uint8_t>;
using ImageU16 = Image<uint16_t>;
using ImageF32 = Image<float>;

}  // namespace peel
