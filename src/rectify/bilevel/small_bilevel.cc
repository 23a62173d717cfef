#include "src/rectify/bilevel/small_bilevel.h"

#include <utility>

#include "src/image/colour.h"
#include "src/image/composite.h"
#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/rectify/bilevel/sauvola.h"

namespace peel {

Result<ImageU8> SmallBilevel(ImageView<const uint8_t> page, int side, ThreadPool* pool) {
  if (page.empty() || (page.channels != 1 && page.channels != 3 && page.channels != 4)) {
    return InvalidArgument("a page has 1, 3 or 4 channels");
  }
  ImageU8 flat, small;
  if (page.channels == 4) {
    PEEL_ASSIGN_OR_RETURN(flat, FlattenOver(page, Rgba{255, 255, 255, 255}, pool));
    page = flat.view();
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 grey, Luma(page, pool));
  const Size size = FitWithin({grey.width(), grey.height()}, side);
  if (!(size == Size{grey.width(), grey.height()})) {
    PEEL_ASSIGN_OR_RETURN(small, ResizeFast(grey.view(), size.width, size.height, pool));
    grey = std::move(small);
  }
  SauvolaOptions options;
  options.window = side / 40 | 1;
  return Sauvola(grey.view(), options, pool);
}

Result<ImageU8> TurnedClockwise(ImageView<const uint8_t> page) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(page.height, page.width, 1));
  for (int y = 0; y < page.height; ++y) {
    const uint8_t* row = page.row(y);
    for (int x = 0; x < page.width; ++x) out.row(x)[page.height - 1 - y] = row[x];
  }
  return out;
}

}  // namespace peel
