#include "src/rectify/enhance/enhance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "src/image/colour.h"
#include "src/image/geometry.h"
#include "src/image/rows.h"
#include "src/rectify/bilevel/sauvola.h"
#include "src/rectify/enhance/even_kernels.h"
#include "src/rectify/enhance/illumination.h"
#include "src/rectify/enhance/page_blocks.h"
#include "src/rectify/enhance/text_page.h"

namespace peel {
namespace {

// Darkness as shares of white. What shines through lies above the noise and below kInk; where all
// writing is pale, below kPart of its darkness, if that is not so little that it shines through
// itself.
constexpr float kNothing = 0.02f, kMostNothing = 0.12f, kInk = 0.38f;
constexpr float kPart = 0.5f, kPalest = 0.2f;
constexpr float kNoises = 2.5f;        // standard deviations of the paper that become white
constexpr float kBlack = 0.95f;        // what ink is stretched to
constexpr float kMostStretch = 1.95f;  // the kernels' limit is 2
constexpr float kLeastRamp = 0.126f;   // likewise, from nothing to ink

Status CheckPage(int width, int height, int channels) {
  if (width < 1 || height < 1) return InvalidArgument("there is no page to enhance");
  if (channels != 3 && channels != 4) {
    return InvalidArgument("a page to enhance must be in colour, of 3 or 4 channels");
  }
  return OkStatus();
}

even::Curve CurveOf(const Illumination& light) {
  constexpr float kWhite = 8160;
  const float nothing = std::min(kNothing + kNoises * light.noise, kMostNothing);
  float dark = 1 - light.ink;
  if (dark < kPalest) dark = 1;
  const float ink = std::max(std::min(kInk, kPart * dark), nothing + kLeastRamp);
  even::Curve curve;
  curve.nothing = static_cast<uint16_t>(nothing * kWhite);
  curve.slope = static_cast<uint16_t>(8192.0f * 8192.0f / ((ink - nothing) * kWhite));
  curve.stretch = static_cast<uint16_t>(16384 * std::clamp(kBlack / dark, 1.0f, kMostStretch));
  return curve;
}

// The four fields of an Illumination in the kernels' numbers, a row of the page at a time.
class Fields {
 public:
  Fields(const PageBlocks& page, const Illumination& light)
      : across_(page.across), down_(page.down), shift_(page.shift) {
    constexpr float kOne = 1 << even::kGainBits;
    for (size_t c = 0; c < 4; ++c) {
      const std::vector<float>& from = c < 3 ? light.paper[c] : light.writing;
      fields_[c].resize(from.size());
      std::ranges::transform(from, fields_[c].begin(), [&](float v) {
        return static_cast<uint16_t>(std::clamp(c < 3 ? kOne * 255 / v + 0.5f : kOne * v + 0.5f,
                                                0.0f, c < 3 ? 65535 : kOne));
      });
    }
  }

  struct Row {
    std::array<std::vector<uint16_t>, 4> at_blocks, at_pixels;
    const uint16_t* gains[3];
    const uint16_t* writing;
  };

  void Fill(int y, int width, Row* row) const {
    // In halves of a pixel from the centre of the first row of blocks.
    const int size = 1 << shift_;
    const int place = std::clamp(2 * y + 1 - size, 0, 2 * size * (down_ - 1));
    const int above = std::min(place >> (shift_ + 1), down_ - 1);
    const int below = std::min(above + 1, down_ - 1);
    const auto weight = static_cast<uint32_t>(place - above * 2 * size);
    const auto whole = static_cast<uint32_t>(2 * size);
    const auto across = static_cast<size_t>(across_);
    for (size_t c = 0; c < 4; ++c) {
      row->at_blocks[c].resize(across);
      row->at_pixels[c].resize(static_cast<size_t>(width));
      const uint16_t* a = &fields_[c][static_cast<size_t>(above) * across];
      const uint16_t* b = &fields_[c][static_cast<size_t>(below) * across];
      for (size_t x = 0; x < across; ++x) {
        row->at_blocks[c][x] = static_cast<uint16_t>(
            (a[x] * (whole - weight) + b[x] * weight + whole / 2) >> (shift_ + 1));
      }
      even::ExpandRow(row->at_blocks[c].data(), across_, shift_, static_cast<size_t>(width),
                      row->at_pixels[c].data());
      if (c < 3) row->gains[c] = row->at_pixels[c].data();
    }
    row->writing = row->at_pixels[3].data();
  }

 private:
  int across_, down_, shift_;
  std::array<std::vector<uint16_t>, 4> fields_;
};

void EvenRow(const uint8_t* in, int channels, const Fields::Row& row, const even::Curve& curve,
             size_t length, int out_channels, uint8_t* out) {
  even::EvenRow(in, channels, row.gains, row.writing, curve, length, out_channels, out);
}
void EvenRow(const uint16_t* in, int channels, const Fields::Row& row, const even::Curve& curve,
             size_t length, int out_channels, uint16_t* out) {
  even::EvenRow16(in, channels, row.gains, row.writing, curve, length, out_channels, out);
}

// The page with even light, as many channels as it has or 1.
template <typename T>
Result<Image<T>> Even(ImageView<const T> page, const PageBlocks& blocks, const Illumination& light,
                      int out_channels, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(auto out, Image<T>::Allocate(page.width, page.height, out_channels));
  const Fields fields(blocks, light);
  const even::Curve curve = CurveOf(light);
  std::vector<Fields::Row> rows(static_cast<size_t>(Workers(pool)));
  ForRowBands(page.height, pool, [&](int first, int last, int worker) {
    Fields::Row& row = rows[static_cast<size_t>(worker)];
    for (int y = first; y < last; ++y) {
      fields.Fill(y, page.width, &row);
      EvenRow(page.row(y), page.channels, row, curve, static_cast<size_t>(page.width), out_channels,
              out.row(y));
    }
  });
  return out;
}

// Grey with the page's alpha as its second channel.
template <typename T>
Result<Image<T>> GreyAndAlpha(ImageView<const T> grey, ImageView<const T> page, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(auto out, Image<T>::Allocate(page.width, page.height, 2));
  ForRowBands(page.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const T *from = grey.row(y), *alpha = page.row(y) + 3;
      T* to = out.row(y);
      for (int x = 0; x < page.width; ++x, to += 2) {
        to[0] = from[x];
        to[1] = alpha[4 * ptrdiff_t{x}];
      }
    }
  });
  return out;
}

// The window follows the page's size: letters of running text are a hundredth of it high, and some
// of them with what lies between belong in. Coarse pages have thin, pale strokes.
SauvolaOptions OptionsFor(int width, int height) {
  const int side = std::min(width, height);
  SauvolaOptions options;
  options.window = std::clamp(side / 40, 15, 151) | 1;
  options.k = side < 1200 ? 64 : 77;
  options.black = 90;
  options.white = 235;
  return options;
}

Result<ImageU8> Bilevel(ImageView<const uint8_t> page, const PageBlocks& blocks,
                        const Illumination& light, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 grey, Even(page, blocks, light, 1, pool));
  if (page.channels == 4) {
    // What cannot be seen is paper.
    ForRowBands(page.height, pool, [&](int first, int last, int) {
      for (int y = first; y < last; ++y) {
        const uint8_t* alpha = page.row(y) + 3;
        uint8_t* row = grey.row(y);
        for (int x = 0; x < page.width; ++x) {
          if (alpha[4 * ptrdiff_t{x}] < 128) row[x] = 255;
        }
      }
    });
  }
  return Sauvola(grey.view(), OptionsFor(page.width, page.height), pool);
}

Result<ImageU16> Bilevel(ImageView<const uint16_t> page, const PageBlocks& blocks,
                         const Illumination& light, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 high, ToU8(page, pool));
  PEEL_ASSIGN_OR_RETURN(const ImageU8 bits, Bilevel(high.view(), blocks, light, pool));
  PEEL_ASSIGN_OR_RETURN(ImageU16 out, ImageU16::Allocate(page.width, page.height, 1));
  ForRowBands(page.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      std::transform(bits.row(y), bits.row(y) + page.width, out.row(y),
                     [](uint8_t v) { return static_cast<uint16_t>(v * 257); });
    }
  });
  return out;
}

Result<bool> IsPage(ImageView<const uint8_t> page, const PageBlocks& blocks,
                    const Illumination& light, ThreadPool* pool) {
  return IsTextPage(page, blocks, light, pool);
}

Result<bool> IsPage(ImageView<const uint16_t> page, const PageBlocks& blocks,
                    const Illumination& light, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(const ImageU8 high, ToU8(page, pool));
  return IsTextPage(high.view(), blocks, light, pool);
}

template <typename T>
Result<Image<T>> EnhanceAny(ImageView<const T> page, Enhancement how, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckPage(page.width, page.height, page.channels));
  if (how == Enhancement::kNone) return Clone(page);
  const PageBlocks blocks = MeasureBlocks(page, pool);
  const Illumination light = EstimateIllumination(blocks);
  if (how == Enhancement::kAuto) {
    PEEL_ASSIGN_OR_RETURN(const bool is_page, IsPage(page, blocks, light, pool));
    if (!is_page) return Clone(page);
    how = Enhancement::kColour;
  }
  if (how == Enhancement::kBilevel) return Bilevel(page, blocks, light, pool);
  if (how == Enhancement::kColour) return Even(page, blocks, light, page.channels, pool);
  PEEL_ASSIGN_OR_RETURN(auto grey, Even(page, blocks, light, 1, pool));
  if (page.channels == 3) return grey;
  return GreyAndAlpha<T>(grey.view(), page, pool);
}

}  // namespace

Result<ImageU8> Enhance(ImageView<const uint8_t> page, Enhancement how, ThreadPool* pool) {
  return EnhanceAny(page, how, pool);
}

Result<ImageU16> Enhance(ImageView<const uint16_t> page, Enhancement how, ThreadPool* pool) {
  return EnhanceAny(page, how, pool);
}

bool IsTextPage(ImageView<const uint8_t> page, ThreadPool* pool) {
  if (!CheckPage(page.width, page.height, page.channels).ok()) return false;
  const PageBlocks blocks = MeasureBlocks(page, pool);
  return IsTextPage(page, blocks, EstimateIllumination(blocks), pool);
}

}  // namespace peel
