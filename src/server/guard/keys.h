#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/server/guard/rate_limit.h"
#include "src/server/http/message.h"

namespace peel::server {

// Somebody who may use the service, and how much.
struct Key {
  std::string name;  // letters, digits and "._-", 1 to 64: it stands in logs
  std::string hash;  // of the key, 32 bytes (HashKey)
  std::optional<Rate> rate{};
  int max_concurrent = 0;                     // 0: no limit of its own
  std::optional<uint64_t> credits{};          // pictures in all
  std::optional<uint64_t> credits_per_day{};  // days are UTC's
  uint64_t max_bytes = 0, max_pixels = 0;     // of a request; 0: the server's
  std::vector<std::string> apis{};            // names of APIs ("removebg"); none: all
  std::vector<std::string> routes{};          // paths, "/v1/*" with what is below; none: all
  std::optional<int64_t> expires{};           // unix seconds: from then on it is none
  bool disabled = false;

  bool MayUse(std::string_view api, std::string_view path) const;
};

// With which links are signed (signed_link.h).
struct LinkSecret {
  std::string id;      // as names of keys
  std::string secret;  // bytes, 32 or more
  std::string key{};   // the key whose limits count for such a link; "": none but the server's
};

// The file of keys: JSON, since JSON has one way to write a thing and says of each whether it is a
// number, and as the server reads it anyway.
//   { "salt": "…",
//     "keys": [ { "name": "shop", "hash": "sha256:…", "requests_per_minute": 60, "burst": 20,
//                 "max_concurrent": 4, "credits": 5000, "credits_per_day": 200,
//                 "max_bytes": 20000000, "max_pixels": 25000000, "apis": ["removebg"],
//                 "routes": ["/v1.0/*"], "expires": "2027-06-30T00:00:00Z", "disabled": false } ],
//     "links": [ { "id": "2026-12", "secret": "…", "key": "shop" } ] }
// All but salt, name and hash may be left out. Salt, hashes and secrets are base64url. Keys are 32
// random bytes: SHA-256 of salt and key is enough, since nobody can try 2^256 of them; a slow hash
// would only help who wants to keep the server busy. One salt for the file, so that a look-up
// hashes once, however many keys there are.
struct KeyFile {
  std::string salt;
  std::vector<Key> keys;
  std::vector<LinkSecret> links;
};

// kCorrupt where it is no JSON, kInvalidArgument for what it says: a word that is not there, a name
// that is there twice, a number out of its range. Texts name the entry.
Result<KeyFile> ParseKeyFile(std::string_view text);
std::string KeyFileText(const KeyFile& file);

std::string HashKey(std::string_view salt, std::string_view key);

// The key that a request shows: X-Api-Key, else Authorization: Bearer; "" where it shows none.
std::string_view PresentedKey(const Request& request);

// Makes a key and adds it to the file at `path`, which is made where there is none (for its owner's
// eyes only): what is in `limits`, its hash aside. Returns the key, "peel_" and 43 characters,
// which is not stored and cannot be shown again. `own`: a key that clients have already, from 22
// characters on, instead of a new one. kInvalidArgument, kIo.
Result<std::string> AddKey(const std::string& path, Key limits, std::string_view own = "");
// The same for a new secret to sign links with, which the file holds.
Result<LinkSecret> AddLinkSecret(const std::string& path, std::string id, std::string key);

}  // namespace peel::server
