#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "src/server/http/http_server.h"
#include "src/server/work/worker_pool.h"

namespace peel::server {

// All that an operator can set; the defaults are what `peel serve` without options is.
struct ServiceOptions {
  HttpOptions http{};
  WorkOptions work{};
  std::string version{};  // of the program

  uint64_t max_body = uint64_t{64} << 20;  // bytes of a request
  uint64_t max_pixels = 50'000'000;        // of a picture

  std::string keys_file{};      // keys and link secrets (guard/keys.h); "": anybody may ask
  std::string credits_file{};   // what keys have used, so that it outlasts the server
  int requests_per_minute = 0;  // of one client without a key; 0: no limit
  std::vector<std::string> cors_origins{};  // none: off; "*": all
  bool fetches = false;                     // pictures by URL
  std::vector<std::string> fetch_allow{};   // hosts and networks of one's own that may be asked
  std::chrono::milliseconds fetch_time{15'000};

  bool page = true;  // serves the page at /
  bool docs = true;  // /api and /openapi.json

  enum class Log { kText, kJson, kOff };
  Log log = Log::kText;
  std::string log_file{};  // "": standard error

  std::chrono::milliseconds canary_every{30'000};  // 0: only when /ready is asked
  std::chrono::milliseconds canary_deadline{5'000};
  std::chrono::milliseconds drain_time{30'000};  // until what is still under way is cut off
};

}  // namespace peel::server
