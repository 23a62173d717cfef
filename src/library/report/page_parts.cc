#include "src/library/report/page_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <optional>

#include "src/library/report/text.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

struct Picture {
  std::string path_text, path, place, taken_at, scene;
  int64_t width = 0, height = 0;  // upright
  std::vector<uint8_t> thumbnail;

  // Width over height, from a column of a page to a panorama.
  double shape() const {
    if (width < 1 || height < 1) return 1.5;
    return std::clamp(static_cast<double>(width) / static_cast<double>(height), 0.7, 2.4);
  }
  std::string name() const { return path_text.substr(path_text.find_last_of('/') + 1); }
};

Result<std::optional<Picture>> ReadPicture(Store& store, int64_t file_id) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT f.path, f.path_bytes, m.width, m.height, m.orientation, m.city, m.country, "
          "m.taken_at, s.scene, q.thumbnail FROM files f LEFT JOIN metadata m ON m.file_id = f.id "
          "LEFT JOIN scenes s ON s.file_id = f.id LEFT JOIN measures q ON q.file_id = f.id "
          "WHERE f.id = ?1"));
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, file_id).Step());
  if (!has_row) return std::optional<Picture>();
  Picture picture;
  picture.path_text = row.text(0);
  picture.path = PathOfRow(row.text(0), row.blob(1));
  picture.width = row.integer(2);
  picture.height = row.integer(3);
  if (row.integer(4) >= 5) std::swap(picture.width, picture.height);
  picture.place = row.text(5);
  picture.taken_at = row.text(7);
  picture.scene = row.text(8);
  const std::span<const uint8_t> bytes = row.blob(9);
  picture.thumbnail.assign(bytes.begin(), bytes.end());
  return std::optional<Picture>(std::move(picture));
}

std::string AltText(const Picture& picture) {
  std::string alt = picture.scene.empty() ? picture.name() : picture.scene;
  if (!picture.place.empty()) alt += ", " + picture.place;
  if (const std::string date = DateText(picture.taken_at); !date.empty()) alt += ", " + date;
  return alt;
}

std::string TitleText(const Picture& picture) {
  std::string title = picture.name();
  if (const std::string date = DateText(picture.taken_at); !date.empty()) title += " · " + date;
  if (!picture.place.empty()) title += " · " + picture.place;
  return title;
}

std::string LinkTo(const ReportPage& page, const std::string& path) {
  if (page.folder.empty()) return "";
  const std::string relative =
      std::filesystem::path(path).lexically_relative(page.folder).generic_string();
  if (relative.empty()) return "";
  // A name with a colon in its first part would be taken for a scheme.
  return relative.starts_with("../") ? UrlOfPath(relative) : "./" + UrlOfPath(relative);
}

std::string DataUrl(const Picture& picture) {
  return "data:image/jpeg;base64," + Base64(picture.thumbnail);
}

}  // namespace

std::string CountText(uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string Plural(uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", CountText(count), one, count == 1 ? "" : "s");
}

std::string SizeText(uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "kB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 999.5 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return fmt::format("{:.{}f} {}", size, unit > 0 && size < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string DateText(std::string_view taken_at) {
  constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
  const auto digits = [&](size_t at, size_t count) {
    int value = 0;
    for (size_t i = at; i < at + count; ++i) {
      if (i >= taken_at.size() || taken_at[i] < '0' || taken_at[i] > '9') return -1;
      value = value * 10 + (taken_at[i] - '0');
    }
    return value;
  };
  const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31) return "";
  return fmt::format("{} {} {}", day, kMonths[static_cast<size_t>(month - 1)], year);
}

std::string Section(std::string_view id, std::string_view title_text, std::string_view lead_html,
                    std::string_view html) {
  if (html.empty()) return "";
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><header><h2 id=\"{0}-title\">{1}</h2>"
      "<p>{2}</p></header>\n{3}</section>\n",
      id, HtmlText(title_text), lead_html, html);
}

std::string Bars(const std::vector<Bar>& bars, uint64_t rest) {
  if (bars.empty()) return "";
  uint64_t most = 1;
  for (const Bar& bar : bars) most = std::max(most, bar.count);
  std::string html = "<ol class=\"bars\">\n";
  for (const Bar& bar : bars) {
    html += fmt::format(
        "<li><span class=\"name\">{}</span><span class=\"value\">{}</span><svg class=\"bar\" "
        "aria-hidden=\"true\"><rect width=\"{:.1f}%\" height=\"100%\" rx=\"3\"/></svg></li>\n",
        HtmlText(bar.text), CountText(bar.count),
        std::max(0.8, 100.0 * static_cast<double>(bar.count) / static_cast<double>(most)));
  }
  html += "</ol>\n";
  if (rest > 0) html += fmt::format("<p class=\"soft\">and {} more</p>\n", CountText(rest));
  return html;
}

std::string Columns(const std::vector<Column>& columns, std::string_view label_text,
                    double chart_width) {
  if (columns.empty()) return "";
  constexpr double kHeight = 180, kAxis = 26;
  uint64_t most = 1;
  for (const Column& column : columns) most = std::max(most, column.count);
  const double step = chart_width / static_cast<double>(columns.size());
  const double gap = std::min(step * 0.22, 4.0);
  const double bar_width = std::min(step - gap, 64.0);
  std::string svg = fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\">"
      "<svg class=\"columns\" viewBox=\"0 0 {1} {2}\" role=\"img\" aria-label=\"{0}\">\n",
      HtmlText(label_text), chart_width, kHeight + kAxis);
  svg += fmt::format("<path class=\"axis\" d=\"M0 {0}H{1}\"/>\n", kHeight, chart_width);
  double labelled_to = -1;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    const double x = static_cast<double>(i) * step;
    const double height = column.count == 0
                              ? 0
                              : std::max(2.0, (kHeight - 22) * static_cast<double>(column.count) /
                                                  static_cast<double>(most));
    const double left = x + (step - bar_width) / 2;
    if (column.count > 0) {
      svg += fmt::format(
          "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "rx=\"{:.1f}\"><title>{}</title></rect>\n",
          column.count == most ? "most" : "part", left, kHeight - height, bar_width, height,
          std::min(3.0, bar_width / 3),
          HtmlText(fmt::format("{}: {}", column.title_text, CountText(column.count))));
    }
    if (column.count == most && labelled_to < 0) {
      svg += fmt::format("<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                         std::clamp(left + bar_width / 2, 24.0, chart_width - 24),
                         kHeight - height - 6, CountText(column.count));
      labelled_to = 0;
    }
  }
  // Where names would run into each other every second, third … of them is left.
  double taken_to = -1e9;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].axis_text.empty()) continue;
    const double width = 8.2 * static_cast<double>(columns[i].axis_text.size()) + 14;
    const double middle = std::clamp((static_cast<double>(i) + 0.5) * step, width / 2 - 6,
                                     chart_width - width / 2 + 6);
    if (middle - width / 2 < taken_to) continue;
    taken_to = middle + width / 2;
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\">{}</text>\n", middle, kHeight + 19,
                       HtmlText(columns[i].axis_text));
  }
  return svg + "</svg></div>\n";
}

Result<std::string> ShotHtml(ReportPage& page, const Shot& shot) {
  PEEL_ASSIGN_OR_RETURN(const std::optional<Picture> found, ReadPicture(page.store, shot.file_id));
  if (!found) return std::string();
  const Picture& picture = *found;
  std::string inside;
  if (picture.thumbnail.empty()) {
    const std::string name = picture.name();
    const size_t dot = name.find_last_of('.');
    inside = fmt::format("<span class=\"none\">{}</span>",
                         HtmlText(dot == std::string::npos ? name : name.substr(dot + 1)));
  } else {
    ++page.shots;
    inside = fmt::format("<img src=\"{}\" alt=\"{}\" loading=\"lazy\" decoding=\"async\">",
                         DataUrl(picture), HtmlText(AltText(picture)));
  }
  if (!shot.badge_text.empty()) {
    inside += fmt::format("<span class=\"badge\">{}</span>", HtmlText(shot.badge_text));
  }
  const std::string link = LinkTo(page, picture.path);
  const std::string title = HtmlText(TitleText(picture));
  const std::string frame =
      link.empty() ? fmt::format("<span class=\"frame\" title=\"{}\">{}</span>", title, inside)
                   : fmt::format("<a class=\"frame\" href=\"{}\" title=\"{}\">{}</a>",
                                 HtmlText(link), title, inside);
  return fmt::format(
      "<figure class=\"shot s{}\">{}{}</figure>\n",
      static_cast<int>(std::lround(picture.shape() * 10)), frame,
      shot.caption_html.empty() ? "" : "<figcaption>" + shot.caption_html + "</figcaption>");
}

Result<std::string> ShotsHtml(ReportPage& page, const std::vector<Shot>& shots,
                              std::string_view css_class) {
  if (shots.empty()) return std::string();
  std::string html = fmt::format("<div class=\"shots {}\">\n", css_class);
  for (const Shot& shot : shots) {
    PEEL_ASSIGN_OR_RETURN(const std::string one, ShotHtml(page, shot));
    html += one;
  }
  return html + "</div>\n";
}

Result<std::string> RoundHtml(ReportPage& page, int64_t file_id, double x, double y, double width,
                              double height) {
  PEEL_ASSIGN_OR_RETURN(const std::optional<Picture> found, ReadPicture(page.store, file_id));
  if (!found || found->thumbnail.empty()) return std::string();
  ++page.shots;
  const double shape = found->width > 0 && found->height > 0
                           ? static_cast<double>(found->width) / static_cast<double>(found->height)
                           : 1.5;
  // In units of the picture's height over 100, a little more than the box, within the picture.
  const double picture_width = 100 * shape;
  const double side =
      std::min({1.5 * std::max(width * picture_width, height * 100), 100.0, picture_width});
  const double left = std::clamp((x + width / 2) * picture_width - side / 2, 0.0,
                                 std::max(0.0, picture_width - side));
  const double top = std::clamp((y + height / 2) * 100 - side / 2, 0.0, std::max(0.0, 100 - side));
  const std::string link = LinkTo(page, found->path);
  const std::string svg = fmt::format(
      "<svg viewBox=\"{:.2f} {:.2f} {:.2f} {:.2f}\" role=\"img\" aria-label=\"A face in {}\">"
      "<image href=\"{}\" width=\"{:.2f}\" height=\"100\" preserveAspectRatio=\"none\"/></svg>",
      left, top, side, side, HtmlText(found->name()), DataUrl(*found), picture_width);
  if (link.empty()) return fmt::format("<span class=\"round\">{}</span>\n", svg);
  return fmt::format("<a class=\"round\" href=\"{}\" title=\"{}\">{}</a>\n", HtmlText(link),
                     HtmlText(TitleText(*found)), svg);
}

std::string ShownPath(const ReportPage& page, std::string_view path_text) {
  if (!page.root.empty() && path_text.starts_with(page.root)) {
    path_text.remove_prefix(page.root.size());
  }
  return std::string(path_text);
}

}  // namespace peel::library
