#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/server/fetch/fetch_rules.h"
#include "src/server/fetch/resolver.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace peel::server {

struct FetchOptions {
  bool enabled = false;
  FetchRules rules{};
  int max_redirects = 5;
  int max_at_once = 64;  // more are kLimit
  std::string user_agent = "peel";
  std::string authorities{};  // a PEM file trusted beside the system's certificates
};

struct FetchLimits {
  uint64_t max_bytes = uint64_t{64} << 20;  // of the body
  std::chrono::milliseconds time{15'000};   // from Get to the last byte, redirects included
};

// Gets what a URL from a stranger names, without being made to look at what only this machine can
// see: every address of a host is checked, and the one that is connected to is one of those that
// were, the name is not resolved again (DNS rebinding). Redirects begin anew. Names in certificates
// count. No cookies, no credentials, no referrer, no proxy, nothing kept open. The answer must be a
// 200 (or 203) in its own words: no compression, no parts, lengths that agree.
class Fetcher {
 public:
  using Callback = std::function<void(Result<std::vector<uint8_t>>)>;

  // Both outlive it. Enabled, it reads the certificates: kIo where they cannot be read.
  static Result<std::unique_ptr<Fetcher>> Make(boost::asio::io_context& context,
                                               FetchOptions options,
                                               std::unique_ptr<Resolver> resolver);
  // Ends what is under way; no callback is called any more.
  virtual ~Fetcher() = default;

  // `done` is called once from the context, never within Get: with the bytes, or
  // kUnsupported      fetching is switched off
  // kInvalidArgument  the URL, one it redirects to, or an address it leads to is refused
  // kNotFound         no such host, or the server answers 404 or 410
  // kLimit            too large, too slow, too many redirects, too many at once
  // kIo               cannot be reached, an error's answer, a broken one, a wrong certificate
  // kCancelled        Cancel
  // with a text for whoever gave the URL. It names no address, nor what a server said.
  virtual uint64_t Get(std::string_view url, const FetchLimits& limits, Callback done) = 0;
  // `done` is called at once. Nothing for one that has ended.
  virtual void Cancel(uint64_t fetch) = 0;
  virtual int at_once() const = 0;  // how many are under way
};

}  // namespace peel::server
