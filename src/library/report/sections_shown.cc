// What pictures show: scenes, objects, faces.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "src/library/report/page_parts.h"
#include "src/library/report/text.h"

namespace peel::library {
namespace {

struct Kind {
  std::string label;
  uint64_t count = 0;
  int64_t example = 0;
};

Result<std::vector<Kind>> ReadKinds(ReportPage& page, const char* sql) {
  PEEL_ASSIGN_OR_RETURN(Statement row, page.store.database().Prepare(sql));
  std::vector<Kind> kinds;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return kinds;
    kinds.push_back(
        {std::string(row.text(0)), static_cast<uint64_t>(row.integer(1)), row.integer(2)});
  }
}

// The first with pictures, the others as words.
Result<std::string> KindsHtml(ReportPage& page, const std::vector<Kind>& kinds, size_t with_picture,
                              size_t words) {
  std::vector<Shot> shots;
  for (size_t i = 0; i < kinds.size() && i < with_picture; ++i) {
    shots.push_back(
        {kinds[i].example,
         fmt::format("<b>{}</b> {}", HtmlText(kinds[i].label), CountText(kinds[i].count)), ""});
  }
  PEEL_ASSIGN_OR_RETURN(std::string html, ShotsHtml(page, shots));
  if (kinds.size() <= with_picture) return html;
  html += "<ul class=\"words\">\n";
  size_t i = with_picture;
  for (; i < kinds.size() && i < with_picture + words; ++i) {
    html +=
        fmt::format("<li>{} <b>{}</b></li>\n", HtmlText(kinds[i].label), CountText(kinds[i].count));
  }
  if (i < kinds.size())
    html += fmt::format("<li class=\"soft\">and {} more</li>\n", kinds.size() - i);
  return html + "</ul>\n";
}

}  // namespace

Result<std::string> ScenesSection(ReportPage& page) {
  // Of several rows SQLite gives the bare column of the one with the maximum.
  PEEL_ASSIGN_OR_RETURN(
      const std::vector<Kind> kinds,
      ReadKinds(
          page,
          "SELECT scene, count(*), file_id, max(scene_score) FROM scenes s JOIN files f ON f.id "
          "= s.file_id WHERE f.status <> 'gone' AND scene <> '' GROUP BY scene ORDER BY 2 DESC, "
          "1"));
  if (kinds.empty()) return std::string();
  PEEL_ASSIGN_OR_RETURN(const std::string html, KindsHtml(page, kinds, 12, 36));
  return Section("scenes", "Scenes",
                 fmt::format("What the pictures are of, as a network names it: {}, each with its "
                             "surest picture.",
                             Plural(kinds.size(), "kind")),
                 html);
}

Result<std::string> ObjectsSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      const std::vector<Kind> kinds,
      ReadKinds(
          page,
          "SELECT label, count(DISTINCT file_id), file_id, max(score) FROM detections d JOIN "
          "files f ON f.id = d.file_id WHERE f.status <> 'gone' GROUP BY label ORDER BY 2 DESC, "
          "1"));
  if (kinds.empty()) return std::string();
  PEEL_ASSIGN_OR_RETURN(const std::string html, KindsHtml(page, kinds, 12, 68));
  return Section(
      "objects", "Objects",
      fmt::format("{} of objects were found in the pictures.", Plural(kinds.size(), "kind")), html);
}

Result<std::string> FacesSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT min(n, 6), count(*), sum(n) FROM (SELECT count(*) AS n FROM faces a JOIN files f "
          "ON "
          "f.id = a.file_id WHERE f.status <> 'gone' GROUP BY a.file_id) GROUP BY 1 ORDER BY 1"));
  std::vector<Bar> bars;
  uint64_t pictures = 0, faces = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const int64_t n = row.integer(0);
    const auto count = static_cast<uint64_t>(row.integer(1));
    bars.push_back({n >= 6 ? "6 and more" : n == 1 ? "1 face" : fmt::format("{} faces", n), count});
    pictures += count;
    faces += static_cast<uint64_t>(row.integer(2));
  }
  if (bars.empty()) return std::string();
  PEEL_ASSIGN_OR_RETURN(
      Statement large,
      page.store.database().Prepare(
          "SELECT a.file_id, a.x, a.y, a.w, a.h, max(a.w * a.h * a.score) FROM faces a JOIN files "
          "f ON "
          "f.id = a.file_id JOIN measures q ON q.file_id = f.id WHERE f.status <> 'gone' AND "
          "q.thumbnail IS NOT NULL GROUP BY a.file_id ORDER BY 6 DESC LIMIT 24"));
  std::string html = "<div class=\"rounds\">\n";
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, large.Step());
    if (!has_row) break;
    PEEL_ASSIGN_OR_RETURN(const std::string round,
                          RoundHtml(page, large.integer(0), large.real(1), large.real(2),
                                    large.real(3), large.real(4)));
    html += round;
  }
  html += "</div>\n<div class=\"halves\"><div><h3>Faces in a picture</h3>\n" + Bars(bars) +
          "</div></div>\n";
  return Section("faces", "Faces",
                 fmt::format("{} in {}. Faces are found, not recognised: nobody is named.",
                             Plural(faces, "face"), Plural(pictures, "picture")),
                 html);
}

}  // namespace peel::library
