#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/server/http/message.h"

namespace peel::server {

// IPv4 in IPv6 ("::ffff:10.0.0.1", as a socket for both tells it) as IPv4.
boost::asio::ip::address PlainAddress(const boost::asio::ip::address& address);

// The proxies in front whose word for the client's address is believed.
class TrustedProxies {
 public:
  // Each "10.0.0.0/8", "::1", or "unix" for whoever connects to a Unix socket. kInvalidArgument.
  static Result<TrustedProxies> Parse(const std::vector<std::string>& texts);

  bool Trusts(const boost::asio::ip::address& address) const;
  bool trusts_unix() const { return trusts_unix_; }

  // Who asks, where `peer`, a trusted one, has connected: in X-Forwarded-For, read from its end,
  // the first that is none of the proxies; what is before it anybody may have written. `peer` where
  // there is none.
  std::string Client(const std::string& peer, const Fields& headers) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
  bool trusts_unix_ = false;
};

}  // namespace peel::server
