#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/utf8.h"
#include "src/server/http/form.h"
#include "src/server/http/head.h"
#include "src/server/http/header_value.h"
#include "src/server/http/text.h"
#include "src/server/http/url.h"

// Addresses, queries and urlencoded bodies; beside them the other small readers of a request:
// headers with parameters, base64, a head's check. What is read and written again is the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace peel::server;  // NOLINT(google-build-using-namespace)
  const std::span<const uint8_t> bytes(data, size);
  const std::string_view text = TextOf(bytes);
  const auto fields = ParseQuery(text, {.max_fields = 50, .max_name = 64, .max_value = 1000});
  if (fields.ok()) {
    std::string again;
    for (const auto& [name, value] : fields->all()) {
      if (!peel::IsUtf8(name) || !peel::IsUtf8(value)) __builtin_trap();
      // Pieces of nothing are left out when they are read.
      again += (again.empty() ? "" : "&") + PercentEncode(name) + "=" + PercentEncode(value);
    }
    const auto back = ParseQuery(again);
    if (!back.ok() || back->all() != fields->all()) __builtin_trap();
  }
  const auto target = ParseTarget(text);
  if (target.ok() && (target->path.empty() || (target->path[0] != '/' && target->path != "*"))) {
    __builtin_trap();
  }
  if (peel::IsUtf8(text) && text.find('\0') == std::string_view::npos) {
    const auto decoded = PercentDecode(PercentEncode(text), Plus::kIsSpace);
    if (!decoded.ok() || *decoded != text) __builtin_trap();
  }
  (void)ParseHeaderValue(text);
  (void)CheckHead(text);
  size_t from = 0;
  if (FindHeadEnd(text, from) > size || from > size) __builtin_trap();
  const auto encoded = EncodeBase64(bytes);
  const auto decoded = DecodeBase64(encoded);
  if (!decoded.ok() || !std::equal(decoded->begin(), decoded->end(), data, data + size)) {
    __builtin_trap();
  }
  const auto any = DecodeBase64(text);
  if (any.ok() && any->size() > size) __builtin_trap();
  return 0;
}
