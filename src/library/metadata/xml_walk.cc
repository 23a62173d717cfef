#include "src/library/metadata/xml_walk.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "src/base/utf8.h"
#include "src/library/metadata/photo_text.h"

namespace peel::library {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kNameEnd = " \t\r\n/>=<\"'";

}  // namespace

void XmlWalk::Next(XmlEvent* event) {
  using Kind = XmlEvent::Kind;
  event->attributes.clear();
  event->literal = false;
  if (has_pending_end_) {
    has_pending_end_ = false;
    event->kind = Kind::kEnd;
    event->name = pending_end_;
    return;
  }
  const auto broken = [&] {
    at_ = text_.size();
    event->kind = Kind::kBroken;
  };
  for (;;) {
    if (at_ >= text_.size()) {
      event->kind = Kind::kDone;
      return;
    }
    const std::string_view rest = text_.substr(at_);
    if (rest[0] != '<') {
      const size_t length = std::min(rest.find('<'), rest.size());
      event->kind = Kind::kText;
      event->text = rest.substr(0, length);
      at_ += length;
      return;
    }
    if (rest.starts_with("<![CDATA[")) {
      const size_t end = rest.find("]]>", 9);
      if (end == std::string_view::npos) return broken();
      event->kind = Kind::kText;
      event->literal = true;
      event->text = rest.substr(9, end - 9);
      at_ += end + 3;
      return;
    }
    const std::string_view close = rest.starts_with("<?")     ? "?>"
                                   : rest.starts_with("<!--") ? "-->"
                                   : rest.starts_with("<!")   ? ">"
                                                              : "";
    if (close.empty()) return ReadTag(event);
    const size_t end = rest.find(close, 2);
    if (end == std::string_view::npos) return broken();
    at_ += end + close.size();
  }
}

void XmlWalk::ReadTag(XmlEvent* event) {
  event->kind = XmlEvent::Kind::kBroken;
  size_t at = at_ + 1;
  at_ = text_.size();  // where it turns out to be none
  const bool is_end = at < text_.size() && text_[at] == '/';
  if (is_end) ++at;
  const auto name = [&] {
    const size_t end = std::min(text_.find_first_of(kNameEnd, at), text_.size());
    const std::string_view found = text_.substr(at, end - at);
    at = end;
    return found;
  };
  const auto skip_blanks = [&] {
    at = std::min(text_.find_first_not_of(kBlanks, at), text_.size());
    return at < text_.size();
  };
  event->name = name();
  if (event->name.empty()) return;
  for (;;) {
    if (!skip_blanks()) return;
    if (text_[at] == '>') break;
    if (text_[at] == '/' && at + 1 < text_.size() && text_[at + 1] == '>') {
      ++at;
      has_pending_end_ = !is_end;
      pending_end_ = event->name;
      break;
    }
    const std::string_view key = name();
    if (key.empty() || !skip_blanks() || text_[at] != '=') return;
    ++at;
    if (!skip_blanks() || (text_[at] != '"' && text_[at] != '\'')) return;
    const size_t close = text_.find(text_[at], at + 1);
    if (close == std::string_view::npos) return;
    event->attributes.emplace_back(key, text_.substr(at + 1, close - at - 1));
    at = close + 1;
  }
  at_ = at + 1;
  event->kind = is_end ? XmlEvent::Kind::kEnd : XmlEvent::Kind::kStart;
}

std::string Unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t plain = std::min(text.find('&', at), text.size());
    out.append(text.substr(at, plain - at));
    at = plain;
    if (at == text.size()) break;
    // No name is longer; a search to the end for each of many would take for ever.
    const size_t length = text.substr(at + 1, 10).find(';');
    const std::string_view name =
        length == std::string_view::npos ? "" : text.substr(at + 1, length);
    uint32_t code = 0;
    if (name == "amp") {
      code = '&';
    } else if (name == "lt") {
      code = '<';
    } else if (name == "gt") {
      code = '>';
    } else if (name == "quot") {
      code = '"';
    } else if (name == "apos") {
      code = '\'';
    } else if (name.size() > 1 && name.size() <= 9 && name[0] == '#') {
      const bool hex = name[1] == 'x' || name[1] == 'X';
      const std::string_view digits = name.substr(hex ? 2 : 1);
      const auto [stop, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      if (error != std::errc() || stop != digits.data() + digits.size()) code = 0;
    }
    if (code == 0) {  // no such thing: it stays as it is
      out += '&';
      ++at;
    } else {
      AppendUtf8(code, &out);
      at += length + 2;
    }
  }
  return out;
}

}  // namespace peel::library
