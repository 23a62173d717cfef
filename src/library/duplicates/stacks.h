#pragma once

#include <cstddef>
#include <cstdint>
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

enum class FileKind { kRaw, kStill, kFilm };

struct StackItem {
  uint64_t stem = 0;  // Hash64 of folder and name without its extension, in lower case
  FileKind kind = FileKind::kStill;
  uint64_t camera = 0;         // as DuplicateItem's
  int64_t taken_ms = kNoTime;  // as DuplicateItem's
  PdqHash hash;
  int hash_quality = 0;
};

struct Stack {
  StackKind kind = StackKind::kBurst;
  std::vector<size_t> members;  // two or more, of the items; bursts by time, others by item
};

// What belongs together without being a duplicate:
// - raw+jpeg: one stem, a raw file and a still or more, taken within 2 s of each other where both
//   say when;
// - live: one stem, a still and a film (whose clock is often another: not compared);
// - bursts: one camera, each shot within 2 s of the one before and like it (cosine of 0.85 or more
//   where both have embeddings, else a hash distance of at most 90). A raw file counts for its
//   still.
// An item may be in a stack of each kind. embeddings: a row an item, zeros where there is none, or
// empty. By kind, then by the first member.
std::vector<Stack> FindStacks(std::span<const StackItem> items, const HalfRows& embeddings);

}  // namespace peel::library
