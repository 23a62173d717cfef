#include "src/server/http/header_value.h"

#include <algorithm>

#include "src/base/lower.h"
#include "src/server/http/text.h"
#include "src/server/http/url.h"

namespace peel::server {
namespace {

constexpr size_t kMostParameters = 16;

// The text in quotes at the front of `rest`, which is cut behind it.
Result<std::string> TakeQuoted(std::string_view& rest) {
  std::string text;
  for (size_t at = 1; at < rest.size(); ++at) {
    char c = rest[at];
    if (c == '"') {
      rest.remove_prefix(at + 1);
      return text;
    }
    if (c == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\')) {
      c = rest[++at];
    }
    text += c;
  }
  return InvalidArgument("a quotation mark that is not closed in " + Quoted(rest));
}

// charset'language'%41… of RFC 8187.
Result<std::string> DecodeExtended(std::string_view text) {
  const size_t first = text.find('\'');
  const size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second == std::string_view::npos) {
    return InvalidArgument(Quoted(text) + " is not of the form UTF-8''name");
  }
  const std::string_view charset = text.substr(0, first);
  if (EqualIgnoringCase(charset, "UTF-8")) {
    return PercentDecode(text.substr(second + 1), Plus::kIsPlus);
  }
  return InvalidArgument("character set " + Quoted(charset) + "; there is UTF-8");
}

}  // namespace

const std::string* HeaderValue::Find(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, [](const auto& p) { return std::string_view{p.first}; });
  return found == parameters.end() ? nullptr : &found->second;
}

Result<HeaderValue> ParseHeaderValue(std::string_view text) {
  HeaderValue parsed;
  const size_t semicolon = std::min(text.find(';'), text.size());
  parsed.value = LowerAscii(Trimmed(text.substr(0, semicolon)));
  std::string_view rest = text.substr(semicolon);
  while (!rest.empty()) {
    rest = Trimmed(rest.substr(1));  // without the semicolon
    if (rest.empty()) break;
    if (rest[0] == ';') continue;
    const size_t equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos || rest[equals] == ';') {
      return InvalidArgument("a parameter without \"=\" in " + Quoted(text));
    }
    std::string name = LowerAscii(Trimmed(rest.substr(0, equals)));
    if (!IsToken(name)) return InvalidArgument("a parameter's name in " + Quoted(text));
    rest = Trimmed(rest.substr(equals + 1));
    std::string value;
    if (!rest.empty() && rest[0] == '"') {
      PEEL_ASSIGN_OR_RETURN(value, TakeQuoted(rest));
      rest = Trimmed(rest);
      if (!rest.empty() && rest[0] != ';') {
        return InvalidArgument("something behind a closing quotation mark in " + Quoted(text));
      }
    } else {
      const size_t end = std::min(rest.find(';'), rest.size());
      value = Trimmed(rest.substr(0, end));
      rest.remove_prefix(end);
    }
    if (parsed.parameters.size() == kMostParameters) {
      return InvalidArgument("too many parameters in " + Quoted(text));
    }
    if (name.size() > 1 && name.back() == '*') {
      name.pop_back();
      PEEL_ASSIGN_OR_RETURN(value, DecodeExtended(value));
      parsed.parameters.emplace(parsed.parameters.begin(), std::move(name), std::move(value));
    } else {
      parsed.parameters.emplace_back(std::move(name), std::move(value));
    }
  }
  return parsed;
}

}  // namespace peel::server
