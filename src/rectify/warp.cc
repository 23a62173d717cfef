#include "src/rectify/warp.h"

#include <utility>

#include "src/image/rows.h"
#include "src/rectify/test_warp.h"

namespace peel {
namespace {

template <typename T>
Result<Image<T>> WarpAny(ImageView<const T> picture, const Homography& to_source, Size size,
                         const WarpOptions& options, ThreadPool* pool) {
  if (picture.empty() || picture.data == nullptr || picture.channels < 1 || picture.channels > 4) {
    return InvalidArgument("a warp needs a picture of 1 to 4 channels");
  }
  if (size.width < 1 || size.height < 1) return InvalidArgument("a warp needs a size to fill");
  PEEL_RETURN_IF_ERROR(Inverse(to_source).status());
  PEEL_ASSIGN_OR_RETURN(auto out, Image<T>::Allocate(size.width, size.height, picture.channels));
  ForRowBands(size.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const Homography row = to_source * Homography{{1, 0, 0, 0, 1, double(y), 0, 0, 1}};
      const Image<T> one = testing::PlainWarp<T>(picture, row, {size.width, 1}, options);
      std::copy_n(one.row(0), size.width * picture.channels, out.row(y));
    }
  });
  return out;
}

}  // namespace

Result<ImageU8> Warp(ImageView<const uint8_t> picture, const Homography& to_source, Size size,
                     const WarpOptions& options, ThreadPool* pool) {
  return WarpAny(picture, to_source, size, options, pool);
}

Result<ImageU16> Warp(ImageView<const uint16_t> picture, const Homography& to_source, Size size,
                      const WarpOptions& options, ThreadPool* pool) {
  return WarpAny(picture, to_source, size, options, pool);
}

}  // namespace peel
