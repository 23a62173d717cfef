#include "src/server/http/url.h"

#include <algorithm>
#include <utility>

#include "src/base/utf8.h"
#include "src/server/http/text.h"

namespace peel::server {

Result<std::string> PercentDecode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  const char space = plus == Plus::kIsSpace ? '+' : '%';
  // Runs of plain characters are copied as a whole: a picture in base64 is 31 MB of them.
  for (size_t at = 0; at < text.size();) {
    size_t next = at;
    while (next < text.size() && text[next] != '%' && text[next] != space) ++next;
    decoded.append(text, at, next - at);
    at = next;
    if (at == text.size()) break;
    if (text[at] != '%') {
      decoded += ' ';
      ++at;
      continue;
    }
    const int high = at + 2 < text.size() ? HexValue(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? HexValue(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      return InvalidArgument("\"%\" without two hexadecimal digits behind it in " +
                             Quoted(text.substr(at, 12)) + "; a percent sign itself is \"%25\"");
    }
    decoded += static_cast<char>(high << 4 | low);
    at += 3;
  }
  if (decoded.find('\0') != std::string::npos) {
    return InvalidArgument("a NUL character in " + Quoted(text));
  }
  if (!IsUtf8(decoded)) return InvalidArgument(Quoted(text) + " is not UTF-8");
  return decoded;
}

std::string PercentEncode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

Result<Fields> ParseQuery(std::string_view text, const QueryLimits& limits) {
  Fields fields;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (fields.all().size() == limits.max_fields) {
      return LimitExceeded("more than " + std::to_string(limits.max_fields) + " fields");
    }
    if (name.size() > limits.max_name) {
      return LimitExceeded("a field's name of more than " + std::to_string(limits.max_name) +
                           " bytes: " + Quoted(name));
    }
    if (value.size() > limits.max_value) {
      return LimitExceeded("field " + Quoted(name) + " is longer than " +
                           std::to_string(limits.max_value) + " bytes");
    }
    PEEL_ASSIGN_OR_RETURN(std::string key, PercentDecode(name, Plus::kIsSpace));
    PEEL_ASSIGN_OR_RETURN(std::string content, PercentDecode(value, Plus::kIsSpace));
    fields.Add(std::move(key), std::move(content));
  }
  return fields;
}

Result<Target> ParseTarget(std::string_view target) {
  Target parsed;
  if (target == "*") {
    parsed.path.assign(1, '*');
    return parsed;
  }
  // As a proxy is asked (RFC 9112, 3.2.2): the path alone decides here.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t authority = std::min(target.find_first_of("/?#"), target.size());
    if (authority == 0) return InvalidArgument("the request's address has no host");
    target.remove_prefix(authority);
    if (target.empty() || target[0] != '/') {
      parsed.path.assign(1, '/');
      if (!target.empty() && target[0] == '#') return InvalidArgument("\"#\" in the address");
    }
    break;
  }
  if (parsed.path.empty() && (target.empty() || target[0] != '/')) {
    return InvalidArgument("the request's address " + Quoted(target) +
                           " does not begin with \"/\"");
  }
  if (target.find('#') != std::string_view::npos) {
    return InvalidArgument(
        "\"#\" in the request's address; as a character of its own it is \"%23\"");
  }
  const size_t question = std::min(target.find('?'), target.size());
  if (parsed.path.empty()) {
    PEEL_ASSIGN_OR_RETURN(parsed.path, PercentDecode(target.substr(0, question), Plus::kIsPlus));
    if (std::ranges::any_of(parsed.path, [](char c) { return (c >= 0 && c < ' ') || c == 127; })) {
      return InvalidArgument("a control character in the request's path");
    }
  }
  PEEL_ASSIGN_OR_RETURN(parsed.query,
                        ParseQuery(target.substr(std::min(question + 1, target.size()))));
  return parsed;
}

}  // namespace peel::server
