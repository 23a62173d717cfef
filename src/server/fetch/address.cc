#include "src/server/fetch/address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <system_error>
#include <vector>

namespace peel::server {
namespace {

namespace ip = boost::asio::ip;

// The first `bits` of both are the same.
bool SamePrefix(std::span<const uint8_t> a, std::span<const uint8_t> b, int bits) {
  const int whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

std::vector<uint8_t> BytesOf(const ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

struct Range4 {
  std::array<uint8_t, 4> base;
  int bits;
};
struct Range6 {
  std::array<uint8_t, 16> base;
  int bits;
};

// What is not on the public Internet, RFC 6890 with its updates.
constexpr Range4 kSpecial4[] = {
    {{0, 0, 0, 0}, 8},        // this network
    {{10, 0, 0, 0}, 8},       // private
    {{100, 64, 0, 0}, 10},    // carriers' NAT
    {{127, 0, 0, 0}, 8},      // loopback
    {{169, 254, 0, 0}, 16},   // link-local, clouds' metadata
    {{172, 16, 0, 0}, 12},    // private
    {{192, 0, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2, 0}, 24},     // documentation
    {{192, 31, 196, 0}, 24},  // AS112
    {{192, 52, 193, 0}, 24},  // AMT
    {{192, 88, 99, 0}, 24},   // 6to4 relays
    {{192, 168, 0, 0}, 16},   // private
    {{192, 175, 48, 0}, 24},  // AS112
    {{198, 18, 0, 0}, 15},    // benchmarks
    {{198, 51, 100, 0}, 24},  // documentation
    {{203, 0, 113, 0}, 24},   // documentation
    {{224, 0, 0, 0}, 4},      // multicast
    {{240, 0, 0, 0}, 4},      // reserved, broadcast
    // One vendor's address of its machines' host, which is public by its number alone (Azure).
    {{168, 63, 129, 16}, 32},
};

// Of what is in 2000::/3.
constexpr Range6 kSpecial6[] = {
    {{0x20, 0x01, 0x00}, 23},              // protocol assignments: Teredo, benchmarks, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32},        // documentation
    {{0x20, 0x02}, 16},                    // 6to4
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48},  // AS112
    {{0x3f, 0xff, 0x00}, 20},              // documentation
    {{0x3f, 0xfe}, 16},                    // 6bone, returned
};

bool IsPublic4(const ip::address_v4& address) {
  const auto bytes = address.to_bytes();
  return std::ranges::none_of(
      kSpecial4, [&](const Range4& range) { return SamePrefix(bytes, range.base, range.bits); });
}

bool IsPublic6(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  if (bytes[0] >> 5 != 1) return false;  // what is given out is 2000::/3
  // ISATAP: an interface identifier 0000:5efe or 0200:5efe and an IPv4 address (RFC 5214).
  if ((bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe) {
    return false;
  }
  return std::ranges::none_of(
      kSpecial6, [&](const Range6& range) { return SamePrefix(bytes, range.base, range.bits); });
}

}  // namespace

ip::address Unmapped(const ip::address& address) {
  if (!address.is_v6()) return address;
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  return ip::address_v6(v6.to_bytes());
}

Result<Network> Network::Parse(std::string_view text) {
  const auto wrong = [&](const char* why) {
    return InvalidArgument(std::string("\"").append(text) + "\" is no network: " + why +
                           "; networks are written 10.0.0.0/8 or fd00::/8");
  };
  Network network;
  const size_t slash = text.find('/');
  boost::system::error_code error;
  network.base_ = ip::make_address(std::string(text.substr(0, slash)), error);
  if (error || text.find('%') != text.npos) return wrong("it begins with no address");
  if (network.base_.is_v6() && network.base_.to_v6().is_v4_mapped()) {
    return wrong("IPv4 addresses are written as such");
  }
  const std::vector<uint8_t> bytes = BytesOf(network.base_);
  const int most = static_cast<int>(bytes.size()) * 8;
  network.bits_ = most;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, bad] =
        std::from_chars(digits.data(), digits.data() + digits.size(), network.bits_);
    if (bad != std::errc() || end != digits.data() + digits.size() || digits.front() == '-' ||
        network.bits_ > most) {
      return wrong("its prefix has no such length");
    }
  }
  for (int bit = network.bits_; bit < most; ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
      return wrong("there are bits behind its prefix");
  }
  return network;
}

bool Network::Contains(const ip::address& address) const {
  const ip::address plain = Unmapped(address);
  return plain.is_v4() == base_.is_v4() && SamePrefix(BytesOf(plain), BytesOf(base_), bits_);
}

bool IsPublic(const ip::address& address) {
  // A mapped one is refused as such: it is not Unmapped() that is connected to.
  return address.is_v4() ? IsPublic4(address.to_v4()) : IsPublic6(address.to_v6());
}

bool IsNeverAServer(const ip::address& address) {
  const ip::address plain = Unmapped(address);
  if (plain.is_unspecified() || plain.is_multicast()) return true;
  const std::vector<uint8_t> bytes = BytesOf(plain);
  if (plain.is_v4())
    return bytes[0] == 0 || bytes[0] >= 224 || (bytes[0] == 169 && bytes[1] == 254);
  // fe80::/10, and the address of AWS's metadata service in IPv6, fd00:ec2::/32.
  return (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) ||
         (bytes[0] == 0xfd && bytes[1] == 0 && bytes[2] == 0x0e && bytes[3] == 0xc2);
}

}  // namespace peel::server
