#include "src/server/guard/peer.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>

namespace peel::server {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> Parse(std::string_view peer) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(peer), error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::string V6Prefix(const ip::address_v6& address, int bytes) {
  ip::address_v6::bytes_type base = address.to_bytes();
  std::fill(base.begin() + bytes, base.end(), uint8_t{0});
  return ip::address_v6(base).to_string() + "/" + std::to_string(bytes * 8);
}

}  // namespace

std::string PeerGroup(std::string_view peer) {
  const auto address = Parse(peer);
  if (!address) return "other";
  return address->is_v4() ? address->to_string() : V6Prefix(address->to_v6(), 8);
}

std::string PeerBlock(std::string_view peer) {
  const auto address = Parse(peer);
  if (!address) return "other";
  if (address->is_v6()) return V6Prefix(address->to_v6(), 6);
  return ip::address_v4(address->to_v4().to_uint() & 0xffffff00).to_string() + "/24";
}

}  // namespace peel::server
