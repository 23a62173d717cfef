#include "src/library/store/hash_bytes.h"

#include <cstddef>

namespace peel::library {
namespace {

constexpr size_t kHashBytes = 32;

void Append(const PdqHash& hash, std::vector<uint8_t>* bytes) {
  for (const uint64_t word : hash.words) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes->push_back(static_cast<uint8_t>(word >> shift));
    }
  }
}

PdqHash Take(std::span<const uint8_t>& bytes) {
  PdqHash hash;
  for (size_t i = 0; i < kHashBytes; ++i) {
    hash.words[i / 8] |= uint64_t{bytes[i]} << (8 * (i % 8));
  }
  bytes = bytes.subspan(kHashBytes);
  return hash;
}

}  // namespace

std::vector<uint8_t> BytesOfHashes(const PdqHashes& hashes) {
  std::vector<uint8_t> bytes;
  bytes.reserve((hashes.orientations.size() + hashes.crops.size()) * kHashBytes);
  for (const PdqHash& hash : hashes.orientations) Append(hash, &bytes);
  for (const PdqHash& hash : hashes.crops) Append(hash, &bytes);
  return bytes;
}

Result<PdqHashes> HashesOfBytes(std::span<const uint8_t> bytes, int quality) {
  PdqHashes hashes;
  if (bytes.size() != (hashes.orientations.size() + hashes.crops.size()) * kHashBytes) {
    return Corrupt("the library's hashes of a picture have an unknown length");
  }
  for (PdqHash& hash : hashes.orientations) hash = Take(bytes);
  for (PdqHash& hash : hashes.crops) hash = Take(bytes);
  hashes.quality = quality;
  return hashes;
}

}  // namespace peel::library
