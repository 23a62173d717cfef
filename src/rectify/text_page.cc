#include "src/rectify/text_page.h"

namespace peel {
namespace {

constexpr float kLeastPaper = 0.4f;
constexpr float kLeastText = 0.02f;
// The edge of a thing before a light ground is one turn a row; strokes are two each.
constexpr float kTurns = 1.5f;

}  // namespace

TextShare MeasureText(const PageBlocks& page, const Illumination& light) {
  TextShare share;
  if (!light.found) return share;
  share.paper = light.share;
  size_t text = 0, paper = 0, picture = 0;
  for (size_t i = 0; i < page.blocks.size(); ++i) {
    const PageBlock& block = page.blocks[i];
    if (light.writing[i] < 0.5f) {
      ++picture;
      continue;
    }
    ++paper;
    text += block.dark > 0.04f && block.dark < 0.6f && block.turns >= kTurns;
  }
  const auto of = [](size_t part, size_t all) {
    return all > 0 ? static_cast<float>(part) / static_cast<float>(all) : 0;
  };
  share.text = of(text, paper);
  share.picture = of(picture, page.blocks.size());
  return share;
}

bool IsTextPage(const PageBlocks& page, const Illumination& light) {
  const TextShare share = MeasureText(page, light);
  return share.paper >= kLeastPaper && share.text >= kLeastText;
}

}  // namespace peel
