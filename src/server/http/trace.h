#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace peel::server {

// So many random bytes as lower-case hexadecimal digits. From OpenSSL's generator: nobody can guess
// them.
std::string RandomHex(size_t bytes);

// The client's X-Request-ID where it has 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', so that it can
// stand in a log as it is; else a new one.
std::string RequestId(std::string_view from_client);

// W3C's Trace Context, level 1: the client's trace with a span of this request's own where its
// header is valid, else a new trace.
std::string Traceparent(std::string_view from_client);

}  // namespace peel::server
