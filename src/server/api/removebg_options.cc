#include "src/server/api/removebg_options.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/image/colour.h"

namespace peel::server {
namespace {

struct NamedSize {
  std::string_view name;
  uint64_t pixels;
};
constexpr NamedSize kSizes[] = {
    {"preview", 250'000},  {"small", 250'000},   {"regular", 250'000},
    {"medium", 1'500'000}, {"hd", 4'000'000},    {"full", 25'000'000},
    {"4k", 25'000'000},    {"auto", 25'000'000}, {"50mp", 50'000'000},
};
constexpr std::string_view kSizeNames =
    "preview, small, regular, medium, hd, full, 4k, 50MP or auto";

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t start = text.find_first_not_of(" \t,");
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const size_t end = std::min(text.find_first_of(" \t,"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

struct Measure {
  double value = 0;
  bool percent = false;
  std::string Text() const;
};

// "30px", "10%" or "30".
std::optional<Measure> ParseMeasure(std::string_view text) {
  Measure measure;
  if (text.ends_with("%")) {
    measure.percent = true;
    text.remove_suffix(1);
  } else if (text.ends_with("px")) {
    text.remove_suffix(2);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), measure.value);
  if (error != std::errc() || end != text.data() + text.size() || !(measure.value >= 0) ||
      measure.value > 100'000) {
    return std::nullopt;
  }
  return measure;
}

std::string Measure::Text() const {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  return std::string(digits, end) + (percent ? "%" : "px");
}

RemoveBgRefusal ReadRoi(const std::string& text, RemoveBgOptions& options) {
  const auto words = Words(text);
  constexpr char kForm[] = "roi is \"x1 y1 x2 y2\", each in px or %";
  if (words.size() != 4) return {"invalid_roi", kForm};
  std::vector<Measure> sides;
  for (const std::string_view word : words) {
    const auto side = ParseMeasure(word);
    if (!side) return {"invalid_roi", kForm};
    if (side->percent && side->value > 100) {
      return {"roi_exceeds_bounds",
              "The given roi parameter defines a region that exceeds the image bounds"};
    }
    sides.push_back(*side);
  }
  for (const int axis : {0, 1}) {
    // Of unlike units only the picture's size tells; the worker does then.
    const Measure& from = sides[axis];
    const Measure& to = sides[axis + 2];
    if ((from.percent == to.percent || from.value == 0) && from.value >= to.value) {
      return {"roi_region_empty", "The given roi parameter defines an empty region"};
    }
  }
  const bool whole = sides[0].value == 0 && sides[1].value == 0 && sides[2].percent &&
                     sides[2].value == 100 && sides[3].percent && sides[3].value == 100;
  if (whole) return {};
  for (size_t i = 0; i < sides.size(); ++i) {
    if (!sides[i].percent) {
      int& least = i % 2 == 0 ? options.roi_width : options.roi_height;
      least = std::max(least, static_cast<int>(sides[i].value));
    }
    options.job.roi.push_back(sides[i].Text());
  }
  return {};
}

RemoveBgRefusal ReadMargin(const std::string& text, CutJob& job) {
  const auto words = Words(text);
  std::vector<std::string> margins;
  for (const std::string_view word : words) {
    const auto margin = ParseMeasure(word);
    if (!margin || margin->value > (margin->percent ? 50 : 500)) {
      return {"invalid_crop_margin",
              "crop_margin is one, two or four values of at most 50% or 500px"};
    }
    margins.push_back(margin->Text());
  }
  switch (margins.size()) {
    case 1:
      job.crop = {margins[0], margins[0], margins[0], margins[0]};
      return {};
    case 2:
      job.crop = {margins[0], margins[1], margins[0], margins[1]};
      return {};
    case 4:
      job.crop = std::move(margins);
      return {};
    default:
      return {"invalid_crop_margin", "crop_margin is one, two or four values, each in px or %"};
  }
}

RemoveBgRefusal ReadPlace(const Parameters& given, CutJob& job) {
  if (const auto text = given.Text("scale"); text && *text != "original") {
    const auto scale = ParseMeasure(*text);
    if (!scale || !scale->percent || scale->value < 10 || scale->value > 100) {
      return {"invalid_scale", "scale is original or 10% to 100%"};
    }
    job.scale = scale->value / 100;
  }
  const std::string place = given.Text("position").value_or(job.scale > 0 ? "center" : "original");
  if (place == "original") {
    job.position = job.scale > 0 ? "original" : "";
    return {};
  }
  if (place == "center") {
    job.position = "center";
    return {};
  }
  const auto words = Words(place);
  std::vector<std::string> shares;
  for (const std::string_view word : words) {
    const auto share = ParseMeasure(word);
    if (!share || !share->percent || share->value > 100) break;
    shares.push_back(share->Text());
  }
  if (shares.size() != words.size() || shares.empty() || shares.size() > 2) {
    return {"invalid_position",
            "position is original, center, or one or two values from 0% to 100%"};
  }
  job.position = shares.front() + "," + shares.back();
  return {};
}

RemoveBgRefusal ReadShadow(const Parameters& given, CutJob& job) {
  const auto add = given.Bool("add_shadow", false);
  const auto type =
      given.Choice("shadow_type", *add ? "auto" : "none", {"none", "auto", "drop", "3d", "car"});
  const auto opacity = given.Int("shadow_opacity", 50, 0, 100);
  for (const Status& status : {add.status(), type.status(), opacity.status()}) {
    if (!status.ok()) return {"invalid_shadow", status.message()};
  }
  if (*type != "none") job.shadow = "0.6%,1.2%,1.2%," + std::to_string(*opacity) + "%";
  return {};
}

// Of a colour with or without its '#'; nullopt where it is none.
std::optional<std::string> ReadColour(const std::string& text) {
  const bool hex = text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos &&
                   (text.size() == 3 || text.size() == 4 || text.size() == 6 || text.size() == 8);
  for (const std::string& candidate : {hex ? "#" + text : text, text}) {
    if (ParseColour(candidate).ok()) return candidate;
  }
  return std::nullopt;
}

RemoveBgRefusal ReadBackground(const Parameters& given, bool has_bg_image, CutJob& job) {
  if (const auto text = given.Text("bg_color")) {
    if (has_bg_image) return {"multiple_bg_sources", ""};
    const auto colour = ReadColour(*text);
    if (!colour)
      return {"invalid_bg_color", "bg_color is a hex code such as 81d4fa or a colour's name"};
    job.background = *colour;
  }
  return {};
}

// Whether nothing of the result can be transparent.
bool IsOpaque(const CutJob& job, bool has_bg_image) {
  if (has_bg_image || job.mask_only) return true;
  if (job.background.empty()) return false;
  const auto colour = ParseColour(job.background);
  return colour.ok() && colour->a == 255;
}

RemoveBgRefusal ReadOutput(const Parameters& given, RemoveBgOptions& options) {
  const auto size = given.Text("size");
  options.size = size.value_or("preview");
  std::string lower = options.size;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto* const named =
      std::ranges::find_if(kSizes, [&](const NamedSize& s) { return s.name == lower; });
  if (named == std::end(kSizes)) {
    return {"invalid_size", "size is " + std::string(kSizeNames)};
  }
  options.size = lower;
  options.job.output_pixels = named->pixels;
  const auto channels = given.Choice("channels", "rgba", {"rgba", "alpha"});
  if (!channels.ok()) return {"invalid_channels", channels.status().message()};
  options.job.mask_only = *channels == "alpha";
  return {};
}

RemoveBgRefusal ReadFormat(const Parameters& given, bool has_bg_image, CutJob& job) {
  auto format = given.Choice("format", "auto", {"auto", "png", "jpg", "jpeg", "webp", "zip"});
  if (!format.ok()) return {"invalid_format", "format is auto, png, jpg, webp or zip"};
  if (*format == "auto") {
    *format = !job.mask_only && IsOpaque(job, has_bg_image) ? "jpg" : "png";
  }
  job.format = *format == "jpeg" ? "jpg" : *format;
  // The archive's matte stands for the transparency.
  if (job.format == "zip") job.mask_only = false;
  return {};
}

RemoveBgRefusal ReadKind(const Parameters& given, RemoveBgOptions& options) {
  const auto type = given.Choice("type", "auto",
                                 {"auto", "person", "product", "animal", "car", "car_interior",
                                  "car_part", "transportation", "graphics", "other"});
  if (!type.ok()) return {"invalid_type", type.status().message()};
  const auto level = given.Choice("type_level", "1", {"none", "1", "2", "latest"});
  if (!level.ok()) return {"invalid_type_level", level.status().message()};
  options.type_level = *level == "none" ? 0 : 1;
  return {};
}

}  // namespace

RemoveBgRefusal ReadRemoveBgOptions(const Parameters& given, bool has_bg_image,
                                    RemoveBgOptions& options) {
  CutJob& job = options.job;
  if (auto refusal = ReadOutput(given, options); !refusal.code.empty()) return refusal;
  if (auto refusal = ReadKind(given, options); !refusal.code.empty()) return refusal;
  if (const auto roi = given.Text("roi")) {
    if (auto refusal = ReadRoi(*roi, options); !refusal.code.empty()) return refusal;
  }
  const auto crop = given.Bool("crop", false);
  if (!crop.ok()) return {"invalid_crop", crop.status().message()};
  job.crops = *crop;
  if (job.crops) job.crop = {"0px", "0px", "0px", "0px"};
  if (const auto margin = given.Text("crop_margin")) {
    CutJob parsed;
    if (auto refusal = ReadMargin(*margin, parsed); !refusal.code.empty()) return refusal;
    if (job.crops) job.crop = std::move(parsed.crop);  // else without effect, as documented there
  }
  if (auto refusal = ReadPlace(given, job); !refusal.code.empty()) return refusal;
  if (!given.Bool("add_shadow", false).ok()) {
    return {"invalid_shadow", "add_shadow is true or false"};
  }
  if (auto refusal = ReadShadow(given, job); !refusal.code.empty()) return refusal;
  const auto semitransparency = given.Bool("semitransparency", true);
  if (!semitransparency.ok()) {
    return {"invalid_semitransparency", semitransparency.status().message()};
  }
  job.semitransparency = *semitransparency;
  if (auto refusal = ReadBackground(given, has_bg_image, job); !refusal.code.empty())
    return refusal;
  return ReadFormat(given, has_bg_image, job);
}

}  // namespace peel::server
