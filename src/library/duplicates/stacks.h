#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/library/duplicates/cosine_scan.h"
#include "src/library/duplicates/duplicate_groups.h"

namespace peel::library {

enum class StackKind {
  kRawAndJpeg,  // a raw file and what the camera or a converter made of it
  kBurst,       // shots of one thing in quick succession
  kLive,        // a still and its film
};
const char* StackName(StackKind kind);  // "raw+jpeg", "burst", "live"

struct StackItem {
  uint64_t stem = 0;    // Hash64 of folder and name without its extension, in lower case; 0: none
  uint64_t folder = 0;  // Hash64 of the folder
  bool is_raw = false;
  bool may_be_live = false;    // of a format that cameras write beside a film: JPEG, HEIC
  uint64_t identifier = 0;     // Hash64 of Apple's content identifier; 0: not known
  uint64_t camera = 0;         // as DuplicateItem's
  int64_t taken_ms = kNoTime;  // as DuplicateItem's
  PdqHash hash;
  int hash_quality = 0;
};

struct FilmItem {
  uint64_t stem = 0, folder = 0, identifier = 0;  // as StackItem's
  std::optional<double> duration_s;               // nothing: not known
};

struct Stack {
  StackKind kind = StackKind::kBurst;
  std::vector<size_t> members;  // of the items; bursts by time, others by item. Two or more, of
                                // live one or more
  std::vector<size_t> films;    // of the films; kLive alone, one or more
};

// What belongs together without being a duplicate:
// - raw+jpeg: one stem, a raw file and a still or more, taken within 2 s of each other where both
//   say when;
// - live: a still and a film of one folder. Where both have an identifier it decides: of stills
//   with the film's own those with its stem, or else all of them. Otherwise the stem decides, for
//   JPEG and HEIC and for films of at most 10 s (a longer one is a film with its poster);
// - bursts: one camera, each shot within 2 s of the one before and like it (cosine of 0.85 or more
//   where both have embeddings, else a hash distance of at most 90). A raw file counts for its
//   still.
// An item may be in a stack of each kind, a film in one stack at most. embeddings: a row an item,
// zeros where there is none, or empty. By kind, then by the first member.
std::vector<Stack> FindStacks(std::span<const StackItem> items, std::span<const FilmItem> films,
                              const HalfRows& embeddings);

}  // namespace peel::library
