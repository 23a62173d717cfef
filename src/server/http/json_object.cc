#include "src/server/http/json_object.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "src/base/utf8.h"
#include "src/server/http/text.h"

namespace peel::server {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Result<Fields> Read() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark, as some editors write it
    SkipSpace();
    if (Peek() != '{') return Wrong("an object, {…}, is expected");
    ++at_;
    Fields fields;
    SkipSpace();
    if (Peek() == '}') {
      ++at_;
    } else {
      PEEL_RETURN_IF_ERROR(ReadMembers(fields));
    }
    SkipSpace();
    if (at_ != text_.size()) return Wrong("there is something behind the object");
    return fields;
  }

 private:
  Status ReadMembers(Fields& fields) {
    for (size_t count = 0;; ++count) {
      if (count == limits_.max_fields) {
        return LimitExceeded("JSON: more than " + std::to_string(limits_.max_fields) + " fields");
      }
      SkipSpace();
      std::string name;
      PEEL_RETURN_IF_ERROR(ReadString(&name, size_t{1} << 10));
      SkipSpace();
      if (Peek() != ':') return Wrong("\":\" is expected");
      ++at_;
      SkipSpace();
      PEEL_RETURN_IF_ERROR(ReadMember(fields, std::move(name)));
      SkipSpace();
      const char c = Peek();
      if (c != ',' && c != '}') return Wrong("\",\" or \"}\" is expected");
      ++at_;
      if (c == '}') return OkStatus();
    }
  }

  Status ReadMember(Fields& fields, std::string name) {
    std::string value;
    if (Peek() == '"') {
      PEEL_RETURN_IF_ERROR(ReadString(&value, limits_.max_value));
    } else {
      const size_t begin = at_;
      PEEL_RETURN_IF_ERROR(Peek() == '{' || Peek() == '[' ? SkipNested() : SkipPlain());
      if (at_ - begin > limits_.max_value) return TooLong(limits_.max_value);
      value = text_.substr(begin, at_ - begin);
      if (value == "null") return OkStatus();
    }
    fields.Set(std::move(name), std::move(value));
    return OkStatus();
  }

  // An array or object, checked to its end. What is open is a bit a level: 1 for an object.
  Status SkipNested() {
    uint64_t objects = 0;
    int depth = 1;  // the object that all is in
    const int most = std::min(limits_.max_depth, 64);
    do {
      // Here a value begins, or an array or object ends before its first one.
      SkipSpace();
      const char c = Peek();
      const bool opens = c == '{' || c == '[';
      if (opens) {
        if (++depth > most) {
          return LimitExceeded("JSON: nested more than " + std::to_string(most) + " deep");
        }
        ++at_;
        objects = objects << 1 | (c == '{' ? 1 : 0);
        SkipSpace();
        if (Peek() != (c == '{' ? '}' : ']')) {
          if (c == '{') PEEL_RETURN_IF_ERROR(SkipName());
          continue;
        }
      } else if (c == '"') {
        PEEL_RETURN_IF_ERROR(ReadString(nullptr, text_.size()));
      } else {
        PEEL_RETURN_IF_ERROR(SkipPlain());
      }
      // Behind a value: ends what ends here.
      while (depth > 1) {
        SkipSpace();
        const bool is_object = (objects & 1) != 0;
        if (Peek() == (is_object ? '}' : ']')) {
          ++at_;
          --depth;
          objects >>= 1;
          continue;
        }
        if (Peek() != ',')
          return Wrong(is_object ? "\",\" or \"}\" is expected" : "\",\" or \"]\" is expected");
        ++at_;
        SkipSpace();
        if (is_object) PEEL_RETURN_IF_ERROR(SkipName());
        break;
      }
    } while (depth > 1);
    return OkStatus();
  }

  Status SkipName() {
    PEEL_RETURN_IF_ERROR(ReadString(nullptr, text_.size()));
    SkipSpace();
    if (Peek() != ':') return Wrong("\":\" is expected");
    ++at_;
    return OkStatus();
  }

  // A number or one of the three words.
  Status SkipPlain() {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return OkStatus();
    }
    if (Peek() == '-') ++at_;
    if (Peek() == '0') {
      ++at_;
    } else if (!SkipDigits()) {
      return Wrong("a value is expected");
    }
    if (Peek() == '.') {
      ++at_;
      if (!SkipDigits()) return Wrong("a digit is expected");
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!SkipDigits()) return Wrong("a digit is expected");
    }
    return OkStatus();
  }

  bool SkipDigits() {
    const size_t begin = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ != begin;
  }

  // `into` may be null: then it is only checked. `most` is of the decoded text.
  Status ReadString(std::string* into, size_t most) {
    if (Peek() != '"') return Wrong("a string is expected");
    ++at_;
    std::string escaped;  // what escapes are decoded to where nobody wants it
    while (true) {
      const size_t begin = at_;
      while (at_ < text_.size() && kPlain[static_cast<uint8_t>(text_[at_])]) ++at_;
      const std::string_view run = text_.substr(begin, at_ - begin);
      if (!IsUtf8(run)) return InvalidArgument("JSON: a string is not UTF-8");
      if (into != nullptr) {
        if (run.size() > most - into->size()) return TooLong(most);
        into->append(run);
      }
      if (at_ == text_.size()) return Wrong("a string is not closed");
      const char c = text_[at_];
      if (c == '"') break;
      if (c != '\\') return Wrong("a control character in a string");
      escaped.clear();
      PEEL_RETURN_IF_ERROR(ReadEscape(escaped));
      if (into != nullptr) {
        if (escaped.size() > most - into->size()) return TooLong(most);
        into->append(escaped);
      }
    }
    ++at_;
    return OkStatus();
  }

  Status ReadEscape(std::string& into) {
    ++at_;
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char c = Peek();
    if (const size_t simple = kNames.find(c); c != '\0' && simple != std::string_view::npos) {
      into += kMeanings[simple];
      ++at_;
      return OkStatus();
    }
    if (c != 'u') return Wrong("an escape that JSON does not have");
    ++at_;
    PEEL_ASSIGN_OR_RETURN(uint32_t point, ReadHex());
    if (point >= 0xdc00 && point <= 0xdfff) return Wrong("half of a surrogate pair");
    if (point >= 0xd800 && point < 0xdc00) {
      if (!text_.substr(at_).starts_with("\\u")) return Wrong("half of a surrogate pair");
      at_ += 2;
      PEEL_ASSIGN_OR_RETURN(const uint32_t low, ReadHex());
      if (low < 0xdc00 || low > 0xdfff) return Wrong("half of a surrogate pair");
      point = 0x10000 + ((point & 0x3ff) << 10 | (low & 0x3ff));
    }
    AppendUtf8(point, &into);
    return OkStatus();
  }

  Result<uint32_t> ReadHex() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = HexValue(Peek());
      if (digit < 0) return Wrong("four hexadecimal digits are expected");
      value = value << 4 | static_cast<uint32_t>(digit);
    }
    return value;
  }

  // '\0' at the end; a NUL in the text is nowhere what is looked for.
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  Status Wrong(std::string_view what) const {
    return InvalidArgument("JSON: at byte " + std::to_string(at_ + 1) + " " + std::string(what));
  }
  static Status TooLong(size_t most) {
    return LimitExceeded("JSON: a value is longer than " + std::to_string(most) + " bytes");
  }

  // Of a string: neither its end, nor an escape, nor a control character.
  static constexpr std::array<bool, 256> kPlain = [] {
    std::array<bool, 256> plain{};
    for (size_t c = ' '; c < 256; ++c) plain[c] = c != '"' && c != '\\';
    return plain;
  }();

  const std::string_view text_;
  const JsonLimits limits_;
  size_t at_ = 0;
};

}  // namespace

Result<Fields> ParseJsonObject(std::string_view text, const JsonLimits& limits) {
  return Reader(text, limits).Read();
}

}  // namespace peel::server
