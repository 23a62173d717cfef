#include "src/server/guard/signed_link.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "src/server/guard/secret.h"

namespace peel::server {
namespace {

constexpr std::string_view kExpires = "expires", kKey = "key", kSignature = "signature";

std::string Encoded(std::string_view text, std::string_view also_kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        std::string_view("-._~").find(c) != std::string_view::npos ||
        also_kept.find(c) != also_kept.npos) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

std::string QueryText(const Fields& query) {
  std::vector<std::pair<std::string_view, std::string_view>> sorted;
  for (const auto& [name, value] : query.all()) {
    if (name != kSignature) sorted.emplace_back(name, value);
  }
  std::ranges::sort(sorted);
  std::string text;
  for (const auto& [name, value] : sorted) {
    if (!text.empty()) text += '&';
    text.append(Encoded(name, "")).append("=").append(Encoded(value, ""));
  }
  return text;
}

// The one of this name; nullopt where there is none, or several.
std::optional<std::string> Only(const Fields& query, std::string_view name) {
  std::optional<std::string> value;
  for (const auto& [other, text] : query.all()) {
    if (other != name) continue;
    if (value) return std::nullopt;
    value = text;
  }
  return value;
}

std::optional<int64_t> ParseExpires(std::string_view text) {
  if (text.empty() || text.size() > 10 || text[0] == '0') return std::nullopt;
  int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::string LinkText(std::string_view method, std::string_view path, const Fields& query) {
  std::string text(method == "HEAD" ? "GET" : method);
  return text.append("\n").append(Encoded(path, "/")).append("\n").append(QueryText(query));
}

Result<std::string> SignLink(std::string_view method, std::string_view path, const Fields& query,
                             const LinkSecret& secret, int64_t expires) {
  for (const std::string_view own : {kExpires, kKey, kSignature}) {
    if (query.Has(own)) {
      return InvalidArgument(std::string("the link has \"").append(own) +
                             "\" already, which signing adds");
    }
  }
  Fields all = query;
  all.Add(std::string(kExpires), std::to_string(expires));
  all.Add(std::string(kKey), secret.id);
  if (!ParseExpires(all.Get(kExpires))) {
    return InvalidArgument("a link expires at a time after 1970 and before 2286");
  }
  const std::string signature = HmacSha256(secret.secret, LinkText(method, path, all));
  return QueryText(all).append("&signature=").append(ToBase64Url(signature));
}

bool HasSignature(const Request& request) { return request.query.Has(kSignature); }

Result<const LinkSecret*> CheckLink(const Request& request, std::span<const LinkSecret> secrets,
                                    std::chrono::system_clock::time_point now) {
  const auto wrong = [] {
    return InvalidArgument("the link's signature is wrong, or the link was changed");
  };
  const auto id = Only(request.query, kKey);
  const auto signature = Only(request.query, kSignature);
  const auto expires = ParseExpires(Only(request.query, kExpires).value_or(""));
  const auto given = FromBase64Url(signature.value_or("?"));
  if (!id || !given || !expires) return wrong();
  const auto found =
      std::ranges::find_if(secrets, [&](const LinkSecret& secret) { return secret.id == *id; });
  if (found == secrets.end()) return wrong();
  const std::string right =
      HmacSha256(found->secret, LinkText(request.method, request.path, request.query));
  if (!SameSecret(right, *given)) return wrong();
  // Compared in seconds: the time of the clock may have a fraction, the link's has none.
  if (std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count() >= *expires) {
    return InvalidArgument("the link has expired");
  }
  return &*found;
}

}  // namespace peel::server
