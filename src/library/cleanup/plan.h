#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace peel::library {

// What is to become of duplicates, as a person reads and edits it.

// What can be merged: keywords, rating, title, description, place.
std::span<const std::string_view> MergeKinds();

struct PlannedFile {
  std::string path_text;  // as the library has it (files.path)
  bool keep = false;      // false: move away, or link to the one that is kept
  size_t line = 0;        // of the plan, from 1; 0: from no file
  uint64_t size = 0;      // bytes; for the reader alone
  std::string about;      // "4000 × 3000, jpeg"; for the reader alone
  // A live photo's films, as the library has their paths; for the reader alone: films go with their
  // picture whatever a plan says.
  std::vector<std::string> films;
  std::string sidecar;  // likewise, of the last scan; ""
};

struct PlannedGroup {
  std::string tier;    // "exact", "same", "similar"
  std::string reason;  // why the first one is kept; for the reader alone
  // What the others know and the kept one does not: "keywords: holiday"; for the reader alone.
  std::vector<std::string> notes;
  std::vector<PlannedFile> files;
  // What of the knowledge of the files that go is written beside the one that is kept: MergeKinds;
  // none: nothing is.
  std::vector<std::string> merge;
  std::string merged;  // what that is, in words; for the reader alone
};

// As text: a line a group and a file, what a person should know as comments. `library` and
// `plan_name` stand in the explanation at its head.
std::string PlanText(const std::vector<PlannedGroup>& groups, std::string_view library,
                     std::string_view plan_name);

// Reads such a text, edited or not. Lines that are empty or begin with # say nothing; a group
// begins with [anything, its tier first]; a file is `keep PATH` or `move PATH`, and a path with
// characters that a line cannot hold stands in quotes as in JSON. A group may have one line `merge`
// and, by commas, what is merged.
// kInvalidArgument names the line and what it should be; so for a group that keeps nothing, and a
// file with two fates.
Result<std::vector<PlannedGroup>> ParsePlan(std::string_view text);

}  // namespace peel::library
