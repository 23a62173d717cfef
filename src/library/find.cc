#include "src/library/find.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "src/base/os/source_file.h"
#include "src/base/thread_pool.h"
#include "src/library/duplicates/pdq.h"
#include "src/library/labels/clip.h"
#include "src/library/labels/synonyms.h"
#include "src/library/scan_networks.h"
#include "src/library/scan_pixels.h"
#include "src/library/search/likeness_search.h"
#include "src/library/store/embedding_bytes.h"
#include "src/library/store/hash_bytes.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

// Bits of 256 in which the hashes of one shot differ at most (PDQ's own recommendation).
constexpr int kSameShot = 31;
constexpr int kLeastHashQuality = 50;
// Pictures of different things have cosines around this one and below.
constexpr float kLeastCosine = 0.3F;

// What is compared of a picture.
struct Likeness {
  int64_t file_id = 0;  // 0: not in the library
  std::optional<PdqHashes> hashes;
  std::vector<float> embedding;  // or empty
};

Result<bool> HasEmbeddings(Store& store) {
  PEEL_ASSIGN_OR_RETURN(
      const int64_t has,
      store.database().Integer("SELECT EXISTS (SELECT 1 FROM scenes WHERE embedding IS NOT NULL)"));
  return has != 0;
}

Result<std::optional<Likeness>> KnownLikeness(Store& store, const std::string& absolute) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row, store.database().Prepare("SELECT f.id, q.phash, q.phash_quality, s.embedding, "
                                              "q.orientation_hashes FROM files f LEFT "
                                              "JOIN measures q ON q.file_id = f.id LEFT JOIN "
                                              "scenes s ON s.file_id = f.id WHERE f.path = "
                                              "?1 AND f.status <> 'gone' AND q.phash IS NOT NULL"));
  const PathText text = TextOfPath(absolute);
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, std::string_view(text.text)).Step());
  if (!has_row) return std::optional<Likeness>();
  Likeness likeness;
  likeness.file_id = row.integer(0);
  const auto quality = static_cast<int>(row.integer(2));
  if (const Result<PdqHashes> hashes = HashesOfBytes(row.blob(4), quality);
      quality >= kLeastHashQuality && hashes.ok()) {
    likeness.hashes = *hashes;
  }
  likeness.embedding = EmbeddingOf(row.blob(3));
  return std::optional<Likeness>(std::move(likeness));
}

Result<Likeness> LookAt(Store& store, const std::string& path, const FindOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const std::shared_ptr<const SourceFile> file, SourceFile::Open(path));
  PEEL_ASSIGN_OR_RETURN(const std::shared_ptr<const SourceFile::Bytes> bytes, file->ReadAll());
  ScanDecoding decoding;
  decoding.decoder = options.decoder;
  PEEL_ASSIGN_OR_RETURN(const ScanPixels pixels, DecodeForScan(bytes->span(), decoding));
  Likeness likeness;
  PEEL_ASSIGN_OR_RETURN(PdqHashes hashes, ComputePdq(pixels.rgb.view()));
  if (hashes.quality >= kLeastHashQuality) likeness.hashes = hashes;
  PEEL_ASSIGN_OR_RETURN(const bool has_embeddings, HasEmbeddings(store));
  if (!has_embeddings) return likeness;
  ScanNetworkOptions networks_options;
  networks_options.clip = options.clip;
  PEEL_ASSIGN_OR_RETURN(const std::unique_ptr<ScanNetworks> networks,
                        ScanNetworks::Load(networks_options));
  const ImageView<const uint8_t> view = pixels.rgb.view();
  NetworkTimes times;
  PEEL_ASSIGN_OR_RETURN(std::vector<LabelsRecord> records, networks->Run({&view, 1}, &times));
  likeness.embedding = std::move(records.at(0).labels.embedding);
  return likeness;
}

}  // namespace

Result<std::vector<FoundPhoto>> FindWords(Store& store, std::string_view text,
                                          const FindOptions& options) {
  if (!options.clip.empty()) {
    PEEL_ASSIGN_OR_RETURN(const std::unique_ptr<Clip> clip, Clip::Load(options.clip, {}));
    PEEL_ASSIGN_OR_RETURN(const std::vector<float> embedding, clip->EmbedText(text));
    ThreadPool pool;
    return FindByEmbedding(store, embedding, options.limit, 0, &pool);
  }
  const LabelSearch search = EmbeddedLabelSearch();
  return FindByText(store, text, options.limit, [&](std::string_view word) {
    std::vector<std::pair<std::string, float>> labels;
    for (LabelMatch& match : search.Find(word)) {
      labels.emplace_back(std::move(match.label), match.weight);
    }
    return labels;
  });
}

Result<std::vector<FoundPhoto>> FindLike(Store& store, const std::string& picture,
                                         const FindOptions& options) {
  std::error_code error;
  const std::string absolute =
      std::filesystem::absolute(picture, error).lexically_normal().string();
  if (error) return IoError(picture + ": " + error.message());
  PEEL_ASSIGN_OR_RETURN(std::optional<Likeness> known, KnownLikeness(store, absolute));
  if (!known) {
    Result<Likeness> looked = LookAt(store, picture, options);
    if (!looked.ok()) return std::move(looked).status().WithContext(picture);
    known = *std::move(looked);
  }
  std::vector<FoundPhoto> found;
  if (known->hashes) {
    PEEL_ASSIGN_OR_RETURN(found, FindByHash(store, *known->hashes, options.limit + 1, kSameShot));
  }
  if (!known->embedding.empty()) {
    ThreadPool pool;
    PEEL_ASSIGN_OR_RETURN(
        std::vector<FoundPhoto> alike,
        FindByEmbedding(store, known->embedding, options.limit + 1, kLeastCosine, &pool));
    std::unordered_set<int64_t> same;
    for (const FoundPhoto& photo : found) same.insert(photo.file_id);
    for (FoundPhoto& photo : alike) {
      if (!same.contains(photo.file_id)) found.push_back(std::move(photo));
    }
  }
  std::erase_if(found, [&](const FoundPhoto& photo) { return photo.file_id == known->file_id; });
  if (found.size() > options.limit) found.resize(options.limit);
  return found;
}

}  // namespace peel::library
