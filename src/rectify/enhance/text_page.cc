#include "src/rectify/enhance/text_page.h"

#include <cstddef>

#include "src/rectify/bilevel/small_bilevel.h"
#include "src/rectify/text/ink_components.h"
#include "src/rectify/text/text_lines.h"

namespace peel {
namespace {

constexpr float kLeastPaper = 0.4f;
constexpr int kLeastLetters = 30;
// Of letters that are in lines and have their neighbours beside them. Rendered pages have 0.64 and
// more at one size or the other, photographs up to 0.56.
constexpr double kInLines = 0.61;
// An A4 page at 94 dots per inch; and one on which large letters, of dots or strokes that do not
// touch, become whole.
constexpr int kSides[] = {1100, 450};

// Makes paper of what belongs to pictures.
void BlankPictures(ImageView<const uint8_t> page, const PageBlocks& blocks,
                   const Illumination& light, ImageView<uint8_t> small) {
  for (int y = 0; y < small.height; ++y) {
    const auto by = static_cast<int>(int64_t{y} * page.height / small.height) >> blocks.shift;
    uint8_t* row = small.row(y);
    for (int x = 0; x < small.width; ++x) {
      const auto bx = static_cast<int>(int64_t{x} * page.width / small.width) >> blocks.shift;
      const auto i =
          static_cast<size_t>(by) * static_cast<size_t>(blocks.across) + static_cast<size_t>(bx);
      if (light.writing[i] < 0.5f) row[x] = 255;
    }
  }
}

bool HasLines(ImageView<const uint8_t> bilevel) {
  const TextLines text = FindTextLines(FindInkComponents(bilevel), {bilevel.width, bilevel.height});
  return text.letters >= kLeastLetters && text.in_lines * text.along >= kInLines;
}

}  // namespace

bool IsTextPage(ImageView<const uint8_t> page, const PageBlocks& blocks, const Illumination& light,
                ThreadPool* pool) {
  if (!light.found || light.share < kLeastPaper) return false;
  for (const int side : kSides) {
    Result<ImageU8> small = SmallBilevel(page, side, pool);
    if (!small.ok()) return false;
    BlankPictures(page, blocks, light, small->view());
    if (HasLines(small->view())) return true;
    const Result<ImageU8> turned = TurnedClockwise(small->view());
    if (turned.ok() && HasLines(turned->view())) return true;
  }
  return false;
}

}  // namespace peel
