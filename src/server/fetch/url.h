#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace peel::server {

// An address on the web in the one form in which it is checked, connected to and sent. Stricter
// than browsers are (WHATWG) and than RFC 3986: what two programs could read in two ways is
// refused, as that difference is what gets past a check.
struct Url {
  bool is_tls = false;
  // Lower case, without a dot at its end, no brackets: a name (letters, digits, "-", "_", labels of
  // 1 to 63, 253 in all) or what `address` is as text.
  std::string host;
  std::optional<boost::asio::ip::address> address;  // where the host is one
  uint16_t port = 80;
  std::string target;  // path and query as sent, begins with '/', printable ASCII without spaces

  // As for the header Host: brackets around IPv6, the port where it is not the scheme's own.
  std::string Authority() const;
  std::string Text() const;
};

// http and https only. kInvalidArgument, which names what is wrong, for: another scheme (data:
// too), user information, control characters, spaces, backslashes, what is not ASCII, percent signs
// in the host, IPv4 in any form but four decimal numbers, IPv6 with a scope, an empty or bad port,
// more than 8192 characters.
Result<Url> ParseUrl(std::string_view text);

// Where a Location that came with `base` leads: absolute or relative (RFC 3986, 5.2), its fragment
// dropped. kInvalidArgument as ParseUrl, and for a way from https to http.
Result<Url> ResolveLocation(const Url& base, std::string_view location);

}  // namespace peel::server
