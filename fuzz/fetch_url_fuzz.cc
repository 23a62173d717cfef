// URLs and addresses of strangers: whatever is let through is checked once more by other means, the
// C library's own readers of addresses and a list of ranges written as such.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "src/server/fetch/address.h"
#include "src/server/fetch/fetch_rules.h"
#include "src/server/fetch/url.h"

namespace {

using peel::server::Url;

// First and last addresses that must never be reached.
constexpr const char* kV4[][2] = {
    {"0.0.0.0", "0.255.255.255"},       {"10.0.0.0", "10.255.255.255"},
    {"100.64.0.0", "100.127.255.255"},  {"127.0.0.0", "127.255.255.255"},
    {"169.254.0.0", "169.254.255.255"}, {"172.16.0.0", "172.31.255.255"},
    {"192.0.0.0", "192.0.0.255"},       {"192.0.2.0", "192.0.2.255"},
    {"192.88.99.0", "192.88.99.255"},   {"192.168.0.0", "192.168.255.255"},
    {"198.18.0.0", "198.19.255.255"},   {"198.51.100.0", "198.51.100.255"},
    {"203.0.113.0", "203.0.113.255"},   {"224.0.0.0", "255.255.255.255"},
};
constexpr const char* kV6[][2] = {
    {"::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

template <size_t kSize>
bool IsIn(int family, const std::array<uint8_t, kSize>& address, const char* const (&range)[2]) {
  std::array<uint8_t, kSize> first, last;
  if (inet_pton(family, range[0], first.data()) != 1) __builtin_trap();
  if (inet_pton(family, range[1], last.data()) != 1) __builtin_trap();
  return address >= first && address <= last;
}

bool MayBePublic(const boost::asio::ip::address& address) {
  if (address.is_v4()) {
    return std::ranges::none_of(
        kV4, [&](const auto& range) { return IsIn(AF_INET, address.to_v4().to_bytes(), range); });
  }
  return std::ranges::none_of(
      kV6, [&](const auto& range) { return IsIn(AF_INET6, address.to_v6().to_bytes(), range); });
}

void CheckAddress(const boost::asio::ip::address& address) {
  if (peel::server::IsPublic(address) && !MayBePublic(address)) __builtin_trap();
  if (peel::server::IsPublic(address) && peel::server::IsNeverAServer(address)) __builtin_trap();
}

void CheckUrl(const Url& url) {
  // What goes into the request holds nothing that ends a line or a word.
  for (const std::string& text : {url.target, url.host, url.Authority()}) {
    for (const char c : text) {
      if (c <= ' ' || c > '~' || c == '\\') __builtin_trap();
    }
  }
  if (url.host.find_first_of("@/?#%") != std::string::npos || url.host.empty()) __builtin_trap();
  if (url.target.empty() || url.target[0] != '/' || url.port == 0) __builtin_trap();
  // What the system's resolver takes for an address is one here too, and the same one.
  in_addr v4;
  if (inet_aton(url.host.c_str(), &v4) != 0) {
    if (!url.address || !url.address->is_v4()) __builtin_trap();
    if (std::memcmp(url.address->to_v4().to_bytes().data(), &v4, 4) != 0) __builtin_trap();
  }
  in6_addr v6;
  if (inet_pton(AF_INET6, url.host.c_str(), &v6) == 1) {
    if (!url.address || !url.address->is_v6()) __builtin_trap();
    if (std::memcmp(url.address->to_v6().to_bytes().data(), &v6, 16) != 0) __builtin_trap();
  }
  if (url.address) {
    CheckAddress(*url.address);
    const peel::server::FetchRules rules;
    if (rules.CheckUrl(url).ok() && rules.CheckAddresses(url, {*url.address}).ok() &&
        !MayBePublic(*url.address)) {
      __builtin_trap();
    }
  }
  // Its text is read as the same.
  const auto again = peel::server::ParseUrl(url.Text());
  if (!again.ok() || again->Text() != url.Text() || again->address != url.address) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0:
      if (const auto url = peel::server::ParseUrl(text); url.ok()) CheckUrl(*url);
      break;
    case 1: {  // a base and a Location
      const size_t line = std::min(text.find('\n'), text.size());
      const auto base = peel::server::ParseUrl(text.substr(0, line));
      if (!base.ok() || line == text.size()) break;
      const auto url = peel::server::ResolveLocation(*base, text.substr(line + 1));
      if (url.ok()) CheckUrl(*url);
      if (url.ok() && base->is_tls && !url->is_tls) __builtin_trap();
      break;
    }
    case 2: {
      boost::asio::ip::address_v6::bytes_type bytes{};
      std::memcpy(bytes.data(), text.data(), std::min(text.size(), bytes.size()));
      if (text.size() <= 4) {
        CheckAddress(boost::asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}));
      } else {
        CheckAddress(boost::asio::ip::address_v6(bytes));
      }
      break;
    }
    default: {
      peel::server::FetchRules rules;
      (void)rules.Allow(text);
      const auto network = peel::server::Network::Parse(text);
      const size_t slash = std::min(text.find('/'), text.size());
      boost::system::error_code error;
      const auto base = boost::asio::ip::make_address(std::string(text.substr(0, slash)), error);
      // A network contains the address that it is written with.
      if (network.ok() && (error || !network->Contains(base))) __builtin_trap();
    }
  }
  return 0;
}
