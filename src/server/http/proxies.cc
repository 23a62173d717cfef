#include "src/server/http/proxies.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "src/server/http/text.h"

namespace peel::server {
namespace {

namespace ip = boost::asio::ip;

// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]", "[::1]:80".
std::optional<ip::address> ParseForwarded(std::string_view text) {
  text = Trimmed(text);
  if (text.starts_with('[')) {
    text = text.substr(1, std::max<size_t>(text.find(']'), 1) - 1);
  } else if (std::ranges::count(text, ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return PlainAddress(address);
}

}  // namespace

ip::address PlainAddress(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

Result<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& texts) {
  TrustedProxies proxies;
  for (const std::string& text : texts) {
    if (text == "unix") {
      proxies.trusts_unix_ = true;
      continue;
    }
    const bool is_v6 = text.find(':') != std::string::npos;
    const std::string network =
        text.find('/') != std::string::npos ? text : text + (is_v6 ? "/128" : "/32");
    boost::system::error_code error;
    if (is_v6) {
      proxies.v6_.push_back(ip::make_network_v6(network, error));
    } else {
      proxies.v4_.push_back(ip::make_network_v4(network, error));
    }
    if (error) {
      return InvalidArgument("trusted proxy " + Quoted(text) +
                             " is no address and no network such as 10.0.0.0/8");
    }
  }
  return proxies;
}

bool TrustedProxies::Trusts(const ip::address& address) const {
  const ip::address plain = PlainAddress(address);
  // A network's bounds would leave its first and last address out; its prefix has them.
  if (plain.is_v4()) {
    return std::ranges::any_of(v4_, [&](const ip::network_v4& network) {
      return ip::network_v4(plain.to_v4(), network.prefix_length()).network() == network.network();
    });
  }
  return std::ranges::any_of(v6_, [&](const ip::network_v6& network) {
    return ip::network_v6(plain.to_v6(), network.prefix_length()).network() == network.network();
  });
}

std::string TrustedProxies::Client(const std::string& peer, const Fields& headers) const {
  std::string client = peer;
  const auto& all = headers.all();
  for (auto field = all.rbegin(); field != all.rend(); ++field) {
    if (!EqualIgnoringCase(field->first, "X-Forwarded-For")) continue;
    std::string_view rest = field->second;
    while (true) {
      const size_t comma = rest.rfind(',');
      const auto address =
          ParseForwarded(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      if (!address) return client;
      client = address->to_string();
      if (!Trusts(*address)) return client;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return client;
}

}  // namespace peel::server
