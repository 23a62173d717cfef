#include "src/library/cleanup/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace peel::library {
namespace {

using Json = nlohmann::json;

constexpr std::array<const char*, 3> kTiers = {"exact", "same", "similar"};
constexpr std::array<std::string_view, 5> kMergeKinds = {"keywords", "rating", "title",
                                                         "description", "place"};

std::string SizeText(uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "kB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 999.5 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  if (unit == 0) return std::to_string(bytes) + " bytes";
  // One digit behind the point, as long as it says something.
  const auto tenths = static_cast<uint64_t>(std::llround(size * 10));
  std::string text = std::to_string(tenths / 10);
  if (tenths < 100) text += "." + std::to_string(tenths % 10);
  return text + " " + kUnits[unit];
}

bool IsPlain(std::string_view path) {
  if (path.empty() || path.front() == ' ' || path.front() == '"' || path.back() == ' ')
    return false;
  return std::ranges::none_of(path,
                              [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; });
}

// For a comment: it must stay on its line.
std::string OnOneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<uint8_t>(c) < 0x20) c = ' ';
  }
  return line;
}

std::string PathOnLine(const std::string& path) {
  if (IsPlain(path)) return path;
  return Json(path).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Status WrongLine(size_t line, const std::string& what) {
  return InvalidArgument("line " + std::to_string(line) + ": " + what);
}

Result<PlannedFile> ParseFile(std::string_view text, size_t line) {
  const size_t space = text.find(' ');
  const std::string_view verb = text.substr(0, space);
  if (verb != "keep" && verb != "move") {
    return WrongLine(line,
                     "a line is `keep PATH`, `move PATH`, `merge WHAT`, the [head] of a group or a "
                     "# comment");
  }
  const std::string_view path = space == std::string_view::npos ? "" : Trimmed(text.substr(space));
  if (path.empty()) return WrongLine(line, "which file? A line is `keep PATH` or `move PATH`");
  PlannedFile file;
  file.keep = verb == "keep";
  file.line = line;
  file.path_text = path;
  if (path.front() != '"' && !IsPlain(path)) {
    return WrongLine(line, "a path with characters that are not seen stands in quotes as in JSON");
  }
  if (path.front() == '"') {
    const Json quoted = Json::parse(path, nullptr, false);
    if (!quoted.is_string())
      return WrongLine(line, "the quotes around the path are not as in JSON");
    file.path_text = quoted.get<std::string>();
  }
  return file;
}

Result<std::vector<std::string>> ParseMerge(std::string_view text, size_t line) {
  std::vector<std::string> kinds;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view kind = Trimmed(text.substr(0, comma));
    const auto known = MergeKinds();
    if (std::ranges::find(known, kind) == known.end()) {
      return WrongLine(line,
                       "`merge` is followed by what is written beside the kept file: keywords, "
                       "rating, title, description, place, with commas between");
    }
    kinds.emplace_back(kind);
    if (comma == std::string_view::npos) return kinds;
    text.remove_prefix(comma + 1);
  }
}

// Each group keeps something, and no file has two fates.
Status CheckFates(const std::vector<PlannedGroup>& groups, const std::vector<size_t>& heads) {
  std::map<std::string_view, const PlannedFile*> fates;
  for (size_t i = 0; i < groups.size(); ++i) {
    const std::vector<PlannedFile>& files = groups[i].files;
    const bool moves = std::ranges::any_of(files, [](const PlannedFile& f) { return !f.keep; });
    const bool keeps = std::ranges::any_of(files, &PlannedFile::keep);
    if (moves && !keeps) {
      return WrongLine(
          heads[i],
          "this group keeps nothing; write `keep` before one of its files, or take the "
          "group out");
    }
    for (const PlannedFile& file : files) {
      const auto [known, is_new] = fates.emplace(file.path_text, &file);
      if (!is_new) {
        return WrongLine(file.line, file.path_text + " stands in line " +
                                        std::to_string(known->second->line) + " already");
      }
    }
  }
  return OkStatus();
}

}  // namespace

std::span<const std::string_view> MergeKinds() { return kMergeKinds; }

std::string PlanText(const std::vector<PlannedGroup>& groups, std::string_view library,
                     std::string_view plan_name) {
  uint64_t extra = 0, bytes = 0;
  for (const PlannedGroup& group : groups) {
    for (const PlannedFile& file : group.files) {
      extra += file.keep ? 0 : 1;
      bytes += file.keep ? 0 : file.size;
    }
  }
  const std::string command = "#   peel scan duplicates --db \"" + OnOneLine(library) +
                              "\" --plan \"" + OnOneLine(plan_name) + "\" ";
  std::string text = "# A plan of `peel scan duplicates`: " + std::to_string(groups.size()) +
                     " groups, " + std::to_string(extra) + " files to move, " + SizeText(bytes) +
                     ".\n"
                     "#\n"
                     "# Each file has a line: `keep` stays where it is, `move` goes. Change the "
                     "word, or take lines\n"
                     "# or whole groups out, as you like; each group keeps at least one. A live "
                     "photo's film and a\n"
                     "# sidecar (.xmp) go where their picture goes. Nothing has happened yet.\n"
                     "# This moves the files into a folder, where you may look at them and delete "
                     "them yourself:\n" +
                     command + "--move FOLDER\n" +
                     "# This makes exact copies one file with several names (no other tiers):\n" +
                     command + "--hardlink\n";
  size_t number = 0;
  for (const PlannedGroup& group : groups) {
    text += "\n[" + group.tier + " " + std::to_string(++number) + "]\n";
    if (!group.reason.empty()) text += "# kept: " + OnOneLine(group.reason) + "\n";
    for (const std::string& note : group.notes) text += "# " + OnOneLine(note) + "\n";
    for (const PlannedFile& file : group.files) {
      text += "# " + SizeText(file.size) +
              (file.about.empty() ? "" : ", " + OnOneLine(file.about)) + "\n";
      for (const std::string& film : file.films) text += "# its film: " + OnOneLine(film) + "\n";
      if (!file.sidecar.empty()) text += "# its sidecar: " + OnOneLine(file.sidecar) + "\n";
      text += (file.keep ? "keep " : "move ") + PathOnLine(file.path_text) + "\n";
    }
    if (!group.merge.empty()) {
      text +=
          "# into a sidecar (.xmp) beside the kept file: " + OnOneLine(group.merged) + "\nmerge ";
      for (const std::string& kind : group.merge)
        text += (&kind == &group.merge[0] ? "" : ", ") + kind;
      text += "\n";
    }
  }
  return text;
}

Result<std::vector<PlannedGroup>> ParsePlan(std::string_view text) {
  std::vector<PlannedGroup> groups;
  std::vector<size_t> heads;
  size_t line_number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      const std::string_view tier = line.substr(1, line.find_first_of(" ]") - 1);
      if (std::ranges::find(kTiers, tier) == kTiers.end()) {
        return WrongLine(line_number, "a group begins with [exact], [same] or [similar]");
      }
      groups.emplace_back().tier = tier;
      heads.push_back(line_number);
      continue;
    }
    const bool is_merge = line.substr(0, line.find_first_of(" \t")) == "merge";
    PlannedFile file;
    if (!is_merge) {
      PEEL_ASSIGN_OR_RETURN(file, ParseFile(line, line_number));
    }
    if (groups.empty()) {
      return WrongLine(line_number,
                       "a file before the first group; a group begins with [exact], "
                       "[same] or [similar]");
    }
    if (is_merge) {
      if (!groups.back().merge.empty()) {
        return WrongLine(line_number, "this group has a line `merge` already");
      }
      PEEL_ASSIGN_OR_RETURN(groups.back().merge, ParseMerge(line.substr(5), line_number));
      continue;
    }
    groups.back().files.push_back(std::move(file));
  }
  PEEL_RETURN_IF_ERROR(CheckFates(groups, heads));
  return groups;
}

}  // namespace peel::library
