#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"

// OpenSSL's, in the few forms in which keys and signatures need it. Bytes are in std::string.
namespace peel::server {

Result<std::string> RandomBytes(size_t count);  // of the system's generator; kInternal
std::string Sha256(std::string_view bytes);     // 32 bytes
std::string HmacSha256(std::string_view key, std::string_view bytes);  // 32 bytes

// In a time that depends on the lengths alone.
bool SameSecret(std::string_view a, std::string_view b);

// RFC 4648, 5, without padding. Back: nullopt for anything else, also for bits left over, so that
// there is one text for each value.
std::string ToBase64Url(std::string_view bytes);
std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace peel::server
