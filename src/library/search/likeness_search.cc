#include "src/library/search/likeness_search.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "src/library/duplicates/cosine_scan.h"

namespace peel::library {
namespace {

constexpr size_t kBlockRows = 32768;

bool IsBetter(const FoundPhoto& a, const FoundPhoto& b) {
  return a.score != b.score ? a.score > b.score : a.file_id < b.file_id;
}

void KeepBest(std::vector<FoundPhoto>& found, size_t limit) {
  std::ranges::sort(found, IsBetter);
  if (found.size() > limit) found.resize(limit);
}

// Some of the library's embeddings, as they lie in memory for a scan.
struct Block {
  std::vector<int64_t> ids;
  std::vector<uint16_t> values;
};

Status ScanBlock(const Block& block, std::span<const float> embedding, size_t limit, float least,
                 ThreadPool* pool, std::vector<FoundPhoto>& found) {
  const HalfRows rows = {block.values.data(), block.ids.size(), embedding.size()};
  PEEL_ASSIGN_OR_RETURN(const std::vector<CosineMatch> matches,
                        CosineScan(rows, embedding, limit, least, pool));
  for (const CosineMatch& match : matches) {
    found.push_back({block.ids[match.row], static_cast<double>(match.cosine), "alike"});
  }
  KeepBest(found, limit);
  return OkStatus();
}

}  // namespace

Result<std::vector<FoundPhoto>> FindByEmbedding(Store& store, std::span<const float> embedding,
                                                size_t limit, float least, ThreadPool* pool) {
  static_assert(std::endian::native == std::endian::little);
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare("SELECT s.file_id, s.embedding FROM scenes s JOIN files f ON f.id = "
                               "s.file_id WHERE f.status <> 'gone' AND s.embedding IS NOT NULL"));
  std::vector<FoundPhoto> found;
  Block block;
  size_t fitting = 0, others = 0;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const std::span<const uint8_t> bytes = row.blob(1);
    if (bytes.size() != embedding.size() * sizeof(uint16_t)) {
      ++others;
      continue;
    }
    ++fitting;
    block.ids.push_back(row.integer(0));
    const size_t at = block.values.size();
    block.values.resize(at + embedding.size());
    std::memcpy(block.values.data() + at, bytes.data(), bytes.size());
    if (block.ids.size() == kBlockRows) {
      PEEL_RETURN_IF_ERROR(ScanBlock(block, embedding, limit, least, pool, found));
      block = Block();
    }
  }
  if (fitting == 0 && others > 0) {
    return InvalidArgument(
        "the library's embeddings are of another network; scan with the same --clip, or without");
  }
  if (!block.ids.empty()) {
    PEEL_RETURN_IF_ERROR(ScanBlock(block, embedding, limit, least, pool, found));
  }
  return found;
}

Result<std::vector<FoundPhoto>> FindByHash(Store& store, const PdqHashes& hashes, size_t limit,
                                           int most) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare("SELECT q.file_id, q.phash FROM measures q JOIN files f ON f.id = "
                               "q.file_id WHERE f.status <> 'gone' AND q.phash_quality >= 50"));
  std::vector<FoundPhoto> found;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const Result<PdqHash> hash = ParsePdqHash(row.text(1));
    if (!hash.ok()) continue;
    int distance = 256;
    for (const PdqHash& one : hashes.orientations) {
      distance = std::min(distance, HammingDistance(one, *hash));
    }
    for (const PdqHash& one : hashes.crops) {
      distance = std::min(distance, HammingDistance(one, *hash));
    }
    if (distance > most) continue;
    found.push_back({row.integer(0), 1 - distance / 256.0, "the same shot"});
    if (found.size() >= 2 * limit + 1024) KeepBest(found, limit);
  }
  KeepBest(found, limit);
  return found;
}

}  // namespace peel::library
