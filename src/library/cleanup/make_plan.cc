#include "src/library/cleanup/make_plan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "src/library/cleanup/knowledge.h"

namespace peel::library {
namespace {

constexpr std::array<const char*, 3> kTiers = {"exact", "same", "similar"};

void AddNotes(const Knowledge& kept, const Knowledge& other, const std::string& name,
              std::vector<std::string>& notes) {
  std::string words;
  for (const std::string& word : other.keywords) {
    if (std::ranges::find(kept.keywords, word) != kept.keywords.end()) continue;
    if (!words.empty()) words += ", ";
    words += word;
  }
  if (!words.empty()) notes.push_back(name + " alone has the keywords " + words);
  if (other.rating > kept.rating) {
    notes.push_back(name + " has the higher rating: " + std::to_string(other.rating));
  }
  if (!other.title.empty() && other.title != kept.title) {
    notes.push_back(name + " has another title: " + other.title);
  }
  if (!other.description.empty() && other.description != kept.description) {
    notes.push_back(name + " has another description: " + other.description);
  }
  if (other.has_place() && !kept.has_place()) {
    notes.push_back(name + " alone knows where it was taken");
  }
}

// The films that are a picture's: those of its live photo.
Result<std::vector<std::string>> FilmsOf(Statement& row, int64_t file_id) {
  std::vector<std::string> films;
  row.Bind(1, file_id);
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return films;
    films.emplace_back(row.text(0));
  }
}

std::string NameOf(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

// What of the others is to be written beside the first.
void AddMerge(const Knowledge& kept, const std::vector<Knowledge>& others, PlannedGroup* group) {
  const auto all = MergeKinds();
  const Knowledge missing = Missing(kept, others, std::vector<std::string>(all.begin(), all.end()));
  group->merge = KindsOf(missing);
  group->merged = KnowledgeText(missing);
}

Result<std::vector<PlannedGroup>> MakePlan(Store& store, std::string_view tier, bool merge) {
  std::vector<PlannedGroup> groups;
  std::set<std::string> planned;
  PEEL_ASSIGN_OR_RETURN(
      Statement films,
      store.database().Prepare(
          "SELECT f.path FROM stack_members s JOIN stack_films l ON l.stack_id = s.stack_id JOIN "
          "films f ON f.id = l.film_id WHERE s.file_id = ?1 AND s.kind = 'live' ORDER BY f.path"));
  for (const std::string_view one : kTiers) {
    if (!tier.empty() && tier != one) continue;
    PEEL_ASSIGN_OR_RETURN(
        Statement row,
        store.database().Prepare(
            "SELECT d.group_id, d.best, d.reason, f.path, f.size, f.format, m.width, m.height, "
            "m.orientation, f.id, f.sidecar FROM "
            "duplicate_members d JOIN files f ON f.id = d.file_id LEFT JOIN metadata m ON "
            "m.file_id = "
            "f.id WHERE d.tier = ?1 AND f.status <> 'gone' ORDER BY d.group_id, d.best DESC, "
            "d.distance, f.path"));
    row.Bind(1, one);
    PlannedGroup group;
    Knowledge kept;
    std::vector<Knowledge> others;
    std::optional<int64_t> number;
    const auto end_group = [&] {
      if (group.files.size() > 1) {
        for (const PlannedFile& file : group.files) planned.insert(file.path_text);
        if (merge) AddMerge(kept, others, &group);
        groups.push_back(std::move(group));
      }
      group = PlannedGroup();
      others.clear();
    };
    while (true) {
      PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
      if (!has_row) break;
      if (number != row.integer(0)) {
        end_group();
        number = row.integer(0);
        group.tier = one;
      }
      PlannedFile file;
      file.path_text = row.text(3);
      if (planned.contains(file.path_text)) continue;
      file.keep = group.files.empty();
      file.size = static_cast<uint64_t>(row.integer(4));
      if (!row.is_null(6)) {
        const bool is_turned = row.integer(8) >= 5;
        file.about = std::to_string(row.integer(is_turned ? 7 : 6)) + " × " +
                     std::to_string(row.integer(is_turned ? 6 : 7)) + ", ";
      }
      file.about += row.text(5);
      file.sidecar = row.text(10);
      PEEL_ASSIGN_OR_RETURN(file.films, FilmsOf(films, row.integer(9)));
      PEEL_ASSIGN_OR_RETURN(Knowledge known, ReadKnowledge(store, row.integer(9)));
      if (file.keep) {
        group.reason = row.text(2);
        kept = std::move(known);
      } else {
        AddNotes(kept, known, NameOf(file.path_text), group.notes);
        if (!file.films.empty() && group.files.front().films.empty()) {
          group.notes.push_back(NameOf(file.path_text) + " alone is a live photo, with its film");
        }
        others.push_back(std::move(known));
      }
      group.files.push_back(std::move(file));
    }
    end_group();
  }
  return groups;
}

}  // namespace peel::library
