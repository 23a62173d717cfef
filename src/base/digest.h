#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace peel {

// A digest of a stream of bytes, to tell a file from another that was published with its digest:
// SHA-256 (FIPS 180-4), or MD5 (RFC 1321) for older publications, which proves only that nothing
// was damaged on the way.
class Digest {
 public:
  enum class Kind { kMd5, kSha256 };

  explicit Digest(Kind kind);
  void Update(std::span<const uint8_t> bytes);
  // In lower-case hexadecimal digits, 32 or 64. Ends the stream.
  std::string Finish();

 private:
  void Block(const uint8_t* bytes);  // 64 of them
  void Md5Block(const uint8_t* bytes);
  void Sha256Block(const uint8_t* bytes);

  const Kind kind_;
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> pending_;
  uint64_t size_ = 0;
};

}  // namespace peel
