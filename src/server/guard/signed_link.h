#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/server/guard/keys.h"
#include "src/server/http/message.h"

namespace peel::server {

// Links that let whoever has them do one request until they expire, without a key:
//
//   /v1/cut?image_url=…&format=png&expires=1798761600&key=2026-12&signature=…
//
// `expires` is in unix seconds, 1 to 10 digits without leading zeros; `key` the id of a secret;
// `signature` the base64url, without padding, of HMAC-SHA256(secret, text), where text is
//
//   METHOD "\n" path "\n" query
//
// METHOD: GET for HEAD too, else as sent, in capitals. path: as it is decoded from the URL, encoded
// anew. query: every parameter but `signature`, decoded ("+" and %20 are a space) and encoded anew,
// each as name=value, sorted by name and then value as bytes, joined by "&". Encoded anew: letters,
// digits and "-._~" stay, and "/" in a path; every other byte is %XX in capitals. So the order of
// parameters and how they were written do not count; what they are, and how many, does. A body is
// not signed: a link for POST lets one send what one likes to that path.
//
// Secrets rotate by adding a new one, signing with that, and removing the old one when its links
// have expired.

// The text above.
std::string LinkText(std::string_view method, std::string_view path, const Fields& query);

// The query (without "?") of a link: `query` with expires, key and signature. kInvalidArgument
// where it has one of these already, or the time is not 1 to 10 digits.
Result<std::string> SignLink(std::string_view method, std::string_view path, const Fields& query,
                             const LinkSecret& secret, int64_t expires);

// Whether a request comes with a signature, right or wrong: then it is that, and not a key, that
// counts.
bool HasSignature(const Request& request);

// The secret with which it is signed. kInvalidArgument (403): the signature is wrong, one of the
// three is missing or there twice, or its time is over; the text tells the last from the others
// only where the signature is right.
Result<const LinkSecret*> CheckLink(const Request& request, std::span<const LinkSecret> secrets,
                                    std::chrono::system_clock::time_point now);

}  // namespace peel::server
