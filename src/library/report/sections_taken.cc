// When, where and with what pictures were taken.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/library/report/page_parts.h"
#include "src/library/report/text.h"
#include "src/library/report/world_map.h"

namespace peel::library {
namespace {

constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

// Pictures of a month; months count from year 0.
using Months = std::map<int, uint64_t>;

// Clocks that were never set say 1970 or 2000 and the like; a few of them must not stretch the
// years. What lies outside of the middle 99.8 % and more than three years off is left out.
void DropOutliers(Months& months) {
  uint64_t total = 0;
  for (const auto& [month, count] : months) total += count;
  const uint64_t cut = total / 1000;
  while (months.size() > 2) {
    const auto first = months.begin(), second = std::next(first);
    if (first->second > cut || second->first - first->first < 36) break;
    months.erase(first);
  }
  while (months.size() > 2) {
    const auto last = std::prev(months.end()), before = std::prev(last);
    if (last->second > cut || last->first - before->first < 36) break;
    months.erase(last);
  }
}

std::vector<Column> MonthColumns(const Months& months) {
  std::vector<Column> columns;
  const int first = months.begin()->first, last = months.rbegin()->first;
  const bool by_year = last - first >= 12 * 15;
  if (by_year) {
    for (int year = first / 12; year <= last / 12; ++year) {
      Column column = {std::to_string(year), std::to_string(year), 0};
      for (int month = year * 12; month < year * 12 + 12; ++month) {
        if (const auto at = months.find(month); at != months.end()) column.count += at->second;
      }
      columns.push_back(std::move(column));
    }
    return columns;
  }
  const bool is_short = last - first < 18;
  for (int month = first; month <= last; ++month) {
    const auto at = months.find(month);
    const char* const name = kMonths[static_cast<size_t>(month % 12)];
    const std::string year = std::to_string(month / 12);
    const bool is_named = month % 12 == 0 || month == first;
    columns.push_back({fmt::format("{} {}", name, year),
                       is_short ? (is_named ? fmt::format("{} {}", name, year) : std::string(name))
                       : is_named ? year
                                  : "",
                       at == months.end() ? 0 : at->second});
  }
  return columns;
}

// Hours of the day by days of the week.
std::string HoursHtml(const std::array<std::array<uint64_t, 24>, 7>& hours) {
  uint64_t most = 0;
  for (const auto& day : hours) most = std::max(most, *std::ranges::max_element(day));
  if (most == 0) return "";
  constexpr int kLeft = 44, kStep = 38, kRow = 22;
  std::string svg = fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Hours of the week\">"
      "<svg class=\"hours\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-label=\"Pictures by hour of the day and day of the week\">\n",
      kLeft + 24 * kStep, 7 * kRow + 24);
  for (int day = 0; day < 7; ++day) {
    svg += fmt::format("<text x=\"0\" y=\"{}\">{}</text>\n", day * kRow + 15,
                       kDays[static_cast<size_t>(day)]);
    for (int hour = 0; hour < 24; ++hour) {
      const uint64_t count = hours[static_cast<size_t>(day)][static_cast<size_t>(hour)];
      const double strength =
          count == 0
              ? 0
              : 0.12 + 0.88 * std::sqrt(static_cast<double>(count) / static_cast<double>(most));
      svg += fmt::format(
          "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" "
          "fill-opacity=\"{:.2f}\"><title>{} {:02}:00: {}</title></rect>\n",
          count == 0 ? "empty" : "cell", kLeft + hour * kStep, day * kRow, kStep - 3, kRow - 3,
          count == 0 ? 1 : strength, kDays[static_cast<size_t>(day)], hour, CountText(count));
    }
  }
  for (int hour = 0; hour < 24; hour += 3) {
    svg += fmt::format("<text class=\"hour\" x=\"{}\" y=\"{}\">{:02}:00</text>\n",
                       kLeft + hour * kStep, 7 * kRow + 16, hour);
  }
  return svg + "</svg></div>\n";
}

std::string CameraName(std::string_view make, std::string_view model) {
  // "Canon" "Canon EOS R5" is one name, "NIKON CORPORATION" "NIKON D750" as well.
  const std::string_view first = make.substr(0, make.find(' '));
  const auto begins_alike = [&] {
    if (model.size() < first.size()) return false;
    for (size_t i = 0; i < first.size(); ++i) {
      if ((model[i] | 0x20) != (first[i] | 0x20)) return false;
    }
    return true;
  };
  if (model.empty()) return std::string(make);
  if (make.empty() || begins_alike()) return std::string(model);
  return fmt::format("{} {}", make, model);
}

// The values of a list of (text, count) rows by their counts, `most` of them.
struct Top {
  std::vector<Bar> bars;
  uint64_t kinds = 0;
};

Top TopOf(const std::map<std::string, uint64_t>& counts, size_t most) {
  Top top;
  top.kinds = counts.size();
  for (const auto& [name, count] : counts) top.bars.push_back({name, count});
  std::ranges::stable_sort(top.bars, [](const Bar& a, const Bar& b) { return a.count > b.count; });
  if (top.bars.size() > most) top.bars.resize(most);
  return top;
}

std::string Half(std::string_view title, const std::string& html) {
  if (html.empty()) return "";
  return fmt::format("<div><h3>{}</h3>\n{}</div>\n", HtmlText(title), html);
}

// Focal lengths (of 35 mm film), apertures or sensitivities in the steps that photographers know.
Result<std::string> StepsHtml(ReportPage& page, const char* sql, std::span<const double> edges,
                              const char* form, std::string_view label) {
  PEEL_ASSIGN_OR_RETURN(Statement row, page.store.database().Prepare(sql));
  std::vector<Column> columns(edges.size());
  for (size_t i = 0; i < edges.size(); ++i) {
    columns[i].title_text = columns[i].axis_text = fmt::format(fmt::runtime(form), edges[i]);
  }
  uint64_t total = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const double value = row.real(0);
    if (!(value > 0)) continue;
    size_t nearest = 0;
    for (size_t i = 1; i < edges.size(); ++i) {
      if (std::abs(std::log(value / edges[i])) < std::abs(std::log(value / edges[nearest]))) {
        nearest = i;
      }
    }
    columns[nearest].count += static_cast<uint64_t>(row.integer(1));
    total += static_cast<uint64_t>(row.integer(1));
  }
  if (total == 0) return std::string();
  return Columns(columns, label, 500);  // two stand side by side
}

}  // namespace

Result<std::string> TimelineSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT substr(taken_at, 1, 7), strftime('%w', substr(taken_at, 1, 10)), "
          "substr(taken_at, 12, 2), count(*) FROM metadata m JOIN files f ON f.id = m.file_id "
          "WHERE f.status <> 'gone' AND taken_at GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*' "
          "GROUP BY 1, 2, 3"));
  Months months;
  std::array<std::array<uint64_t, 24>, 7> hours{};
  uint64_t dated = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const std::string month(row.text(0));
    const int year = std::stoi(month.substr(0, 4)), number = std::stoi(month.substr(5, 2));
    if (number < 1 || number > 12) continue;
    const auto count = static_cast<uint64_t>(row.integer(3));
    months[year * 12 + number - 1] += count;
    dated += count;
    const int64_t day = row.integer(1), hour = row.integer(2);
    if (!row.is_null(1) && hour >= 0 && hour < 24 && row.text(2).size() == 2) {
      hours[static_cast<size_t>((day + 6) % 7)][static_cast<size_t>(hour)] += count;
    }
  }
  if (months.empty()) return std::string();
  DropOutliers(months);
  const auto busiest = std::ranges::max_element(
      months, {}, [](const std::pair<const int, uint64_t>& entry) { return entry.second; });
  std::string lead = fmt::format("The fullest month was <b>{} {}</b> with {}.",
                                 kMonths[static_cast<size_t>(busiest->first % 12)],
                                 busiest->first / 12, Plural(busiest->second, "picture"));
  if (dated < page.pictures) {
    lead += fmt::format(" {} no date.", page.pictures - dated == 1
                                            ? "One picture has"
                                            : CountText(page.pictures - dated) + " pictures have");
  }
  std::string html = Columns(MonthColumns(months), "Pictures over time");
  if (const std::string week = HoursHtml(hours); !week.empty()) {
    html += "<h3>Hours of the week</h3>\n" + week;
  }
  return Section("timeline", "Timeline", lead, html);
}

Result<std::string> PlacesSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT avg(gps_lat), avg(gps_lon), count(*), city, country FROM metadata m JOIN files f "
          "ON f.id = m.file_id WHERE f.status <> 'gone' AND gps_lat BETWEEN -90 AND 90 AND gps_lon "
          "BETWEEN -180 AND 180 GROUP BY round(gps_lat * 4), round(gps_lon * 4), city, country"));
  std::vector<MapPoint> points;
  std::map<std::string, uint64_t> places, countries;
  uint64_t located = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    MapPoint point = {row.real(0), row.real(1), static_cast<uint64_t>(row.integer(2)), ""};
    const std::string city(row.text(3)), country(row.text(4));
    point.place = city.empty() ? country : country.empty() ? city : city + ", " + country;
    if (!point.place.empty()) places[point.place] += point.count;
    if (!country.empty()) countries[country] += point.count;
    located += point.count;
    points.push_back(std::move(point));
  }
  if (points.empty()) return std::string();
  const Top top = TopOf(places, 12);
  const Top lands = TopOf(countries, 6);
  std::string lead = fmt::format("{} know where they were taken", Plural(located, "picture"));
  if (lands.kinds > 0) {
    lead += fmt::format(
        ": {} in {}", Plural(top.kinds, "place"),
        lands.kinds == 1 ? HtmlText(lands.bars[0].text) : CountText(lands.kinds) + " countries");
  }
  lead += '.';
  std::string html = WorldMap(points);
  html += "<div class=\"halves\">\n" + Half("Places", Bars(top.bars, top.kinds - top.bars.size())) +
          Half("Countries", Bars(lands.bars, lands.kinds - lands.bars.size())) + "</div>\n";
  return Section("places", "Places", lead, html);
}

Result<std::string> CamerasSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        page.store.database().Prepare(
                            "SELECT make, model, lens, count(*) FROM metadata m JOIN files f "
                            "ON f.id = m.file_id WHERE f.status <> 'gone' GROUP BY 1, 2, 3"));
  std::map<std::string, uint64_t> cameras, lenses;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const auto count = static_cast<uint64_t>(row.integer(3));
    const std::string make(row.text(0)), model(row.text(1));
    if (const std::string name = CameraName(make, model); !name.empty()) cameras[name] += count;
    if (!row.text(2).empty()) lenses[std::string(row.text(2))] += count;
  }
  const Top camera = TopOf(cameras, 10), lens = TopOf(lenses, 10);
  constexpr std::array<double, 12> kFocal = {14, 20, 24, 28, 35, 50, 70, 85, 105, 135, 200, 400};
  constexpr std::array<double, 9> kIso = {50, 100, 200, 400, 800, 1600, 3200, 6400, 12800};
  constexpr const char* kOf =
      " FROM metadata m JOIN files f ON f.id = m.file_id WHERE f.status <> "
      "'gone' GROUP BY 1";
  PEEL_ASSIGN_OR_RETURN(
      const std::string focal,
      StepsHtml(page,
                (std::string("SELECT coalesce(focal35_mm, focal_mm), count(*)") + kOf).c_str(),
                kFocal, "{:.0f} mm", "Pictures by focal length"));
  PEEL_ASSIGN_OR_RETURN(const std::string iso,
                        StepsHtml(page, (std::string("SELECT iso, count(*)") + kOf).c_str(), kIso,
                                  "ISO {:.0f}", "Pictures by sensitivity"));
  if (camera.bars.empty() && lens.bars.empty()) return std::string();
  std::string lead = Plural(camera.kinds, "camera");
  if (lens.kinds > 0) {
    lead += fmt::format(" and {}", lens.kinds == 1 ? "1 lens" : CountText(lens.kinds) + " lenses");
  }
  if (!camera.bars.empty()) {
    lead += fmt::format("; most were taken with <b>{}</b>", HtmlText(camera.bars[0].text));
  }
  lead += '.';
  std::string html = "<div class=\"halves\">\n" +
                     Half("Cameras", Bars(camera.bars, camera.kinds - camera.bars.size())) +
                     Half("Lenses", Bars(lens.bars, lens.kinds - lens.bars.size())) +
                     Half("Focal length (as of 35 mm film)", focal) + Half("Sensitivity", iso) +
                     "</div>\n";
  return Section("cameras", "Cameras and lenses", lead, html);
}

}  // namespace peel::library
