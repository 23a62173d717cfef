#include "src/server/http/head.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "src/server/http/text.h"

namespace peel::server {
namespace {

bool IsControl(char c) { return (static_cast<uint8_t>(c) < ' ' && c != '\t') || c == 127; }

std::optional<Refusal> CheckRequestLine(std::string_view line, bool& is_http11) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last ||
      last == first + 1 || !IsToken(line.substr(0, first))) {
    return Refusal{400, "the request line is not \"METHOD address HTTP/1.1\""};
  }
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    if (version.starts_with("HTTP/")) {
      return Refusal{505, "this server speaks HTTP/1.1 and HTTP/1.0, not " + Quoted(version)};
    }
    return Refusal{400, "the request line does not end with HTTP/1.1"};
  }
  if (line.find('\t') != std::string_view::npos) {
    return Refusal{400, "a tab in the request line"};
  }
  is_http11 = version == "HTTP/1.1";
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (method == "CONNECT") return Refusal{501, "this server is no proxy: CONNECT is not taken"};
  if (target == "*" && method != "OPTIONS") {
    return Refusal{400, "the address \"*\" is for OPTIONS alone"};
  }
  return std::nullopt;
}

// What decides where the body ends, and who is asked.
struct Framing {
  int lengths = 0, codings = 0, hosts = 0;
};

std::optional<Refusal> CheckField(std::string_view line, bool is_http11, Framing& framing) {
  const size_t colon = line.find(':');
  if (line[0] == ' ' || line[0] == '\t') {
    return Refusal{400, "a header that goes on in a second line"};
  }
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
    return Refusal{400, "a header's name is not sound: " + Quoted(line.substr(0, colon))};
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (EqualIgnoringCase(name, "Content-Length")) {
    ++framing.lengths;
    uint64_t length = 0;
    bool good = !value.empty() && std::ranges::all_of(value, IsDigit);
    for (const char c : value) {
      good = good && !__builtin_mul_overflow(length, uint64_t{10}, &length) &&
             !__builtin_add_overflow(length, static_cast<uint64_t>(c - '0'), &length);
    }
    if (!good || length > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Refusal{400, "Content-Length " + Quoted(value) + " is no number of bytes"};
    }
  } else if (EqualIgnoringCase(name, "Transfer-Encoding")) {
    ++framing.codings;
    if (!is_http11) return Refusal{400, "Transfer-Encoding in a request of HTTP/1.0"};
    if (!EqualIgnoringCase(value, "chunked")) {
      const bool ends_so = value.size() > 8 && !IsTokenChar(value[value.size() - 8]) &&
                           EqualIgnoringCase(value.substr(value.size() - 7), "chunked");
      return Refusal{ends_so ? 501 : 400,
                     "Transfer-Encoding " + Quoted(value) + " is not taken; there is \"chunked\""};
    }
  } else if (EqualIgnoringCase(name, "Host")) {
    ++framing.hosts;
    if (value.find_first_of(" \t,/?#@") != std::string_view::npos) {
      return Refusal{400, "Host " + Quoted(value) + " is no host"};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> CheckHead(std::string_view head) {
  Framing framing;
  bool is_first = true, is_http11 = false;
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    if (end == std::string_view::npos || std::ranges::any_of(line, IsControl)) {
      return Refusal{400, "a control character in the request's head, or a line without CRLF"};
    }
    head.remove_prefix(end + 2);
    if (line.empty()) break;
    auto refusal =
        is_first ? CheckRequestLine(line, is_http11) : CheckField(line, is_http11, framing);
    if (refusal) return refusal;
    is_first = false;
  }
  if (framing.lengths > 1) return Refusal{400, "more than one Content-Length"};
  if (framing.codings > 1) return Refusal{400, "more than one Transfer-Encoding"};
  if (framing.lengths > 0 && framing.codings > 0) {
    return Refusal{400, "both Content-Length and Transfer-Encoding"};
  }
  if (framing.hosts > 1 || (is_http11 && framing.hosts == 0)) {
    return Refusal{400, framing.hosts == 0 ? "no Host" : "more than one Host"};
  }
  return std::nullopt;
}

size_t FindHeadEnd(std::string_view text, size_t& from) {
  // Bare line ends are looked for too: what is in such lines is refused, at once.
  constexpr std::string_view kEnds[] = {"\r\n\r\n", "\n\n", "\n\r\n"};
  size_t found = std::string_view::npos, size = 0;
  for (const std::string_view end : kEnds) {
    const size_t at = text.find(end, from);
    if (at == std::string_view::npos || (size != 0 && at + end.size() >= found + size)) continue;
    found = at;
    size = end.size();
  }
  if (size != 0) return found + size;
  from = text.size() < 3 ? 0 : std::max(from, text.size() - 3);
  return 0;
}

}  // namespace peel::server
