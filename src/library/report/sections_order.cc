// What to put in order: duplicates, stacks, files that could not be read; and how the scan went.
#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/library/report/page_parts.h"
#include "src/library/report/text.h"

namespace peel::library {
namespace {

using Json = nlohmann::json;

struct Tier {
  const char* name;
  const char* title;
  const char* about;
};
constexpr std::array<Tier, 3> kTiers = {
    {{"exact", "Exactly the same", "Copies to the byte."},
     {"same", "The same shot",
      "One capture, saved again: other sizes, formats, turns, light edits."},
     {"similar", "Look alike", "Different shots of the same thing; which one is the best?"}}};
constexpr int kGroupsShown = 8, kMembersShown = 5;

struct TierCount {
  uint64_t groups = 0, extra = 0, bytes = 0;
};

Result<TierCount> CountTier(ReportPage& page, const char* tier) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT count(DISTINCT d.group_id), total(d.best = 0), total(CASE WHEN d.best = 0 THEN "
          "f.size END) FROM duplicate_members d JOIN files f ON f.id = d.file_id WHERE f.status <> "
          "'gone' AND d.tier = ?1"));
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, std::string_view(tier)).Step());
  TierCount count;
  if (!has_row) return count;
  count.groups = static_cast<uint64_t>(row.integer(0));
  count.extra = static_cast<uint64_t>(row.integer(1));
  count.bytes = static_cast<uint64_t>(row.integer(2));
  return count;
}

Result<std::string> GroupHtml(ReportPage& page, int64_t group) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT d.file_id, d.best, d.reason, f.size, m.width, m.height, f.format, f.path, "
          "m.orientation, EXISTS (SELECT 1 FROM stack_members s WHERE s.file_id = f.id AND s.kind "
          "= 'live') "
          "FROM duplicate_members d JOIN files f ON f.id = d.file_id LEFT JOIN metadata m ON "
          "m.file_id = f.id "
          "WHERE d.group_id = ?1 AND f.status <> 'gone' ORDER BY d.best DESC, d.distance, f.path"));
  row.Bind(1, group);
  std::vector<Shot> shots;
  std::string reason;
  uint64_t more = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    if (shots.size() == kMembersShown) {
      ++more;
      continue;
    }
    const bool is_best = row.integer(1) != 0;
    if (is_best) reason = row.text(2);
    std::string path(row.text(7));
    std::string caption =
        fmt::format("<b class=\"cut\">{}</b>", HtmlText(path.substr(path.find_last_of('/') + 1)));
    if (!row.is_null(4) && row.integer(4) > 0) {
      const bool is_turned = row.integer(8) >= 5;
      caption += fmt::format("<span class=\"fact\">{} × {}</span>", row.integer(is_turned ? 5 : 4),
                             row.integer(is_turned ? 4 : 5));
    }
    caption += fmt::format("<span class=\"fact\">{}</span>",
                           SizeText(static_cast<uint64_t>(row.integer(3))));
    if (row.integer(9) != 0) caption += "<span class=\"fact\">with its film</span>";
    shots.push_back({row.integer(0), std::move(caption), is_best ? "keep" : ""});
  }
  if (shots.empty()) return std::string();
  PEEL_ASSIGN_OR_RETURN(const std::string shots_html, ShotsHtml(page, shots, "small"));
  std::string html = "<article class=\"group\">\n" + shots_html;
  if (!reason.empty() || more > 0) {
    html += "<p class=\"why\">";
    if (!reason.empty()) html += "Keep the first: " + HtmlText(reason) + ". ";
    if (more > 0) html += fmt::format("<span class=\"soft\">And {} more.</span>", CountText(more));
    html += "</p>\n";
  }
  return html + "</article>\n";
}

const char* StackTitle(std::string_view kind) {
  if (kind == "raw+jpeg") return "Raw with JPEG";
  if (kind == "burst") return "Bursts";
  return "Live photos";
}

// A figure's name and value as they may be shown: plain ones alone.
std::string FiguresHtml(const Json& figures) {
  std::string html;
  for (const auto& [name, value] : figures.items()) {
    std::string text;
    if (value.is_number_float()) {
      text = fmt::format("{:.4g}", value.get<double>());
    } else if (value.is_number_unsigned()) {
      text = CountText(value.get<uint64_t>());
    } else if (value.is_primitive() && !value.is_null()) {
      text = value.is_string() ? value.get<std::string>() : value.dump();
    } else {
      continue;
    }
    std::string words = name;
    for (char& c : words) c = c == '_' ? ' ' : c;
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", HtmlText(words), HtmlText(text));
  }
  return html;
}

}  // namespace

Result<std::string> DuplicatesSection(ReportPage& page) {
  std::string html;
  uint64_t bytes = 0, extra = 0;
  for (const Tier& tier : kTiers) {
    PEEL_ASSIGN_OR_RETURN(const TierCount count, CountTier(page, tier.name));
    if (count.groups == 0) continue;
    // Look-alikes are pictures of their own: only copies are counted as what could go.
    if (std::string_view(tier.name) != "similar") {
      bytes += count.bytes;
      extra += count.extra;
    }
    html += fmt::format(
        "<h3>{} <span class=\"soft\">{}, {} besides the best</span></h3>\n<p "
        "class=\"soft\">{}</p>\n"
        "<div class=\"groups\">\n",
        tier.title, Plural(count.groups, "group"), Plural(count.extra, "picture"), tier.about);
    PEEL_ASSIGN_OR_RETURN(Statement row,
                          page.store.database().Prepare(
                              "SELECT d.group_id FROM duplicate_members d JOIN files f ON f.id "
                              "= d.file_id WHERE d.tier = ?1 AND f.status <> 'gone' GROUP BY 1 "
                              "HAVING count(*) > 1 ORDER BY count(*) DESC, 1 LIMIT ?2"));
    row.Bind(1, std::string_view(tier.name)).Bind(2, kGroupsShown);
    while (true) {
      PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
      if (!has_row) break;
      PEEL_ASSIGN_OR_RETURN(const std::string group, GroupHtml(page, row.integer(0)));
      html += group;
    }
    html += "</div>\n";
    if (count.groups > kGroupsShown) {
      html += fmt::format("<p class=\"soft\">and {} more</p>\n",
                          Plural(count.groups - kGroupsShown, "group"));
    }
  }
  std::string lead = "Nothing is a copy of anything.";
  if (extra > 0) {
    lead = fmt::format(
        "<b>{}</b> {} copies; without them there were <b>{}</b> more room. <code>peel scan "
        "duplicates</code> makes a plan to read and edit, and never deletes.",
        Plural(extra, "picture"), extra == 1 ? "is one of several" : "are", SizeText(bytes));
  }
  return Section("duplicates", "Duplicates and best shots", lead, html);
}

Result<std::string> StacksSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      page.store.database().Prepare(
          "SELECT s.kind, s.stack_id, count(*) + (SELECT count(*) FROM stack_films l "
          "WHERE l.stack_id = s.stack_id) AS files, min(s.file_id), (SELECT "
          "min(m.path) FROM stack_films l JOIN films m ON m.id = l.film_id WHERE "
          "l.stack_id = s.stack_id) FROM stack_members s JOIN files f ON f.id = "
          "s.file_id WHERE f.status <> 'gone' GROUP BY 1, 2 HAVING files > 1 ORDER "
          "BY 1, 3 DESC, 2"));
  struct Stacks {
    uint64_t count = 0, pictures = 0;
    std::vector<Shot> shots;
  };
  std::map<std::string, Stacks> kinds;
  uint64_t total = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    Stacks& stacks = kinds[std::string(row.text(0))];
    ++stacks.count;
    ++total;
    stacks.pictures += static_cast<uint64_t>(row.integer(2));
    if (stacks.shots.size() < 8) {
      std::string caption;
      if (!row.is_null(4)) {
        const std::string film(row.text(4));
        caption = fmt::format("<span class=\"fact cut\">{}</span>",
                              HtmlText(film.substr(film.find_last_of('/') + 1)));
      }
      stacks.shots.push_back(
          {row.integer(3), std::move(caption), fmt::format("{}", row.integer(2))});
    }
  }
  std::string html;
  for (const auto& [kind, stacks] : kinds) {
    PEEL_ASSIGN_OR_RETURN(const std::string shots, ShotsHtml(page, stacks.shots, "small"));
    html += fmt::format("<h3>{} <span class=\"soft\">{} of {}</span></h3>\n{}", StackTitle(kind),
                        Plural(stacks.count, "stack"), Plural(stacks.pictures, "file"), shots);
  }
  return Section("stacks", "Stacks",
                 fmt::format("{} of files that belong together.", Plural(total, "stack")), html);
}

Result<std::string> ErrorsSection(ReportPage& page) {
  constexpr int kShown = 200;
  PEEL_ASSIGN_OR_RETURN(const int64_t count,
                        page.store.database().Integer(
                            "SELECT count(*) FROM files WHERE status IN ('error', 'partial')"));
  if (count == 0) return std::string();
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        page.store.database().Prepare(
                            "SELECT path, status, error FROM files WHERE status IN ('error', "
                            "'partial') ORDER BY status, path LIMIT ?1"));
  row.Bind(1, kShown);
  std::string html =
      "<details><summary>Show the files</summary><div class=\"wide\" tabindex=\"0\" role=\"group\" "
      "aria-label=\"Files with errors\"><table><thead><tr><th scope=\"col\">File</th><th "
      "scope=\"col\">What happened</th></tr></thead><tbody>\n";
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    html +=
        fmt::format("<tr><td>{}</td><td>{}{}</td></tr>\n", HtmlText(ShownPath(page, row.text(0))),
                    row.text(1) == "partial" ? "<b>in part:</b> " : "", HtmlText(row.text(2)));
  }
  html += "</tbody></table></div></details>\n";
  if (count > kShown) html += fmt::format("<p class=\"soft\">and {} more</p>\n", count - kShown);
  return Section("errors", "Could not be read",
                 fmt::format("{} gave trouble; the rest is done.",
                             Plural(static_cast<uint64_t>(count), "file")),
                 html);
}

Result<std::string> RunSection(ReportPage& page) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row, page.store.database().Prepare(
                         "SELECT version, started_at, ended_at, figures FROM runs ORDER BY id DESC "
                         "LIMIT 1"));
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return std::string();
  const Json figures = Json::parse(row.text(3), nullptr, false);
  std::string html = fmt::format(
      "<details><summary>The last scan</summary><dl><div><dt>begun</dt><dd>{}</dd></div>\n"
      "<div><dt>ended</dt><dd>{}</dd></div>\n<div><dt>by</dt><dd>peel {}</dd></div>\n",
      HtmlText(row.text(1)), row.is_null(2) ? "not yet" : HtmlText(row.text(2)),
      HtmlText(row.text(0)));
  if (figures.is_object()) html += FiguresHtml(figures);
  return html + "</dl></details>\n";
}

}  // namespace peel::library
