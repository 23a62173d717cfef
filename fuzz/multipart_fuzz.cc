#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/server/http/multipart.h"
#include "src/server/http/text.h"

namespace {

using namespace peel::server;  // NOLINT(google-build-using-namespace)

// Any bytes: what is found lies in the body, in order, and no part holds the boundary's line.
void ReadAny(std::span<const uint8_t> body, std::string_view boundary) {
  const auto parts = ParseMultipart(body, boundary, {.max_parts = 20, .max_part_headers = 512});
  if (!parts.ok()) return;
  const uint8_t* at = body.data();
  for (const Part& part : *parts) {
    if (part.bytes.empty()) continue;
    if (part.bytes.data() < at ||
        part.bytes.data() + part.bytes.size() > body.data() + body.size()) {
      __builtin_trap();
    }
    at = part.bytes.data() + part.bytes.size();
    const std::string line = "\r\n--" + std::string(boundary) + "\r\n";
    if (TextOf(part.bytes).find(line) != std::string_view::npos) __builtin_trap();
    if (part.file_name.find_first_of("/\\") != std::string::npos) __builtin_trap();
  }
}

// What a writer writes comes back: names in quotes, contents as they are.
void ReadWritten(std::span<const uint8_t> data, std::string_view boundary) {
  std::vector<std::string> names, contents;
  std::string body;
  size_t at = 0;
  while (at < data.size() && names.size() < 20) {
    const size_t size = std::min<size_t>(data[at], data.size() - at - 1);
    const std::string text(TextOf(data.subspan(at + 1, size)));
    at += 1 + size;
    // A writer picks a boundary with which no line of a content begins.
    if (("\r\n" + text).find("\r\n--" + std::string(boundary)) != std::string::npos) continue;
    std::string name, quoted;
    for (const char c : text.substr(0, 20)) {
      if (static_cast<uint8_t>(c) < ' ' || c == 127) continue;
      name += c;
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    body += "--" + std::string(boundary) + "\r\nContent-Disposition: form-data; name=\"" + quoted +
            "\"\r\n\r\n" + text + "\r\n";
    names.push_back(name);
    contents.push_back(text);
  }
  body += "--" + std::string(boundary) + "--\r\n";
  const auto parts = ParseMultipart(BytesOf(body), boundary);
  if (!parts.ok() || parts->size() != names.size()) __builtin_trap();
  for (size_t i = 0; i < names.size(); ++i) {
    const Part& part = (*parts)[i];
    if (part.name != names[i] || TextOf(part.bytes) != contents[i]) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  ReadAny(bytes, "b");
  if (size > 1) {
    const size_t length = std::min<size_t>(data[0] % 72, size - 1);
    ReadAny(bytes.subspan(1), TextOf(bytes.subspan(1, length)));
  }
  ReadWritten(bytes, "b");
  return 0;
}
