// The file of keys, from and to its JSON.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "src/server/guard/keys.h"
#include "src/server/guard/secret.h"

namespace peel::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kHash = "sha256:";
constexpr size_t kSaltBytes = 16;
constexpr uint64_t kMost = uint64_t{1} << 53;  // what other programs read back exactly

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

// "2027-06-30", "2027-06-30T12:00:00Z".
std::optional<int64_t> ParseTime(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kForm.size() && text.size() != 10) return std::nullopt;
  int numbers[6] = {};
  size_t at = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] != 'd') {
      if (text[i] != kForm[i]) return std::nullopt;
      ++at;
    } else {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      numbers[at] = numbers[at] * 10 + (text[i] - '0');
    }
  }
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): a calendar's many words
  const year_month_day date{year(numbers[0]), month(numbers[1]), day(numbers[2])};
  if (!date.ok() || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 59) return std::nullopt;
  const auto time = sys_days{date} + hours(numbers[3]) + minutes(numbers[4]) + seconds(numbers[5]);
  return duration_cast<seconds>(time.time_since_epoch()).count();
}

std::string TimeText(int64_t unix_seconds) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): a calendar's many words
  const sys_seconds time{seconds(unix_seconds)};
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(time - midnight);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

// An object of the file, read word by word; remembers the first thing that is wrong.
class Reader {
 public:
  Reader(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
    if (!object_.is_object()) Wrong("is no {…}");
  }

  void OnlyHas(std::initializer_list<std::string_view> words) {
    if (!object_.is_object()) return;
    for (const auto& [word, value] : object_.items()) {
      if (std::ranges::find(words, std::string_view{word}) != words.end()) continue;
      std::string all;
      for (const std::string_view known : words) {
        all.append(all.empty() ? "" : ", ").append(known);
      }
      Wrong("has the unknown word \"" + word + "\"; there are " + all);
    }
  }
  std::string Text(const char* word, bool is_needed = false) {
    const Json* const value = Find(word);
    if (value == nullptr) {
      if (is_needed) Wrong(std::string("has no \"") + word + "\"");
      return "";
    }
    if (value->is_string()) return value->get<std::string>();
    Wrong(std::string("\"") + word + "\" is no text");
    return "";
  }
  std::string Bytes(const char* word, std::string_view head, size_t least, size_t most) {
    const std::string text = Text(word, true);
    const auto bytes = text.starts_with(head)
                           ? FromBase64Url(std::string_view{text}.substr(head.size()))
                           : std::nullopt;
    if (bytes && bytes->size() >= least && bytes->size() <= most) return *bytes;
    Wrong(std::string("\"") + word + "\" is not " + std::string(head) + std::to_string(least) +
          " bytes in base64url");
    return "";
  }
  std::optional<uint64_t> Number(const char* word, uint64_t least, uint64_t most = kMost) {
    const Json* const value = Find(word);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_unsigned()) {
      const auto number = value->get<uint64_t>();
      if (number >= least && number <= most) return number;
    }
    Wrong(std::string("\"") + word + "\" is no whole number from " + std::to_string(least) +
          " to " + std::to_string(most));
    return std::nullopt;
  }
  bool Flag(const char* word) {
    const Json* const value = Find(word);
    if (value == nullptr) return false;
    if (!value->is_boolean()) Wrong(std::string("\"") + word + "\" is neither true nor false");
    return value->is_boolean() && value->get<bool>();
  }
  std::vector<std::string> Texts(const char* word) {
    std::vector<std::string> texts;
    const Json* const value = Find(word);
    if (value == nullptr) return texts;
    // An empty list would mean "all" further on.
    bool good = value->is_array() && !value->empty();
    for (size_t i = 0; good && i < value->size(); ++i) {
      good = (*value)[i].is_string();
      if (good) texts.push_back((*value)[i].get<std::string>());
    }
    if (!good) Wrong(std::string("\"") + word + "\" is no list of texts with one or more of them");
    return texts;
  }
  void Wrong(const std::string& why) {
    if (status_.ok()) status_ = InvalidArgument(what_ + " " + why);
  }
  const Status& status() const { return status_; }

 private:
  const Json* Find(const char* word) const {
    const auto found = object_.is_object() ? object_.find(word) : object_.end();
    return found == object_.end() ? nullptr : &*found;
  }

  const Json& object_;
  const std::string what_;
  Status status_;
};

std::string NameOf(const Json& entry, const char* word, const char* kind, size_t index) {
  const bool named = entry.is_object() && entry.contains(word) && entry[word].is_string();
  return std::string(kind) + " " +
         (named && IsName(entry[word].get<std::string>())
              ? std::string("\"").append(entry[word].get<std::string>()) + "\""
              : std::to_string(index + 1));
}

Result<Key> ReadKey(const Json& entry, size_t index) {
  Reader reader(entry, NameOf(entry, "name", "key", index));
  reader.OnlyHas({"name", "hash", "requests_per_minute", "burst", "max_concurrent", "credits",
                  "credits_per_day", "max_bytes", "max_pixels", "apis", "routes", "expires",
                  "disabled"});
  Key key;
  key.name = reader.Text("name", true);
  if (!IsName(key.name)) reader.Wrong("has a name that is not 1 to 64 letters, digits, \"._-\"");
  key.hash = reader.Bytes("hash", kHash, 32, 32);
  const auto rate = reader.Number("requests_per_minute", 1, 1'000'000);
  const auto burst = reader.Number("burst", 1, 1'000'000);
  if (burst && !rate) reader.Wrong("has a burst without requests_per_minute");
  if (rate) {
    key.rate = Rate{static_cast<double>(*rate), static_cast<double>(burst.value_or(*rate))};
  }
  key.max_concurrent = static_cast<int>(reader.Number("max_concurrent", 1, 100'000).value_or(0));
  key.credits = reader.Number("credits", 0);
  key.credits_per_day = reader.Number("credits_per_day", 0);
  key.max_bytes = reader.Number("max_bytes", 1).value_or(0);
  key.max_pixels = reader.Number("max_pixels", 1).value_or(0);
  key.apis = reader.Texts("apis");
  key.routes = reader.Texts("routes");
  for (const std::string& route : key.routes) {
    if (!route.starts_with('/')) reader.Wrong("has a route that does not begin with /");
  }
  if (const std::string time = reader.Text("expires"); !time.empty()) {
    key.expires = ParseTime(time);
    if (!key.expires) reader.Wrong("\"expires\" is not like 2027-06-30T12:00:00Z or 2027-06-30");
  } else if (entry.is_object() && entry.contains("expires")) {
    reader.Wrong("\"expires\" is empty");
  }
  key.disabled = reader.Flag("disabled");
  PEEL_RETURN_IF_ERROR(reader.status());
  return key;
}

Result<LinkSecret> ReadLink(const Json& entry, size_t index, const std::set<std::string>& keys) {
  Reader reader(entry, NameOf(entry, "id", "link", index));
  reader.OnlyHas({"id", "secret", "key"});
  LinkSecret link;
  link.id = reader.Text("id", true);
  if (!IsName(link.id)) reader.Wrong("has an id that is not 1 to 64 letters, digits, \"._-\"");
  link.secret = reader.Bytes("secret", "", 32, 128);
  link.key = reader.Text("key");
  if (!link.key.empty() && !keys.contains(link.key)) reader.Wrong("names a key that is not there");
  PEEL_RETURN_IF_ERROR(reader.status());
  return link;
}

// A list of the file, empty where it has none.
Result<Json> ListOf(const Json& root, const char* word) {
  if (!root.contains(word)) return Json::array();
  if (!root[word].is_array()) return InvalidArgument(std::string("\"") + word + "\" is no list");
  return root[word];
}

Result<Json> ParseJson(std::string_view text) {
  // Words that are there twice would win in silence, the last of them.
  std::vector<std::set<std::string>> words;
  std::string twice;
  const auto seen = [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) words.emplace_back();
    if (event == Json::parse_event_t::object_end) words.pop_back();
    if (event == Json::parse_event_t::key &&
        !words.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  try {
    Json root = Json::parse(text, seen);
    if (!twice.empty()) return InvalidArgument("has \"" + twice + "\" twice in one {…}");
    return root;
  } catch (const Json::exception& error) {
    return Corrupt(std::string("is no JSON: ") + error.what());
  }
}

}  // namespace

Result<KeyFile> ParseKeyFile(std::string_view text) {
  PEEL_ASSIGN_OR_RETURN(const Json root, ParseJson(text));
  Reader reader(root, "the file");
  reader.OnlyHas({"salt", "keys", "links"});
  KeyFile file;
  file.salt = reader.Bytes("salt", "", kSaltBytes, 64);
  PEEL_RETURN_IF_ERROR(reader.status());
  std::set<std::string> names, hashes, ids;
  PEEL_ASSIGN_OR_RETURN(const Json keys, ListOf(root, "keys"));
  for (size_t i = 0; i < keys.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(Key key, ReadKey(keys[i], i));
    if (!names.insert(key.name).second) {
      return InvalidArgument("key \"" + key.name + "\" is there twice");
    }
    if (!hashes.insert(key.hash).second) {
      return InvalidArgument("key \"" + key.name + "\" has another one's hash");
    }
    file.keys.push_back(std::move(key));
  }
  PEEL_ASSIGN_OR_RETURN(const Json links, ListOf(root, "links"));
  for (size_t i = 0; i < links.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(LinkSecret link, ReadLink(links[i], i, names));
    if (!ids.insert(link.id).second) {
      return InvalidArgument("link \"" + link.id + "\" is there twice");
    }
    file.links.push_back(std::move(link));
  }
  return file;
}

std::string KeyFileText(const KeyFile& file) {
  Json root = {{"salt", ToBase64Url(file.salt)}, {"keys", Json::array()}};
  for (const Key& key : file.keys) {
    Json entry = {{"name", key.name}, {"hash", std::string(kHash).append(ToBase64Url(key.hash))}};
    if (key.rate) {
      entry["requests_per_minute"] = static_cast<uint64_t>(key.rate->per_minute);
      entry["burst"] = static_cast<uint64_t>(key.rate->burst);
    }
    if (key.max_concurrent != 0) entry["max_concurrent"] = key.max_concurrent;
    if (key.credits) entry["credits"] = *key.credits;
    if (key.credits_per_day) entry["credits_per_day"] = *key.credits_per_day;
    if (key.max_bytes != 0) entry["max_bytes"] = key.max_bytes;
    if (key.max_pixels != 0) entry["max_pixels"] = key.max_pixels;
    if (!key.apis.empty()) entry["apis"] = key.apis;
    if (!key.routes.empty()) entry["routes"] = key.routes;
    if (key.expires) entry["expires"] = TimeText(*key.expires);
    if (key.disabled) entry["disabled"] = true;
    root["keys"].push_back(std::move(entry));
  }
  for (const LinkSecret& link : file.links) {
    Json entry = {{"id", link.id}, {"secret", ToBase64Url(link.secret)}};
    if (!link.key.empty()) entry["key"] = link.key;
    root["links"].push_back(std::move(entry));
  }
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace peel::server
