#pragma once

#include <string>
#include <string_view>

namespace peel {

// MD5 (RFC 1321) as 32 capital hexadecimal digits: a name for content where a file format asks for
// one of this kind. No protection against anybody.
std::string Md5Hex(std::string_view text);

}  // namespace peel
