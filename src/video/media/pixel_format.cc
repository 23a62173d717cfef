#include "src/video/media/pixel_format.h"

#include <array>
#include <bit>
#include <charconv>

namespace peel::video {
namespace {

constexpr bool kBig = std::endian::native == std::endian::big;

bool Has(std::string_view name, std::string_view part) {
  return name.find(part) != std::string_view::npos;
}

// The number that ends the name before le or be: 10 of yuv420p10le, 48 of rgb48be.
int LastNumber(std::string_view name) {
  if (name.ends_with("le") || name.ends_with("be")) name.remove_suffix(2);
  size_t first = name.size();
  while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9') --first;
  int number = 0;
  std::from_chars(name.data() + first, name.data() + name.size(), number);
  return number;
}

int DepthOf(std::string_view name, const PixelFormat& format) {
  const int number = LastNumber(name);
  const bool wide = name.ends_with("le") || name.ends_with("be");
  if (name.starts_with("p0") || name.starts_with("p2") || name.starts_with("p4") ||
      name.starts_with("y2")) {
    return number % 100 > 8 ? number % 100 : 8;  // p010, p216, y212
  }
  if (name.starts_with("xyz")) return number;
  if (!wide) return 8;
  if (format.is_rgb && !name.starts_with("gbr")) {
    if (Has(name, "x2")) return 10;
    if (number == 48 || number == 64) return 16;
    if (number == 96 || number == 128) return 32;
    return 8;  // rgb565le and the like
  }
  return number > 8 ? number : 8;
}

// The chroma's shifts by the digits in the name.
void SetChroma(std::string_view name, PixelFormat* format) {
  constexpr struct {
    std::string_view part;
    int x, y;
  } kKinds[] = {{"410", 2, 2},  {"411", 2, 0},  {"420", 1, 1},  {"422", 1, 0},  {"440", 0, 1},
                {"444", 0, 0},  {"nv12", 1, 1}, {"nv21", 1, 1}, {"nv16", 1, 0}, {"nv20", 1, 0},
                {"nv24", 0, 0}, {"nv42", 0, 0}, {"p01", 1, 1},  {"p21", 1, 0},  {"p41", 0, 0},
                {"y21", 1, 0},  {"ayuv", 0, 0}, {"vuy", 0, 0},  {"xv", 0, 0}};
  for (const auto& kind : kKinds) {
    if (!Has(name, kind.part)) continue;
    format->chroma_shift_x = kind.x;
    format->chroma_shift_y = kind.y;
    return;
  }
  format->is_rgb = true;
}

}  // namespace

PixelFormat ParsePixelFormat(std::string_view name) {
  PixelFormat format;
  format.is_full_range = name.starts_with("yuvj");
  format.alpha = name.starts_with("yuva") || name.starts_with("ya") || Has(name, "rgba") ||
                 Has(name, "bgra") || Has(name, "argb") || Has(name, "abgr") ||
                 Has(name, "gbrap") || Has(name, "ayuv") || Has(name, "vuya");
  if (name.starts_with("gray") || name.starts_with("mono") || name.starts_with("ya")) {
    format.is_grey = true;
    format.chroma_shift_x = format.chroma_shift_y = 1;
  } else {
    const bool rgb = Has(name, "rgb") || Has(name, "bgr") || Has(name, "gbr") ||
                     name.starts_with("pal") || Has(name, "bayer") || name.starts_with("xyz");
    if (rgb) {
      format.is_rgb = true;
    } else {
      SetChroma(name, &format);
    }
  }
  format.depth = DepthOf(name, format);
  return format;
}

FrameLayout LayoutFor(const PixelFormat& format, bool alpha) {
  FrameLayout layout;
  layout.depth = format.depth > 8 ? 10 : 8;
  layout.chroma_shift_x = format.chroma_shift_x > 0 ? 1 : 0;
  layout.chroma_shift_y = format.chroma_shift_x > 0 && format.chroma_shift_y > 0 ? 1 : 0;
  layout.alpha = alpha;
  return layout;
}

std::string PixelFormatName(const FrameLayout& layout) {
  std::string name = layout.alpha ? "yuva" : "yuv";
  name += layout.chroma_shift_x == 0 ? "444p" : layout.chroma_shift_y == 0 ? "422p" : "420p";
  if (layout.depth > 8) name += std::to_string(layout.depth) + (kBig ? "be" : "le");
  return name;
}

uint32_t NutFourcc(const FrameLayout& layout) {
  const auto tag = [](std::array<uint32_t, 4> bytes) {
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | bytes[3] << 24;
  };
  if (layout.depth == 8 && !layout.alpha) {
    if (layout.chroma_shift_x == 0) return tag({'4', '4', '4', 'P'});
    return layout.chroma_shift_y == 0 ? tag({'Y', '4', '2', 'B'}) : tag({'I', '4', '2', '0'});
  }
  // Planar formats by number of components, subsampling and depth; reversed for big-endian samples.
  const uint32_t planes = layout.alpha ? uint32_t{'4'} : uint32_t{'3'};
  const uint32_t chroma = layout.chroma_shift_x == 0 ? 0 : layout.chroma_shift_y == 0 ? 10 : 11;
  const auto depth = static_cast<uint32_t>(layout.depth);
  if (kBig && depth > 8) return tag({depth, chroma, planes, 'Y'});
  return tag({'Y', planes, chroma, depth});
}

}  // namespace peel::video
