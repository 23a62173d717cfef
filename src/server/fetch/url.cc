#include "src/server/fetch/url.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <vector>

#include "src/base/lower.h"

namespace peel::server {
namespace {

namespace ip = boost::asio::ip;

constexpr size_t kMaxLength = 8192;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

Status Wrong(const std::string& why) { return InvalidArgument("this URL is refused: " + why); }

Status CheckCharacters(std::string_view text) {
  if (text.empty()) return Wrong("it is empty");
  if (text.size() > kMaxLength) {
    return Wrong("it has more than " + std::to_string(kMaxLength) + " characters");
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c > 126) return Wrong("it has characters that are not ASCII; write them as %XX or xn--");
    if (c < 32) return Wrong("it has a control character");
    if (c == ' ') return Wrong("it has a space; write it as %20");
    if (std::string_view("\\\"<>^`{|}").find(text[i]) != std::string_view::npos) {
      return Wrong(std::string("it has the character ") + text[i] + "; write it as %XX");
    }
    if (c == '%' && (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2]))) {
      return Wrong("a % in it is not followed by two hexadecimal digits");
    }
  }
  return OkStatus();
}

// Four decimal numbers of 0 to 255 without leading zeros; everything else that some resolver takes
// for an address (0x7f.1, 017700000001, 2130706433, 127.1) is none.
std::optional<ip::address_v4> ParseV4(std::string_view host) {
  ip::address_v4::bytes_type bytes{};
  for (size_t i = 0; i < 4; ++i) {
    const size_t dot = host.find('.');
    if ((dot == host.npos) != (i == 3)) return std::nullopt;
    const std::string_view part = host.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    int number = 0;
    for (const char c : part) {
      if (!IsDigit(c)) return std::nullopt;
      number = number * 10 + (c - '0');
    }
    if (number > 255) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(number);
    if (dot != host.npos) host.remove_prefix(dot + 1);
  }
  return ip::address_v4(bytes);
}

Status CheckName(std::string_view host) {
  if (host.size() > 253) return Wrong("its host's name is too long");
  size_t begin = 0;
  while (begin <= host.size()) {
    const size_t end = std::min(host.find('.', begin), host.size());
    const std::string_view label = host.substr(begin, end - begin);
    if (label.empty() || label.size() > 63) {
      return Wrong("its host's name has a part of " + std::to_string(label.size()) +
                   " characters; 1 to 63 are possible");
    }
    if (label.front() == '-' || label.back() == '-') {
      return Wrong("a part of its host's name begins or ends with \"-\"");
    }
    for (const char c : label) {
      if (!IsDigit(c) && !IsLetter(c) && c != '-' && c != '_') {
        return Wrong(std::string("its host's name has the character ") + c);
      }
    }
    begin = end + 1;
  }
  return OkStatus();
}

// Whether resolvers that follow inet_aton or WHATWG would take it for an IPv4 address: by its last
// part, which is a number.
bool EndsInNumber(std::string_view host) {
  std::string_view last = host.substr(host.rfind('.') + 1);
  if (std::ranges::all_of(last, IsDigit)) return true;
  if (last.size() < 2 || last[0] != '0' || (last[1] != 'x' && last[1] != 'X')) return false;
  last.remove_prefix(2);
  return std::ranges::all_of(last, IsHex);
}

Status ParseHost(std::string_view text, Url* url) {
  if (text.starts_with('[')) {
    const std::string_view inside = text.substr(1, text.size() - 2);
    if (inside.find('%') != inside.npos) return Wrong("its IPv6 address has a scope");
    boost::system::error_code error;
    const auto address = ip::make_address_v6(std::string(inside), error);
    if (error) return Wrong("what is in brackets is no IPv6 address");
    url->address = address;
    url->host = address.to_string();
    return OkStatus();
  }
  if (text.find('%') != text.npos) return Wrong("its host has a percent sign");
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return Wrong("it has no host");
  PEEL_RETURN_IF_ERROR(CheckName(text));
  url->host = LowerAscii(text);
  if (!EndsInNumber(text)) return OkStatus();
  const auto address = ParseV4(text);
  if (!address) return Wrong("its host looks like an address but is not four decimal numbers");
  url->address = *address;
  return OkStatus();
}

Status ParsePort(std::string_view text, uint16_t* port) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.size() > 5 || number == 0 ||
      number > 65535) {
    return Wrong("its port is not a number from 1 to 65535");
  }
  *port = static_cast<uint16_t>(number);
  return OkStatus();
}

// "host:port" of what stands between "//" and the path.
Status ParseAuthority(std::string_view text, Url* url) {
  if (text.find('@') != text.npos) return Wrong("user names and passwords are not sent");
  size_t colon = text.find(':');
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == text.npos) return Wrong("a bracket is not closed");
    colon = close + 1 == text.size() ? text.npos : close + 1;
    if (colon != text.npos && text[colon] != ':') return Wrong("something follows a bracket");
  }
  if (colon != text.npos) PEEL_RETURN_IF_ERROR(ParsePort(text.substr(colon + 1), &url->port));
  return ParseHost(text.substr(0, colon), url);
}

// RFC 3986, 5.2.4, over whole segments.
std::string RemoveDots(std::string_view path) {
  std::vector<std::string_view> kept;
  size_t begin = 1;
  bool ends_open = false;  // with "/", "/." or "/.."
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    ends_open = segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != ".") {
      kept.push_back(segment);
    }
    begin = end + 1;
  }
  std::string result;
  for (const std::string_view segment : kept) result.append("/").append(segment);
  if (ends_open || result.empty()) result += '/';
  return result;
}

bool HasScheme(std::string_view text) {
  const size_t end = text.find_first_of(":/?#");
  return end != text.npos && end > 0 && text[end] == ':' && IsLetter(text[0]) &&
         std::ranges::all_of(text.substr(0, end), [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '+' || c == '-' || c == '.';
         });
}

}  // namespace

std::string Url::Authority() const {
  std::string text = address && address->is_v6() ? "[" + host + "]" : host;
  if (port != (is_tls ? 443 : 80)) text.append(":").append(std::to_string(port));
  return text;
}

std::string Url::Text() const { return (is_tls ? "https://" : "http://") + Authority() + target; }

Result<Url> ParseUrl(std::string_view text) {
  if (LowerAscii(text.substr(0, 5)) == "data:") {
    return Wrong("it is a data: URL, which is not fetched; send the picture's bytes or its base64");
  }
  PEEL_RETURN_IF_ERROR(CheckCharacters(text));
  if (!HasScheme(text)) return Wrong("it does not begin with http:// or https://");
  const size_t colon = text.find(':');
  const std::string scheme = LowerAscii(text.substr(0, colon));
  if (scheme != "http" && scheme != "https") {
    return Wrong("its scheme is " + scheme + "; http and https are fetched");
  }
  Url url;
  url.is_tls = scheme == "https";
  url.port = url.is_tls ? 443 : 80;
  std::string_view rest = text.substr(colon + 1);
  if (!rest.starts_with("//")) return Wrong("there is no // after its scheme");
  rest.remove_prefix(2);
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  PEEL_RETURN_IF_ERROR(ParseAuthority(rest.substr(0, end), &url));
  rest.remove_prefix(end);
  rest = rest.substr(0, rest.find('#'));
  url.target = (rest.starts_with('/') ? "" : "/");
  url.target += rest;
  return url;
}

Result<Url> ResolveLocation(const Url& base, std::string_view location) {
  if (location.empty()) return Wrong("it is empty");
  std::string text;
  const std::string origin = (base.is_tls ? "https://" : "http://") + base.Authority();
  const std::string_view base_path =
      std::string_view{base.target}.substr(0, base.target.find_first_of('?'));
  if (HasScheme(location)) {
    text = location;
  } else if (location.starts_with("//")) {
    text = base.is_tls ? "https:" : "http:";
    text += location;
  } else if (location[0] == '#') {
    text = origin + base.target;
  } else if (location[0] == '?') {
    text = std::string(origin).append(base_path).append(location);
  } else {
    const size_t end = std::min(location.find_first_of("?#"), location.size());
    std::string path(location.substr(0, end));
    if (path[0] != '/') path.insert(0, base_path.substr(0, base_path.rfind('/') + 1));
    text = (origin + RemoveDots(path)).append(location.substr(end));
  }
  PEEL_ASSIGN_OR_RETURN(Url url, ParseUrl(text));
  if (base.is_tls && !url.is_tls) return Wrong("it leads from https to http");
  return url;
}

}  // namespace peel::server
