#include "src/server/http/trace.h"

#include <openssl/rand.h>

#include <algorithm>
#include <random>
#include <vector>

#include "src/server/http/text.h"

namespace peel::server {
namespace {

bool IsLowerHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}
bool IsZero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

}  // namespace

std::string RandomHex(size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1) {
    // It fails only where the system has no randomness; an id must be unique all the same.
    std::random_device device;
    std::ranges::generate(random, [&] { return static_cast<unsigned char>(device()); });
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : random) text += {kDigits[byte >> 4], kDigits[byte & 15]};
  return text;
}

std::string RequestId(std::string_view from_client) {
  const auto is_sound = [](char c) {
    return IsDigit(c) || IsLetter(c) || c == '.' || c == '_' || c == '-';
  };
  if (!from_client.empty() && from_client.size() <= 64 &&
      std::ranges::all_of(from_client, is_sound)) {
    return std::string(from_client);
  }
  return RandomHex(8);
}

std::string Traceparent(std::string_view from_client) {
  // version "-" trace "-" parent "-" flags; a later version may go on behind another "-".
  const std::string_view text = from_client;
  const bool is_valid =
      text.size() >= 55 && text[2] == '-' && text[35] == '-' && text[52] == '-' &&
      IsLowerHex(text.substr(0, 2)) && text.substr(0, 2) != "ff" &&
      (text.substr(0, 2) == "00" ? text.size() == 55 : text.size() == 55 || text[55] == '-') &&
      IsLowerHex(text.substr(3, 32)) && !IsZero(text.substr(3, 32)) &&
      IsLowerHex(text.substr(36, 16)) && !IsZero(text.substr(36, 16)) &&
      IsLowerHex(text.substr(53, 2));
  if (!is_valid) return "00-" + RandomHex(16) + "-" + RandomHex(8) + "-01";
  // Of the flags level 1 knows the first bit alone.
  const bool is_sampled = HexValue(text[54]) % 2 == 1;
  return "00-" + std::string(text.substr(3, 32)) + "-" + RandomHex(8) +
         (is_sampled ? "-01" : "-00");
}

}  // namespace peel::server
