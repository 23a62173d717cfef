#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "src/server/http/message.h"

namespace peel::server {

// How an answer's body ends.
enum class BodyEnd {
  kLength,   // Content-Length
  kChunked,  // chunked
  kClose,    // with the connection, as HTTP/1.0 can do
  kNone,     // there is none, and its length is not told: 204, 304
};

struct AnswerTraits {
  BodyEnd end = BodyEnd::kLength;
  uint64_t length = 0;
  bool keep_alive = true;
  std::string id, traceparent;
};

// Status line and headers with the empty line. The connection's own headers are left out of the
// handler's; what would break a line in a value becomes a space, and what is no name is left out.
std::string AnswerHead(const Response& response, const AnswerTraits& traits);

// "Mon, 30 Nov 2026 09:00:00 GMT"
std::string HttpDate(int64_t seconds_since_1970);

}  // namespace peel::server
