#include "src/server/work/zip_writer.h"

#include <libdeflate.h>

#include "src/base/checked.h"

namespace peel::server {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint16_t kVersion = 20;
constexpr uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01
constexpr uint64_t kMost = UINT32_MAX;

void Put16(std::vector<uint8_t>& out, uint16_t value) {
  out.push_back(static_cast<uint8_t>(value));
  out.push_back(static_cast<uint8_t>(value >> 8));
}

void Put32(std::vector<uint8_t>& out, uint32_t value) {
  Put16(out, static_cast<uint16_t>(value));
  Put16(out, static_cast<uint16_t>(value >> 16));
}

// What the head of an entry and its line in the directory have in common.
void PutEntry(std::vector<uint8_t>& out, const ZipEntry& entry, uint32_t crc) {
  const auto size = static_cast<uint32_t>(entry.bytes.size());
  Put16(out, kVersion);
  Put16(out, 0);  // flags
  Put16(out, 0);  // stored
  Put16(out, 0);  // time
  Put16(out, kFirstDay);
  Put32(out, crc);
  Put32(out, size);
  Put32(out, size);
  Put16(out, static_cast<uint16_t>(entry.name.size()));
  Put16(out, 0);  // extra field
}

}  // namespace

Result<std::vector<uint8_t>> WriteZip(std::span<const ZipEntry> entries) {
  uint64_t total = 0;
  for (const ZipEntry& entry : entries) {
    const auto sum = CheckedAdd<uint64_t>(total, entry.bytes.size() + 2 * entry.name.size() + 128);
    if (!sum || *sum > kMost || entry.name.size() > UINT16_MAX || entries.size() > UINT16_MAX) {
      return LimitExceeded("the results are too large for a ZIP (4 GiB)");
    }
    total = *sum;
  }
  std::vector<uint8_t> out, directory;
  out.reserve(total);
  for (const ZipEntry& entry : entries) {
    const auto offset = static_cast<uint32_t>(out.size());
    const uint32_t crc = libdeflate_crc32(0, entry.bytes.data(), entry.bytes.size());
    Put32(out, kLocal);
    PutEntry(out, entry, crc);
    out.insert(out.end(), entry.name.begin(), entry.name.end());
    out.insert(out.end(), entry.bytes.begin(), entry.bytes.end());
    Put32(directory, kCentral);
    Put16(directory, kVersion);
    PutEntry(directory, entry, crc);
    Put16(directory, 0);  // comment
    Put16(directory, 0);  // disk
    Put16(directory, 0);  // internal attributes
    Put32(directory, 0);  // external attributes
    Put32(directory, offset);
    directory.insert(directory.end(), entry.name.begin(), entry.name.end());
  }
  const auto start = static_cast<uint32_t>(out.size());
  out.insert(out.end(), directory.begin(), directory.end());
  Put32(out, kEnd);
  Put32(out, 0);  // disks
  Put16(out, static_cast<uint16_t>(entries.size()));
  Put16(out, static_cast<uint16_t>(entries.size()));
  Put32(out, static_cast<uint32_t>(directory.size()));
  Put32(out, start);
  Put16(out, 0);  // comment
  return out;
}

}  // namespace peel::server
