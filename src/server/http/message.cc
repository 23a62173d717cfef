#include "src/server/http/message.h"

#include <algorithm>

#include "src/server/http/text.h"

namespace peel::server {

void Fields::Add(std::string name, std::string value) {
  all_.emplace_back(std::move(name), std::move(value));
}

void Fields::Set(std::string name, std::string value) {
  const auto same = [&](const auto& field) {
    return case_ == Case::kIgnored ? EqualIgnoringCase(field.first, name) : field.first == name;
  };
  const auto first = std::ranges::find_if(all_, same);
  if (first == all_.end()) return Add(std::move(name), std::move(value));
  all_.erase(std::remove_if(first + 1, all_.end(), same), all_.end());
  first->second = std::move(value);
}

const std::string* Fields::Find(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (case_ == Case::kIgnored ? EqualIgnoringCase(key, name) : key == name) return &value;
  }
  return nullptr;
}

std::string_view Fields::Get(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string_view() : std::string_view{*value};
}

}  // namespace peel::server
