#include "src/server/api/peel_options.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "src/server/api/parameters.h"

namespace peel::server {
namespace {

Status TakeText(const std::string& text, std::string& to) {
  to = text;
  return OkStatus();
}

Status TakeBool(const std::string& text, bool& to) {
  const auto value = ParseBool(text);
  if (!value) return InvalidArgument("is true or false");
  to = *value;
  return OkStatus();
}

template <typename T>
Status TakeNumber(const std::string& text, T& to, T least, T most) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    return InvalidArgument("is a number from " + std::to_string(least) + " to " +
                           std::to_string(most));
  }
  to = value;
  return OkStatus();
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  size_t at = 0;
  while (at < text.size()) {
    const size_t start = text.find_first_not_of(" ,", at);
    if (start == std::string::npos) break;
    at = std::min(text.find_first_of(" ,", start), text.size());
    parts.push_back(text.substr(start, at - start));
  }
  return parts;
}

Status TakeCrop(const std::string& text, CutJob& job) {
  if (const auto word = ParseBool(text); word && text != "0" && text != "1") {
    job.crops = *word;
    job.crop = *word ? std::vector<std::string>{"0", "0", "0", "0"} : std::vector<std::string>{};
    return OkStatus();
  }
  const std::vector<std::string> m = Split(text);
  job.crops = true;
  switch (m.size()) {
    case 1:
      job.crop = {m[0], m[0], m[0], m[0]};
      return OkStatus();
    case 2:
      job.crop = {m[0], m[1], m[0], m[1]};
      return OkStatus();
    case 4:
      job.crop = m;
      return OkStatus();
    default:
      return InvalidArgument("is a margin, or 2 or 4 of them, each in pixels or %");
  }
}

Status TakeRoi(const std::string& text, CutJob& job) {
  job.roi = Split(text);
  return job.roi.size() == 4 ? OkStatus()
                             : InvalidArgument("is left, top, right, bottom, each in pixels or %");
}

Status TakeShadow(const std::string& text, CutJob& job) {
  const auto word = ParseBool(text);
  if (word && !*word) return OkStatus();
  job.shadow = word ? "" : text;
  return OkStatus();
}

Status TakeKeep(const std::string& text, CutJob& job) {
  if (text != "all" && text != "largest") return InvalidArgument("is all or largest");
  job.keep_largest = text == "largest";
  return OkStatus();
}

Status TakeCompat(const std::string& text, CutJob& job) {
  if (text != "rembg" && text != "none") return InvalidArgument("is rembg or none");
  job.compat_rembg = text == "rembg";
  return OkStatus();
}

Status TakeMetadata(const std::string& text, CutJob& job) {
  if (text != "keep" && text != "drop") return InvalidArgument("is keep or drop");
  job.keep_metadata = text == "keep";
  return OkStatus();
}

Status TakeFormat(const std::string& text, CutJob& job) {
  job.format = text == "jpeg" ? "jpg" : text;
  return OkStatus();
}

// As `peel cut --rectify`: cut out and straightened, or cut out alone where nothing is certain.
Status TakeRectify(const std::string& text, CutJob& job) {
  bool on = false;
  PEEL_RETURN_IF_ERROR(TakeBool(text, on));
  job.rectify.reset();
  if (!on) return OkStatus();
  job.rectify.emplace();
  job.rectify->cutout = job.rectify->keep = true;
  return OkStatus();
}

struct Option {
  const char* name;
  Status (*take)(const std::string& text, CutJob& job);
};

using Text = const std::string&;

constexpr Option kOptions[] = {
    {"model", [](Text t, CutJob& j) { return TakeText(t, j.model); }},
    {"format", TakeFormat},
    {"quality", [](Text t, CutJob& j) { return TakeNumber(t, j.quality, 1, 100); }},
    {"lossless", [](Text t, CutJob& j) { return TakeBool(t, j.lossless); }},
    {"mask", [](Text t, CutJob& j) { return TakeBool(t, j.mask_only); }},
    {"background", [](Text t, CutJob& j) { return TakeText(t, j.background); }},
    {"background-fit", [](Text t, CutJob& j) { return TakeText(t, j.background_fit); }},
    {"edges", [](Text t, CutJob& j) { return TakeText(t, j.edges); }},
    {"keep", TakeKeep},
    {"fill-holes", [](Text t, CutJob& j) { return TakeBool(t, j.fill_holes); }},
    {"compat", TakeCompat},
    {"shadow", TakeShadow},
    {"crop", TakeCrop},
    {"size", [](Text t, CutJob& j) { return TakeText(t, j.size); }},
    {"position", [](Text t, CutJob& j) { return TakeText(t, j.position); }},
    {"max-size", [](Text t, CutJob& j) { return TakeNumber(t, j.max_size, 1, 1 << 20); }},
    {"max-pixels",
     [](Text t, CutJob& j) { return TakeNumber(t, j.max_pixels, uint64_t{1}, uint64_t{1} << 32); }},
    {"max-output-pixels",
     [](Text t, CutJob& j) {
       return TakeNumber(t, j.output_pixels, uint64_t{1}, uint64_t{1} << 32);
     }},
    {"roi", TakeRoi},
    {"alpha-matting", [](Text t, CutJob& j) { return TakeBool(t, j.alpha_matting); }},
    {"alpha-matting-foreground-threshold",
     [](Text t, CutJob& j) { return TakeNumber(t, j.matting_foreground, 0, 255); }},
    {"alpha-matting-background-threshold",
     [](Text t, CutJob& j) { return TakeNumber(t, j.matting_background, 0, 255); }},
    {"alpha-matting-erode-size",
     [](Text t, CutJob& j) { return TakeNumber(t, j.matting_erode, -1, 1000); }},
    {"metadata", TakeMetadata},
    {"matte", [](Text t, CutJob& j) { return TakeBool(t, j.matte_too); }},
    {"rectify", TakeRectify},
};

// Of those of a cut the ones that a straightened picture has too; the others are its own.
constexpr const char* kShared[] = {
    "model", "format",   "quality",    "lossless",          "background", "background-fit",
    "edges", "max-size", "max-pixels", "max-output-pixels", "metadata"};

constexpr Option kRectifyOptions[] = {
    {"kind", [](Text t, CutJob& j) { return TakeText(t, j.rectify->kind); }},
    {"corners", [](Text t, CutJob& j) { return TakeText(t, j.rectify->corners); }},
    {"ratio", [](Text t, CutJob& j) { return TakeText(t, j.rectify->ratio); }},
    {"size", [](Text t, CutJob& j) { return TakeText(t, j.rectify->size); }},
    {"dpi", [](Text t, CutJob& j) { return TakeNumber(t, j.rectify->dpi, 1.0, 9600.0); }},
    {"enhance", [](Text t, CutJob& j) { return TakeText(t, j.rectify->enhance); }},
    {"turn", [](Text t, CutJob& j) { return TakeText(t, j.rectify->turn); }},
    {"margin", [](Text t, CutJob& j) { return TakeText(t, j.rectify->margin); }},
    {"cutout", [](Text t, CutJob& j) { return TakeBool(t, j.rectify->cutout); }},
    {"all", [](Text t, CutJob& j) { return TakeBool(t, j.rectify->all); }},
    {"keep", [](Text t, CutJob& j) { return TakeBool(t, j.rectify->keep); }},
    {"draw", [](Text t, CutJob& j) { return TakeBool(t, j.rectify->draw); }},
};

const Option* FindOption(std::string_view name, bool rectifies) {
  const auto named = [&](const Option& option) { return name == option.name; };
  if (rectifies) {
    const auto* const own = std::ranges::find_if(kRectifyOptions, named);
    if (own != std::end(kRectifyOptions)) return own;
    if (std::ranges::find(kShared, name) == std::end(kShared)) return nullptr;
  }
  const auto* const found = std::ranges::find_if(kOptions, named);
  return found != std::end(kOptions) ? found : nullptr;
}

}  // namespace

Status ReadPeelOptions(const Fields& form, const Fields& query,
                       const std::vector<std::string_view>& others, CutJob& job) {
  const bool rectifies = job.rectify.has_value();
  // The query first, so that the form wins.
  for (const Fields* fields : {&query, &form}) {
    for (const auto& [given, value] : fields->all()) {
      std::string name = given;
      std::ranges::replace(name, '_', '-');
      if (std::ranges::find(others, given) != others.end() || value.empty()) continue;
      const Option* const option = FindOption(name, rectifies);
      if (option == nullptr) {
        const std::string near =
            NearestName(name, rectifies ? RectifyOptionNames() : PeelOptionNames());
        return InvalidArgument(
            "\"" + given.substr(0, 64) + "\" is no option" +
            (near.empty() ? "; /api lists them" : ": did you mean " + near + "?"));
      }
      if (Status status = option->take(value, job); !status.ok()) {
        return InvalidArgument(std::string(option->name) + " " + status.message());
      }
    }
  }
  return OkStatus();
}

std::vector<std::string> PeelOptionNames() {
  std::vector<std::string> names;
  for (const Option& option : kOptions) names.emplace_back(option.name);
  return names;
}

std::vector<std::string> RectifyOptionNames() {
  std::vector<std::string> names(std::begin(kShared), std::end(kShared));
  for (const Option& option : kRectifyOptions) names.emplace_back(option.name);
  return names;
}

}  // namespace peel::server
