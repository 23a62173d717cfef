// What pictures look like: their colours, and how good they are.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include "src/library/report/page_parts.h"
#include "src/library/report/text.h"

namespace peel::library {
namespace {

// A colour as it is written and as it is seen (OKLab, Björn Ottosson 2020; hue 0 to 1).
struct Colour {
  uint32_t rgb = 0;
  double lightness = 0, chroma = 0, hue = 0;
};

double Linear(uint32_t level) {
  const double v = level / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

Colour ColourOf(uint32_t rgb) {
  const double r = Linear(rgb >> 16 & 255), g = Linear(rgb >> 8 & 255), b = Linear(rgb & 255);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const double a = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
  const double c = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
  Colour colour;
  colour.rgb = rgb;
  colour.lightness = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
  colour.chroma = std::hypot(a, c);
  colour.hue = std::atan2(c, a) / (2 * std::numbers::pi);
  if (colour.hue < 0) colour.hue += 1;
  return colour;
}

// The colours of a row's dominant_colors, the widest first: what stands behind each '#'.
std::vector<Colour> ColoursOf(std::string_view json) {
  std::vector<Colour> colours;
  for (size_t at = json.find('#'); at != std::string_view::npos; at = json.find('#', at + 1)) {
    uint32_t rgb = 0;
    size_t digits = 0;
    for (; digits < 6 && at + 1 + digits < json.size(); ++digits) {
      const char c = json[at + 1 + digits];
      const int value = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (value < 0) break;
      rgb = rgb << 4 | static_cast<uint32_t>(value);
    }
    if (digits == 6) colours.push_back(ColourOf(rgb));
  }
  return colours;
}

struct Family {
  const char* name;
  uint32_t shown;  // what its part of the ribbon is painted with
  uint64_t count = 0;
};

// Names of hues as people give them; the borders on OKLab's circle by eye.
size_t FamilyOf(const Colour& c) {
  if (c.chroma < 0.035) return c.lightness < 0.32 ? 9U : c.lightness > 0.85 ? 11U : 10U;
  if (c.lightness < 0.22) return 9U;
  const double degrees = c.hue * 360;
  if (degrees >= 35 && degrees < 90 && c.lightness < 0.62) return 8U;  // brown
  constexpr std::array<double, 8> kTo = {38, 72, 112, 158, 210, 280, 325, 361};
  size_t family = 0;
  while (degrees >= kTo[family]) ++family;
  return family;
}

std::array<Family, 12> Families() {
  return {{{"red", 0xD9483B},
           {"orange", 0xE8893A},
           {"yellow", 0xE6C340},
           {"green", 0x6BA24C},
           {"teal", 0x3C9C93},
           {"blue", 0x3F7CC4},
           {"purple", 0x8059B8},
           {"pink", 0xD96A9A},
           {"brown", 0x8A6242},
           {"black", 0x23262A},
           {"grey", 0x8D9297},
           {"white", 0xF0EFEA}}};
}

std::string RibbonHtml(std::array<Family, 12> families) {
  uint64_t total = 0;
  for (const Family& family : families) total += family.count;
  if (total == 0) return "";
  std::ranges::stable_sort(families,
                           [](const Family& a, const Family& b) { return a.count > b.count; });
  std::string svg =
      "<svg class=\"ribbon\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\">\n";
  std::string list = "<ul class=\"legend\">\n";
  double x = 0;
  for (const Family& family : families) {
    const double share = static_cast<double>(family.count) / static_cast<double>(total);
    if (share < 0.005) continue;
    svg += fmt::format("<rect x=\"{:.1f}\" width=\"{:.1f}\" height=\"40\" fill=\"#{:06x}\"/>\n", x,
                       share * 1000 + 0.6, family.shown);
    list += fmt::format(
        "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><circle cx=\"5\" cy=\"5\" r=\"4.6\" "
        "fill=\"#{:06x}\"/></svg>{} <b>{:.0f} %</b></li>\n",
        family.shown, family.name, std::max(1.0, share * 100));
    x += share * 1000;
  }
  return svg + "</svg>\n" + list + "</ul>\n";
}

// A cell a picture: neighbours in hue side by side, in each column from light to dark, those
// without a hue at the end.
std::string MosaicHtml(std::vector<Colour> colours) {
  if (colours.size() < 12) return "";
  const size_t rows = std::clamp<size_t>(colours.size() / 40, 2, 16);
  const auto order = [](const Colour& c) { return c.chroma < 0.03 ? 2.0 + c.lightness : c.hue; };
  std::ranges::stable_sort(colours,
                           [&](const Colour& a, const Colour& b) { return order(a) < order(b); });
  const size_t columns = colours.size() / rows;
  std::string svg = fmt::format(
      "<svg class=\"mosaic\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" role=\"img\" "
      "shape-rendering=\"crispEdges\" aria-label=\"The main colour of {} pictures, by hue\">\n",
      columns * 10, rows * 10, columns * rows);
  for (size_t column = 0; column < columns; ++column) {
    const auto begin = colours.begin() + static_cast<std::ptrdiff_t>(column * rows);
    const auto end = begin + static_cast<std::ptrdiff_t>(rows);
    std::stable_sort(begin, end,
                     [](const Colour& a, const Colour& b) { return a.lightness > b.lightness; });
    for (size_t row = 0; row < rows; ++row) {
      svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"#{:06x}\"/>",
                         column * 10, row * 10, (begin + static_cast<std::ptrdiff_t>(row))->rgb);
    }
    svg += '\n';
  }
  return svg + "</svg>\n";
}

// The first pictures of an order, from those that a condition is true of.
Result<std::vector<Shot>> ShotsBy(ReportPage& page, const std::string& caption,
                                  const std::string& condition, const std::string& order,
                                  int most) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare("SELECT q.file_id, " + caption +
                                    " FROM measures q JOIN files f ON f.id = q.file_id WHERE "
                                    "f.status <> 'gone' AND q.thumbnail IS NOT NULL AND " +
                                    condition + " ORDER BY " + order + " LIMIT ?1"));
  row.Bind(1, most);
  std::vector<Shot> shots;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return shots;
    shots.push_back({row.integer(0), HtmlText(row.text(1)), ""});
  }
}

Result<uint64_t> CountOf(ReportPage& page, const std::string& condition) {
  PEEL_ASSIGN_OR_RETURN(
      const int64_t count,
      page.store.database().Integer("SELECT count(*) FROM measures q JOIN files f ON f.id = "
                                    "q.file_id WHERE f.status <> 'gone' AND " +
                                    condition));
  return static_cast<uint64_t>(count);
}

struct Weakness {
  const char* title;
  const char* condition;
  const char* order;
  const char* caption;
};

// Where a mark of picture_quality.h says that something is wrong.
constexpr std::array<Weakness, 5> kWeaknesses = {
    {{"Not sharp", "q.sharpness < 0.5", "q.sharpness",
      "'sharpness ' || printf('%.2f', q.sharpness)"},
     {"Too dark", "q.exposure < -0.5", "q.exposure", "'exposure ' || printf('%.2f', q.exposure)"},
     {"Too bright", "q.exposure > 0.5", "q.exposure DESC",
      "'exposure ' || printf('%+.2f', q.exposure)"},
     {"Grainy", "q.noise > 8", "q.noise DESC", "'grain ' || printf('%.1f', q.noise)"},
     {"Subject cut off", "q.subject_cut_off = 1 AND q.subject_share > 0.03", "q.subject_score",
      "'subject ' || printf('%.2f', q.subject_score)"}}};

Result<std::string> HistogramHtml(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT min(19, max(0, CAST(q.quality * 20 AS INTEGER))), count(*) FROM measures q JOIN "
          "files f ON f.id = q.file_id WHERE f.status <> 'gone' AND q.quality IS NOT NULL GROUP BY "
          "1"));
  std::vector<Column> columns(20);
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i].title_text = fmt::format("{:.2f} to {:.2f}", static_cast<double>(i) / 20,
                                        static_cast<double>(i + 1) / 20);
    if (i % 4 == 0) columns[i].axis_text = fmt::format("{:.1f}", static_cast<double>(i) / 20);
  }
  uint64_t total = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    columns[static_cast<size_t>(row.integer(0))].count = static_cast<uint64_t>(row.integer(1));
    total += static_cast<uint64_t>(row.integer(1));
  }
  if (total == 0) return std::string();
  return Columns(columns, "Pictures by their mark for quality, 0 to 1");
}

}  // namespace

Result<std::string> ColoursSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT q.dominant_colors FROM measures q JOIN files f ON f.id = q.file_id "
          "WHERE f.status <> 'gone' AND q.dominant_colors IS NOT NULL ORDER BY f.id"));
  constexpr uint64_t kCells = 960;
  const uint64_t step = std::max<uint64_t>(1, page.pictures / kCells);
  std::array<Family, 12> families = Families();
  std::vector<Colour> cells;
  uint64_t count = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const std::vector<Colour> colours = ColoursOf(row.text(0));
    if (colours.empty()) continue;
    // The widest counts thrice, as it takes about three times the others' place.
    for (size_t i = 0; i < colours.size(); ++i)
      families[FamilyOf(colours[i])].count += i == 0 ? 3 : 1;
    if (count++ % step != 0) continue;
    // What is remembered of a picture is the colour in it, not the grey around.
    const auto vivid = std::ranges::max_element(colours, {}, &Colour::chroma);
    cells.push_back(vivid->chroma > 0.06 ? *vivid : colours[0]);
  }
  if (count == 0) return std::string();
  return Section("colours", "Colours",
                 "Each cell is the colour of one picture; below, what all of them are made of.",
                 MosaicHtml(std::move(cells)) + RibbonHtml(families));
}

Result<std::string> QualitySection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(std::string html, HistogramHtml(page));
  if (html.empty()) return html;
  PEEL_ASSIGN_OR_RETURN(
      const std::vector<Shot> best,
      ShotsBy(page, "'quality ' || printf('%.2f', q.quality)", "q.quality IS NOT NULL",
              "coalesce(q.subject_score, q.quality) + q.quality DESC", 8));
  PEEL_ASSIGN_OR_RETURN(const std::string best_html, ShotsHtml(page, best));
  html += "<h3>The best</h3>\n" + best_html;
  for (const Weakness& weakness : kWeaknesses) {
    PEEL_ASSIGN_OR_RETURN(const uint64_t count, CountOf(page, weakness.condition));
    if (count == 0) continue;
    PEEL_ASSIGN_OR_RETURN(const std::vector<Shot> shots,
                          ShotsBy(page, weakness.caption, weakness.condition, weakness.order, 6));
    PEEL_ASSIGN_OR_RETURN(const std::string shots_html, ShotsHtml(page, shots, "small"));
    html += fmt::format("<h3>{} <span class=\"soft\">{}</span></h3>\n{}", weakness.title,
                        CountText(count), shots_html);
  }
  PEEL_ASSIGN_OR_RETURN(const uint64_t good, CountOf(page, "q.quality >= 0.5"));
  return Section("quality", "Quality",
                 fmt::format("{} of {} have a mark of one half or better; 1 is the best there is.",
                             CountText(good), Plural(page.pictures, "picture")),
                 html);
}

}  // namespace peel::library
