#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "src/server/http/json_object.h"
#include "src/server/http/text.h"

// Beside nlohmann's parser: what one takes the other takes, with the same values.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace peel::server;  // NOLINT(google-build-using-namespace)
  using nlohmann::json;
  const std::string_view text = TextOf({data, size});
  const auto fields = ParseJsonObject(text, {.max_fields = 50, .max_value = 4096, .max_depth = 16});
  const json tree = json::parse(text, nullptr, false);
  if (!fields.ok()) {
    if (fields.status().code() == peel::StatusCode::kLimit) return 0;
    // To nlohmann's parser a NUL is the end.
    if (tree.is_object() && text.find('\0') == std::string_view::npos) __builtin_trap();
    return 0;
  }
  if (tree.is_discarded()) {
    // Numbers that no double holds are refused there, and are text here.
    if (text.find_first_of("eE") != std::string_view::npos || size > 300) return 0;
    __builtin_trap();
  }
  if (!tree.is_object()) __builtin_trap();
  for (const auto& [name, value] : tree.items()) {
    if (value.is_null()) continue;
    const std::string* found = fields->Find(name);
    if (found == nullptr) __builtin_trap();
    if (value.is_string() ? value.get<std::string>() != *found : json::parse(*found) != value) {
      __builtin_trap();
    }
  }
  for (const auto& [name, value] : fields->all()) {
    if (!tree.contains(name)) __builtin_trap();
  }
  return 0;
}
