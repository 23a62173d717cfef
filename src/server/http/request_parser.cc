#include "src/server/http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <limits>

namespace peel::server {

namespace http = boost::beast::http;

RequestParser::RequestParser() {
  // Heads are measured before they come here, bodies once the handler has said how long they may
  // be.
  header_limit(std::numeric_limits<uint32_t>::max());
  body_limit(boost::none);
}

void RequestParser::on_request_impl(http::verb, Text name, Text address, int number, Error&) {
  method = std::string_view{name};
  target = std::string_view{address};
  version = number;
}

void RequestParser::on_response_impl(int, Text, int, Error&) {}

void RequestParser::on_field_impl(http::field, Text name, Text value, Error&) {
  // Behind the last chunk: trailers, which are ignored.
  if (!has_head_) headers.Add(std::string(name), std::string(value));
}

void RequestParser::on_header_impl(Error&) { has_head_ = true; }

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, Error&) {
  expected_ = length.value_or(0);
}

std::size_t RequestParser::on_body_impl(Text bytes, Error&) {
  Append(bytes);
  return bytes.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t, Text extensions, Error& error) {
  // Beast looks for CRLF alone; a proxy that also ends a line at a bare LF would see other chunks.
  if (std::ranges::any_of(extensions, [](char c) { return c < ' ' || c > '~'; })) {
    error = http::error::bad_chunk_extension;
  }
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text bytes, Error&) {
  Append(bytes);
  return bytes.size();
}

void RequestParser::on_finish_impl(Error&) {}

// The memory doubles with what has come, so that announcing costs nothing; but it never exceeds
// what was announced.
void RequestParser::Append(Text bytes) {
  const size_t needed = body.size() + bytes.size();
  if (needed > body.capacity()) {
    size_t room = std::max(needed, 2 * body.capacity());
    if (expected_ >= needed) room = static_cast<size_t>(std::min<uint64_t>(room, expected_));
    body.reserve(room);
  }
  body.insert(body.end(), bytes.begin(), bytes.end());
}

}  // namespace peel::server
