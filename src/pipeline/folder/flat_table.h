#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace peel {

// A hash table without a node an element (open addressing, linear probing, at most four fifths
// full): lists of a million names are kept in such tables. `Value` is small and trivially
// copyable, Value{} stands for an empty place and `bool empty() const` tells it, and
// `uint64_t hash() const` gives what it was inserted by.
template <typename Value>
class FlatTable {
 public:
  size_t size() const { return size_; }

  // The value with this hash that `same(value)` accepts; null where there is none. It stays where
  // it is until the next Insert.
  template <typename Same>
  Value* Find(uint64_t hash, Same same) {
    if (places_.empty()) return nullptr;
    for (size_t at = PlaceOf(hash);; at = Next(at)) {
      Value& value = places_[at];
      if (value.empty()) return nullptr;
      if (value.hash() == hash && same(value)) return &value;
    }
  }
  template <typename Same>
  const Value* Find(uint64_t hash, Same same) const {
    return const_cast<FlatTable*>(this)->Find(hash, same);
  }
  Value* Find(uint64_t hash) {
    return Find(hash, [](const Value&) { return true; });
  }
  const Value* Find(uint64_t hash) const { return const_cast<FlatTable*>(this)->Find(hash); }

  // Which is not there yet. Returns where it lies, until the next Insert.
  Value& Insert(const Value& value) {
    if (5 * (size_ + 1) > 4 * places_.size()) Grow();
    ++size_;
    return Put(value);
  }

  // All values, in no order that means anything.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Value& value : places_) {
      if (!value.empty()) visit(value);
    }
  }

 private:
  // places_.size() is a power of two; the multiplication (by 2^64 divided by the golden ratio)
  // spreads hashes of which only some bits are any good.
  size_t PlaceOf(uint64_t hash) const {
    return static_cast<size_t>(hash * 0x9E3779B97F4A7C15u >> 32) & (places_.size() - 1);
  }
  size_t Next(size_t at) const { return (at + 1) & (places_.size() - 1); }

  Value& Put(const Value& value) {
    size_t at = PlaceOf(value.hash());
    while (!places_[at].empty()) at = Next(at);
    places_[at] = value;
    return places_[at];
  }

  void Grow() {
    std::vector<Value> old(places_.empty() ? 16 : 2 * places_.size());
    old.swap(places_);
    for (const Value& value : old) {
      if (!value.empty()) Put(value);
    }
  }

  std::vector<Value> places_;
  size_t size_ = 0;
};

}  // namespace peel
