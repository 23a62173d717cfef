#include "src/server/fetch/fetch_rules.h"

#include <algorithm>
#include <utility>

namespace peel::server {
namespace {

// Takes ":port" off the end of "host:port", "[v6]:port" and the like; brackets too.
Status SplitPort(std::string_view text, std::string_view* host, int* port) {
  const auto wrong = [&](const char* why) {
    return InvalidArgument(std::string("\"").append(text) + "\": " + why +
                           "; hosts are allowed as example.com, 10.0.0.0/8 or [fd00::/8]:9000");
  };
  size_t colon = text.npos;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == text.npos) return wrong("the bracket is not closed");
    *host = text.substr(1, close - 1);
    if (close + 1 < text.size()) {
      if (text[close + 1] != ':') return wrong("something follows the bracket");
      colon = close + 1;
    }
  } else if (std::ranges::count(text, ':') == 1) {
    colon = text.find(':');
    *host = text.substr(0, colon);
  } else {
    *host = text;
  }
  if (colon != text.npos) {
    int number = 0;
    for (const char c : text.substr(colon + 1)) {
      if (c < '0' || c > '9' || number > 65535) return wrong("its port is no number");
      number = number * 10 + (c - '0');
    }
    if (number < 1 || number > 65535) return wrong("its port is not 1 to 65535");
    *port = number;
  }
  if (host->empty()) return wrong("it names no host");
  return OkStatus();
}

}  // namespace

Status FetchRules::Allow(std::string_view text) {
  Entry entry;
  std::string_view host;
  PEEL_RETURN_IF_ERROR(SplitPort(text, &host, &entry.port));
  if (host.find('/') != host.npos || host.find(':') != host.npos) {
    PEEL_ASSIGN_OR_RETURN(entry.network, Network::Parse(host));
    entries_.push_back(std::move(entry));
    return OkStatus();
  }
  const bool below = host.starts_with("*.");
  if (below) host.remove_prefix(2);
  auto url = ParseUrl(std::string("http://").append(host) + "/");
  if (!url.ok() || url->target != "/" || (below && url->address)) {
    return InvalidArgument(std::string("\"").append(text) +
                           "\": is neither a host's name nor a network");
  }
  if (url->address) {
    PEEL_ASSIGN_OR_RETURN(entry.network, Network::Parse(url->host));
  } else {
    entry.name = (below ? "." : "") + url->host;
  }
  entries_.push_back(std::move(entry));
  return OkStatus();
}

bool FetchRules::NameFits(const Entry& entry, const Url& url) {
  if (entry.network || url.address || (entry.port != 0 && entry.port != url.port)) return false;
  return entry.name.starts_with('.') ? url.host.ends_with(entry.name) : url.host == entry.name;
}

Status FetchRules::CheckUrl(const Url& url) const {
  if (url.port == 80 || url.port == 443) return OkStatus();
  // Whether it is a network's, its addresses tell later.
  const bool may_be = std::ranges::any_of(entries_, [&](const Entry& entry) {
    return NameFits(entry, url) || (entry.network && (entry.port == 0 || entry.port == url.port));
  });
  if (may_be) return OkStatus();
  return InvalidArgument("this URL is refused: its port is " + std::to_string(url.port) +
                         "; 80 and 443 are allowed");
}

Status FetchRules::CheckAddresses(const Url& url,
                                  const std::vector<boost::asio::ip::address>& addresses) const {
  const bool name_fits =
      std::ranges::any_of(entries_, [&](const Entry& entry) { return NameFits(entry, url); });
  const auto may = [&](const boost::asio::ip::address& address) {
    if (name_fits && !IsNeverAServer(address)) return true;
    for (const Entry& entry : entries_) {
      if (entry.network && (entry.port == 0 || entry.port == url.port) &&
          entry.network->Contains(address)) {
        return true;
      }
    }
    return (url.port == 80 || url.port == 443) && IsPublic(address);
  };
  if (addresses.empty()) return NotFound("the host " + url.host + " has no address");
  if (std::ranges::all_of(addresses, may)) return OkStatus();
  return InvalidArgument("this URL is refused: its host " + url.host +
                         " is not a server on the public Internet");
}

}  // namespace peel::server
