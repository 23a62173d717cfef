#include "src/server/work/zip_writer.h"

#include <libdeflate.h>

namespace peel::server {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint16_t kVersion = 20;
constexpr uint16_t kUtf8Names = 1 << 11;
constexpr uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01

void Put16(std::string& out, uint16_t value) {
  out.push_back(static_cast<char>(value));
  out.push_back(static_cast<char>(value >> 8));
}

void Put32(std::string& out, uint32_t value) {
  Put16(out, static_cast<uint16_t>(value));
  Put16(out, static_cast<uint16_t>(value >> 16));
}

// What the head of an entry and its line in the directory have in common.
void PutEntry(std::string& out, const std::string& name, uint32_t size, uint32_t crc) {
  Put16(out, kVersion);
  Put16(out, kUtf8Names);
  Put16(out, 0);  // stored
  Put16(out, 0);  // time
  Put16(out, kFirstDay);
  Put32(out, crc);
  Put32(out, size);
  Put32(out, size);
  Put16(out, static_cast<uint16_t>(name.size()));
  Put16(out, 0);  // extra field
}

}  // namespace

Result<std::string> ZipWriter::Add(const std::string& name, std::span<const uint8_t> bytes) {
  constexpr uint64_t kHeads = 256;  // of an entry and of the end, and some
  if (name.size() > UINT16_MAX || entries_ == UINT16_MAX || bytes.size() > UINT32_MAX ||
      written_ + bytes.size() + directory_.size() + 2 * name.size() + kHeads > UINT32_MAX) {
    return LimitExceeded("the results are too large for a ZIP (4 GiB)");
  }
  const auto size = static_cast<uint32_t>(bytes.size());
  const uint32_t crc = libdeflate_crc32(0, bytes.data(), bytes.size());
  std::string piece;
  piece.reserve(bytes.size() + name.size() + kHeads);
  Put32(piece, kLocal);
  PutEntry(piece, name, size, crc);
  piece += name;
  piece.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Put32(directory_, kCentral);
  Put16(directory_, kVersion);
  PutEntry(directory_, name, size, crc);
  Put16(directory_, 0);  // comment
  Put16(directory_, 0);  // disk
  Put16(directory_, 0);  // internal attributes
  Put32(directory_, 0);  // external attributes
  Put32(directory_, static_cast<uint32_t>(written_));
  directory_ += name;
  written_ += piece.size();
  ++entries_;
  return piece;
}

std::string ZipWriter::End() {
  std::string piece = std::move(directory_);
  const auto directory_bytes = static_cast<uint32_t>(piece.size());
  Put32(piece, kEnd);
  Put32(piece, 0);  // disks
  Put16(piece, entries_);
  Put16(piece, entries_);
  Put32(piece, directory_bytes);
  Put32(piece, static_cast<uint32_t>(written_));
  Put16(piece, 0);  // comment
  return piece;
}

Result<std::vector<uint8_t>> WriteZip(std::span<const ZipEntry> entries) {
  ZipWriter writer;
  std::vector<uint8_t> out;
  for (const ZipEntry& entry : entries) {
    PEEL_ASSIGN_OR_RETURN(const std::string piece, writer.Add(entry.name, entry.bytes));
    out.insert(out.end(), piece.begin(), piece.end());
  }
  const std::string end = writer.End();
  out.insert(out.end(), end.begin(), end.end());
  return out;
}

}  // namespace peel::server
