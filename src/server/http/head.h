#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace peel::server {

// Why a connection refuses a request by itself.
struct Refusal {
  int status = 400;
  std::string why;
};

// Whether a request's head, from its first byte to its empty line, is one that every server and
// proxy reads alike: where two of them differ, a request can be smuggled past the first one. Hence
// stricter than RFC 9112 allows: no bare CR or LF, no folded lines, no space before a colon, no
// Content-Length but one decimal number, no Transfer-Encoding but "chunked", never both, one Host.
// What passes is then read by Beast. nullopt: sound.
std::optional<Refusal> CheckHead(std::string_view head);

// Where a head ends in what has come so far, looking from `from` on, which is moved to where to
// look next time: the place behind its empty line; 0: not yet.
size_t FindHeadEnd(std::string_view text, size_t& from);

}  // namespace peel::server
