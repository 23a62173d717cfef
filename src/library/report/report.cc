#include "src/library/report/report.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/digest.h"
#include "src/base/os/files.h"
#include "src/library/report/page_parts.h"
#include "src/library/report/text.h"

namespace peel::library {
namespace {

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// What a Content-Security-Policy names a script or a style sheet by.
std::string PolicyHash(std::string_view text) {
  Digest digest(Digest::Kind::kSha256);
  digest.Update(BytesOf(text));
  const std::string hex = digest.Finish();
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto digit = [&](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    bytes.push_back(static_cast<uint8_t>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return "'sha256-" + Base64(bytes) + "'";
}

std::string HeadHtml(const std::string& title_text) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src {}; script-src {}; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"generator\" content=\"peel\">\n<title>{}</title>\n<style>{}</style>\n</head>\n",
      PolicyHash(ReportStyle()), PolicyHash(ReportScript()), HtmlText(title_text), ReportStyle());
}

// The folder that all pictures are in, with its last slash.
Result<std::string> CommonFolder(Store& store) {
  PEEL_ASSIGN_OR_RETURN(Statement row, store.database().Prepare(
                                           "SELECT min(path), max(path) FROM files WHERE status <> "
                                           "'gone'"));
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row || row.is_null(0)) return std::string();
  const std::string_view first = row.text(0), last = row.text(1);
  size_t alike = 0;
  while (alike < first.size() && alike < last.size() && first[alike] == last[alike]) ++alike;
  const size_t slash = first.substr(0, alike).find_last_of('/');
  return slash == std::string_view::npos ? std::string() : std::string(first.substr(0, slash + 1));
}

std::string FolderName(std::string_view root) {
  if (root.ends_with('/')) root.remove_suffix(1);
  const std::string_view name = root.substr(root.find_last_of('/') + 1);
  return name.empty() ? "Photo library" : std::string(name);
}

struct Totals {
  uint64_t pictures = 0, bytes = 0, cameras = 0, places = 0, faces = 0, videos = 0;
  std::string first, last;
};

Result<Totals> ReadTotals(Store& store) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT (SELECT count(*) FROM files WHERE status <> 'gone'), "
          "(SELECT total(size) FROM files WHERE status <> 'gone'), count(DISTINCT m.model), "
          "count(DISTINCT m.city || m.country), min(CASE WHEN taken_at > '1990' THEN taken_at "
          "END), "
          "max(taken_at), (SELECT count(*) FROM faces a JOIN files g ON g.id = a.file_id WHERE "
          "g.status <> 'gone') FROM metadata m JOIN files f ON f.id = m.file_id WHERE f.status <> "
          "'gone'"));
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  Totals totals;
  if (!has_row) return totals;
  totals.pictures = static_cast<uint64_t>(row.integer(0));
  totals.bytes = static_cast<uint64_t>(row.real(1));
  totals.cameras = static_cast<uint64_t>(row.integer(2));
  totals.places = static_cast<uint64_t>(row.integer(3));
  totals.first = row.text(4);
  totals.last = row.text(5);
  totals.faces = static_cast<uint64_t>(row.integer(6));
  return totals;
}

// Good pictures that are not alike: of different scenes and days, and no copies of each other.
Result<std::vector<Shot>> FrontShots(Store& store) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT q.file_id, coalesce(s.scene, ''), substr(coalesce(m.taken_at, q.file_id), 1, 10) "
          "FROM measures q JOIN files f ON f.id = q.file_id LEFT JOIN scenes s ON s.file_id = f.id "
          "LEFT JOIN metadata m ON m.file_id = f.id WHERE f.status = 'ok' AND q.thumbnail IS NOT "
          "NULL "
          "AND NOT EXISTS (SELECT 1 FROM duplicate_members d WHERE d.file_id = f.id AND d.best = "
          "0) "
          "ORDER BY q.quality * (1 + min(q.colorfulness, 60) / 120.0) * (0.6 + "
          "coalesce(q.subject_score, 0.4)) DESC LIMIT 600"));
  constexpr size_t kMost = 11;
  std::set<std::string> scenes, days;
  std::vector<Shot> shots, others;
  while (shots.size() < kMost) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const std::string scene(row.text(1)), day(row.text(2));
    const bool is_new = (scene.empty() || scenes.insert(scene).second) && days.insert(day).second;
    (is_new ? shots : others).push_back({row.integer(0), "", ""});
  }
  for (size_t i = 0; i < others.size() && shots.size() < kMost; ++i) shots.push_back(others[i]);
  return shots;
}

std::string SpanText(const Totals& totals) {
  const std::string first = DateText(totals.first), last = DateText(totals.last);
  if (first.empty() || last.empty()) return "";
  return first == last ? first : first + " to " + last;
}

std::string FactsHtml(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string html = "<dl class=\"facts\">\n";
  for (const auto& [value, name] : facts) {
    html += fmt::format("<div><dd>{}</dd><dt>{}</dt></div>\n", HtmlText(value), HtmlText(name));
  }
  return html + "</dl>\n";
}

struct Part {
  const char* id;
  const char* name;
  Result<std::string> (*make)(ReportPage& page);
};
constexpr std::array<Part, 10> kParts = {{{"timeline", "Timeline", TimelineSection},
                                          {"places", "Places", PlacesSection},
                                          {"scenes", "Scenes", ScenesSection},
                                          {"objects", "Objects", ObjectsSection},
                                          {"faces", "Faces", FacesSection},
                                          {"colours", "Colours", ColoursSection},
                                          {"quality", "Quality", QualitySection},
                                          {"duplicates", "Duplicates", DuplicatesSection},
                                          {"stacks", "Stacks", StacksSection},
                                          {"cameras", "Cameras", CamerasSection}}};

std::string FactName(uint64_t count, const char* one, const char* many) {
  return count == 1 ? one : many;
}

Result<std::string> TopHtml(ReportPage& page, const Totals& totals, const std::string& title) {
  std::vector<std::pair<std::string, std::string>> facts = {
      {CountText(totals.pictures), FactName(totals.pictures, "picture", "pictures")},
      {SizeText(totals.bytes), "on the disk"}};
  const auto fact = [&](uint64_t count, const char* one, const char* many) {
    if (count > 0) facts.emplace_back(CountText(count), FactName(count, one, many));
  };
  fact(totals.cameras, "camera", "cameras");
  fact(totals.places, "place", "places");
  fact(totals.faces, "face", "faces");
  PEEL_ASSIGN_OR_RETURN(
      const int64_t copies,
      page.store.database().Integer(
          "SELECT count(DISTINCT d.file_id) FROM duplicate_members d JOIN files f ON f.id = "
          "d.file_id "
          "WHERE f.status <> 'gone' AND d.best = 0 AND d.tier IN ('exact', 'same')"));
  fact(static_cast<uint64_t>(copies), "copy", "copies");
  PEEL_ASSIGN_OR_RETURN(const std::vector<Shot> front, FrontShots(page.store));
  PEEL_ASSIGN_OR_RETURN(const std::string shots,
                        ShotsHtml(page, front, front.size() < 6 ? "" : "front"));
  const std::string span = SpanText(totals);
  return fmt::format(
      "<header class=\"top\">\n<div class=\"head\"><span class=\"brand\"><svg viewBox=\"0 0 24 "
      "24\" "
      "aria-hidden=\"true\"><path d=\"M20 4c-9-1-16 3-16 11v5c1-7 5-10 10-11-5 3-7 6-8 10 8 2 14-3 "
      "14-15z\"/></svg>peel scan</span><button type=\"button\" id=\"look\" hidden>Light or dark"
      "</button></div>\n<h1>{}</h1>\n<p class=\"span\">{}</p>\n{}</header>\n{}",
      HtmlText(title), HtmlText(span), FactsHtml(facts), shots);
}

}  // namespace

Result<std::string> ReportHtml(Store& store, const std::string& folder) {
  PEEL_ASSIGN_OR_RETURN(const std::string root, CommonFolder(store));
  PEEL_ASSIGN_OR_RETURN(const Totals totals, ReadTotals(store));
  ReportPage page = {store, folder, root, totals.pictures};
  const std::string title = FolderName(root);
  PEEL_ASSIGN_OR_RETURN(const std::string top, TopHtml(page, totals, title));
  std::string links, sections;
  for (const Part& part : kParts) {
    PEEL_ASSIGN_OR_RETURN(const std::string section, part.make(page));
    if (section.empty()) continue;
    sections += section;
    links += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", part.id, part.name);
  }
  PEEL_ASSIGN_OR_RETURN(const std::string errors, ErrorsSection(page));
  if (!errors.empty()) links += "<li><a href=\"#errors\">Errors</a></li>\n";
  PEEL_ASSIGN_OR_RETURN(const std::string run, RunSection(page));
  if (totals.pictures == 0) {
    sections += "<section><p>There are no pictures in this library yet.</p></section>\n";
  }
  return HeadHtml(title) + "<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n" + top +
         "<nav aria-label=\"Sections\"><ul>\n" + links + "</ul></nav>\n<main id=\"main\">\n" +
         sections + errors + "</main>\n<footer>\n" + run +
         "<p>Place names: <a href=\"https://www.geonames.org/\" rel=\"noreferrer\">GeoNames</a>, "
         "CC BY "
         "4.0. Outlines of the land: Natural Earth. This page was made on the computer that the "
         "pictures are on, and loads nothing from anywhere.</p>\n</footer>\n<script>" +
         std::string(ReportScript()) + "</script>\n</body>\n</html>\n";
}

Status WriteReport(Store& store, const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::absolute(path, error);
  if (error) return IoError(path + ": " + error.message());
  const std::string folder = target.lexically_normal().parent_path().string();
  PEEL_ASSIGN_OR_RETURN(const std::string html, ReportHtml(store, folder));
  Status status = WriteFileAtomically(path, BytesOf(html));
  return status.ok() ? OkStatus() : std::move(status).WithContext(path);
}

}  // namespace peel::library
