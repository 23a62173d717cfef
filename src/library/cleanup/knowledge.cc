#include "src/library/cleanup/knowledge.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace peel::library {
namespace {

using Json = nlohmann::json;

bool Has(std::span<const std::string> kinds, std::string_view kind) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

std::string Degrees(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.5f", value);
  return text.data();
}

}  // namespace

bool Knowledge::empty() const {
  return keywords.empty() && rating == 0 && title.empty() && description.empty() && !has_place();
}

Result<Knowledge> ReadKnowledge(Store& store, int64_t file_id) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare("SELECT keywords, rating, title, description, gps_lat, gps_lon, "
                               "gps_alt FROM metadata WHERE file_id = ?1"));
  Knowledge known;
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, file_id).Step());
  if (!has_row) return known;
  const Json keywords = Json::parse(row.text(0), nullptr, false);
  if (keywords.is_array()) {
    for (const Json& word : keywords) {
      if (!word.is_string()) continue;
      std::string text = word.get<std::string>();
      if (!text.empty() && !Has(known.keywords, text)) known.keywords.push_back(std::move(text));
    }
  }
  known.rating = row.integer(1);
  known.title = row.text(2);
  known.description = row.text(3);
  known.latitude = row.maybe_real(4);
  known.longitude = row.maybe_real(5);
  known.altitude = row.maybe_real(6);
  return known;
}

std::vector<std::string> KindsOf(const Knowledge& knowledge) {
  std::vector<std::string> kinds;
  if (!knowledge.keywords.empty()) kinds.emplace_back("keywords");
  if (knowledge.rating != 0) kinds.emplace_back("rating");
  if (!knowledge.title.empty()) kinds.emplace_back("title");
  if (!knowledge.description.empty()) kinds.emplace_back("description");
  if (knowledge.has_place()) kinds.emplace_back("place");
  return kinds;
}

Knowledge Missing(const Knowledge& kept, std::span<const Knowledge> others,
                  std::span<const std::string> kinds) {
  Knowledge missing;
  std::vector<std::string> words = kept.keywords;
  for (const Knowledge& other : others) {
    for (const std::string& word : other.keywords) {
      if (!Has(words, word)) words.push_back(word);
    }
    if (kept.rating == 0 && (missing.rating == 0 || other.rating > missing.rating)) {
      if (other.rating != 0) missing.rating = other.rating;
    }
    if (kept.title.empty() && missing.title.empty()) missing.title = other.title;
    if (kept.description.empty() && missing.description.empty()) {
      missing.description = other.description;
    }
    if (!kept.has_place() && !missing.has_place() && other.has_place()) {
      missing.latitude = other.latitude;
      missing.longitude = other.longitude;
      missing.altitude = other.altitude;
    }
  }
  if (words.size() > kept.keywords.size()) missing.keywords = std::move(words);
  if (!Has(kinds, "keywords")) missing.keywords.clear();
  if (!Has(kinds, "rating")) missing.rating = 0;
  if (!Has(kinds, "title")) missing.title.clear();
  if (!Has(kinds, "description")) missing.description.clear();
  if (!Has(kinds, "place")) {
    missing.latitude.reset();
    missing.longitude.reset();
    missing.altitude.reset();
  }
  return missing;
}

void PutOver(const Knowledge& over, Knowledge* known) {
  if (!over.keywords.empty()) known->keywords = over.keywords;
  if (over.rating != 0) known->rating = over.rating;
  if (!over.title.empty()) known->title = over.title;
  if (!over.description.empty()) known->description = over.description;
  if (!over.has_place()) return;
  known->latitude = over.latitude;
  known->longitude = over.longitude;
  known->altitude = over.altitude;
}

std::string KnowledgeText(const Knowledge& knowledge) {
  std::string text;
  const auto add = [&](const std::string& part) {
    if (!text.empty()) text += "; ";
    text += part;
  };
  if (!knowledge.keywords.empty()) {
    std::string words;
    for (const std::string& word : knowledge.keywords) {
      words += (words.empty() ? "" : ", ") + word;
    }
    add("keywords " + words);
  }
  if (knowledge.rating != 0) add("rating " + std::to_string(knowledge.rating));
  if (!knowledge.title.empty()) add("title " + knowledge.title);
  if (!knowledge.description.empty()) add("description " + knowledge.description);
  if (knowledge.has_place()) {
    add("place " + Degrees(*knowledge.latitude) + ", " + Degrees(*knowledge.longitude));
  }
  return text;
}

}  // namespace peel::library
