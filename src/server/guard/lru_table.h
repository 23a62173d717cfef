#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace peel::server {

// What is remembered of each of many names, of at most so many: the one not asked for the longest
// is forgotten first. What strangers can make us remember has an end this way.
template <typename T>
class LruTable {
 public:
  explicit LruTable(size_t most) : most_(std::max<size_t>(most, 1)) {}

  // Of this name, made where it is new. Valid until the next At or Erase.
  T& At(std::string_view name) {
    if (T* const known = Find(name)) return *known;
    if (order_.size() == most_) {
      places_.erase(std::string_view{order_.back().first});
      order_.pop_back();
    }
    order_.emplace_front(std::string(name), T());
    places_[order_.front().first] = order_.begin();
    return order_.front().second;
  }

  // Null where it is not known.
  T* Find(std::string_view name) {
    const auto found = places_.find(name);
    if (found == places_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->second;
  }

  size_t size() const { return order_.size(); }

 private:
  using Order = std::list<std::pair<std::string, T>>;
  const size_t most_;
  Order order_;  // most recently asked for first
  std::unordered_map<std::string_view, typename Order::iterator> places_;
};

}  // namespace peel::server
