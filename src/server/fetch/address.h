#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace peel::server {

// Networks of addresses, and which of them a request may be sent to on behalf of a stranger.
class Network {
 public:
  // "10.0.0.0/8", "fd00::/8", or one address. kInvalidArgument for anything else, also for bits set
  // behind the prefix, which are a slip more often than not.
  static Result<Network> Parse(std::string_view text);

  // Of the same family only; an IPv4 address that is written as an IPv6 one (::ffff:a.b.c.d) counts
  // as IPv4.
  bool Contains(const boost::asio::ip::address& address) const;

 private:
  boost::asio::ip::address base_;
  int bits_ = 0;
};

// ::ffff:a.b.c.d as a.b.c.d; any other address as it is, without a scope.
boost::asio::ip::address Unmapped(const boost::asio::ip::address& address);

// Whether an address is one of the public Internet's: none of IANA's special-purpose registries
// (IPv4: RFC 6890 and its updates; IPv6: nothing outside of 2000::/3, nor inside of it what is
// documentation, ORCHID, Teredo or 6to4), no multicast, and nothing that carries an IPv4 address
// inside (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP), since where that leads is
// up to a gateway.
bool IsPublic(const boost::asio::ip::address& address);

// Addresses that nothing has a use for, not even where an operator allows a host by its name:
// link-local (the metadata services of clouds among them), multicast, broadcast, unspecified.
bool IsNeverAServer(const boost::asio::ip::address& address);

}  // namespace peel::server
