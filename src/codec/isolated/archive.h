#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace peel {

// Values to bytes and back, between two processes of one program on one machine: numbers as they
// lie in memory, strings and vectors behind their length. One function names a type's parts for
// both directions: Parts(archive, value) calls archive(part, part …).

// Appends values.
class ArchiveWriter {
 public:
  template <typename... T>
  void operator()(const T&... values) {
    (Put(values), ...);
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  template <typename T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void Put(const T& value) {
    Append(&value, sizeof(T));
  }
  void Put(const std::string& text) {
    Put(uint64_t{text.size()});
    Append(text.data(), text.size());
  }
  void Put(const std::vector<uint8_t>& block) {
    Put(uint64_t{block.size()});
    Append(block.data(), block.size());
  }
  template <typename T>
  void Put(const std::vector<T>& values) {
    Put(uint64_t{values.size()});
    for (const T& value : values) Put(value);
  }
  template <typename T>
  requires std::is_class_v<T>
  void Put(const T& value) { Parts(*this, const_cast<T&>(value)); }
  void Append(const void* from, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(from);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
  }

  std::vector<uint8_t> bytes_;
};

// Of untrusted bytes: what does not fit leaves zeros, and ok() false for good.
class ArchiveReader {
 public:
  explicit ArchiveReader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  template <typename... T>
  void operator()(T&... values) {
    (Get(values), ...);
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  template <typename T>
  requires std::is_arithmetic_v<T>
  void Get(T& value) {
    value = T{};
    if constexpr (std::is_same_v<T, bool>) {
      uint8_t byte = 0;
      Get(byte);
      ok_ &= byte <= 1;
      value = byte == 1;
    } else {
      Take(&value, sizeof(T));
    }
  }
  // The values that an enumeration has are the reader's to check.
  template <typename T>
  requires std::is_enum_v<T>
  void Get(T& value) {
    std::underlying_type_t<T> number = {};
    Get(number);
    value = static_cast<T>(number);
  }
  void Get(std::string& text) {
    const size_t size = Count();
    text.assign(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
  }
  void Get(std::vector<uint8_t>& block) {
    const size_t size = Count();
    block.assign(rest_.begin(), rest_.begin() + static_cast<ptrdiff_t>(size));
    rest_ = rest_.subspan(size);
  }
  template <typename T>
  void Get(std::vector<T>& values) {
    values.clear();
    // Every value takes a byte at least, so that a count costs no more than came.
    for (size_t left = Count(); left > 0 && ok_; --left) Get(values.emplace_back());
  }
  template <typename T>
  requires std::is_class_v<T>
  void Get(T& value) { Parts(*this, value); }

  size_t Count() {
    uint64_t count = 0;
    Get(count);
    ok_ &= count <= rest_.size();
    return ok_ ? static_cast<size_t>(count) : 0;
  }
  void Take(void* to, size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return;
    }
    std::memcpy(to, rest_.data(), size);
    rest_ = rest_.subspan(size);
  }

  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

}  // namespace peel
