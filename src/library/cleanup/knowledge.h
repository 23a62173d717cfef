#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// What people (and their cameras' receivers) wrote into a picture, and would miss with it.
struct Knowledge {
  std::vector<std::string> keywords;
  int64_t rating = 0;  // 1 to 5, -1: rejected; 0: none
  std::string title, description;
  std::optional<double> latitude, longitude, altitude;  // degrees, metres; the first two or neither

  bool empty() const;
  bool has_place() const { return latitude && longitude; }
};

// As a library has it of one file.
Result<Knowledge> ReadKnowledge(Store& store, int64_t file_id);

// Those of MergeKinds that there is something of.
std::vector<std::string> KindsOf(const Knowledge& knowledge);

// What the others know, of these kinds (MergeKinds), and the kept one does not: title, description
// and place of the first that has one, the highest rating. Of keywords, where any is new, all, the
// kept one's first: programs that read a list beside a picture take it in the place of the
// picture's own.
Knowledge Missing(const Knowledge& kept, std::span<const Knowledge> others,
                  std::span<const std::string> kinds);

// What `over` says in the place of what `known` says, field by field.
void PutOver(const Knowledge& over, Knowledge* known);

// In one line, for a person: "keywords holiday, x; rating 5".
std::string KnowledgeText(const Knowledge& knowledge);

}  // namespace peel::library
