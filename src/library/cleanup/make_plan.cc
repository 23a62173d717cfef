#include "src/library/cleanup/make_plan.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace peel::library {
namespace {

using Json = nlohmann::json;

constexpr std::array<const char*, 3> kTiers = {"exact", "same", "similar"};

// What a file knows of its picture that another may not know.
struct Knowledge {
  std::set<std::string> keywords;
  int64_t rating = 0;
  std::string title, description;
  bool has_place = false;
};

Knowledge KnowledgeOf(const Statement& row, int first) {
  Knowledge known;
  const Json keywords = Json::parse(row.text(first), nullptr, false);
  if (keywords.is_array()) {
    for (const Json& word : keywords) {
      if (word.is_string()) known.keywords.insert(word.get<std::string>());
    }
  }
  known.rating = row.integer(first + 1);
  known.title = row.text(first + 2);
  known.description = row.text(first + 3);
  known.has_place = !row.is_null(first + 4);
  return known;
}

void AddNotes(const Knowledge& kept, const Knowledge& other, const std::string& name,
              std::vector<std::string>& notes) {
  std::string words;
  for (const std::string& word : other.keywords) {
    if (kept.keywords.contains(word)) continue;
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
  if (other.has_place && !kept.has_place) {
    notes.push_back(name + " alone knows where it was taken");
  }
}

std::string NameOf(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

Result<std::vector<PlannedGroup>> MakePlan(Store& store, std::string_view tier) {
  std::vector<PlannedGroup> groups;
  std::set<std::string> planned;
  for (const std::string_view one : kTiers) {
    if (!tier.empty() && tier != one) continue;
    PEEL_ASSIGN_OR_RETURN(
        Statement row,
        store.database().Prepare(
            "SELECT d.group_id, d.best, d.reason, f.path, f.size, f.format, m.width, m.height, "
            "m.orientation, m.keywords, m.rating, m.title, m.description, m.gps_lat FROM "
            "duplicate_members d JOIN files f ON f.id = d.file_id LEFT JOIN metadata m ON "
            "m.file_id = "
            "f.id WHERE d.tier = ?1 AND f.status <> 'gone' ORDER BY d.group_id, d.best DESC, "
            "d.distance, f.path"));
    row.Bind(1, one);
    PlannedGroup group;
    Knowledge kept;
    std::optional<int64_t> number;
    const auto end_group = [&] {
      if (group.files.size() > 1) {
        for (const PlannedFile& file : group.files) planned.insert(file.path_text);
        groups.push_back(std::move(group));
      }
      group = PlannedGroup();
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
      const Knowledge known = KnowledgeOf(row, 9);
      if (file.keep) {
        group.reason = row.text(2);
        kept = known;
      } else {
        AddNotes(kept, known, NameOf(file.path_text), group.notes);
      }
      group.files.push_back(std::move(file));
    }
    end_group();
  }
  return groups;
}

}  // namespace peel::library
