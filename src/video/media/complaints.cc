#include "src/video/media/complaints.h"

#include <algorithm>
#include <cctype>

namespace peel::video {
namespace {

constexpr size_t kKept = 3;

bool Has(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

// By version: 4.4 to 6.0, 6.1 on, 7 on.
bool IsUndecoded(std::string_view line) {
  return Has(line, "Error while decoding stream") || Has(line, "Error submitting packet") ||
         Has(line, "Error submitting a packet") || Has(line, "Decoding error");
}

// "Last message repeated 4 times"; 0: it is another line.
int64_t Repeats(std::string_view line) {
  const size_t at = line.find("Last message repeated ");
  if (at == std::string_view::npos) return 0;
  int64_t count = 0;
  for (const char c : line.substr(at + 22)) {
    if (c < '0' || c > '9' || count > 1'000'000'000) break;
    count = count * 10 + (c - '0');
  }
  return count;
}

}  // namespace

std::string PlainWords(std::string_view line, std::string_view path) {
  std::string text(line);
  for (size_t at = 0; (at = text.find(" @ 0x", at)) != std::string::npos;) {
    size_t end = at + 5;
    while (end < text.size() && std::isxdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    text.erase(at, end - at);
  }
  const std::string name = "file:" + std::string(path);
  for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;) {
    size_t end = at + name.size();
    if (text.compare(end, 2, ": ") == 0) end += 2;
    text.erase(at, end - at);
  }
  const size_t first = text.find_first_not_of(' ');
  const size_t last = text.find_last_not_of(" ;:");
  return first == std::string::npos || last == std::string::npos || last < first
             ? ""
             : text.substr(first, last - first + 1);
}

void Complaints::Add(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (const int64_t again = Repeats(line); again > 0) {
    (undecoded_ > 0 && others_ == 0 ? undecoded_ : others_) += again;
    return;
  }
  if (IsUndecoded(line)) {
    ++undecoded_;
    return;
  }
  ++others_;
  std::string plain = PlainWords(line, "");
  if (kept_.size() < kKept && std::ranges::find(kept_, plain) == kept_.end()) {
    kept_.push_back(std::move(plain));
  }
}

std::string Complaints::Text(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  if (undecoded_ == 0 && others_ == 0) return "";
  std::string text = "the film is damaged";
  if (undecoded_ > 0) {
    text = std::to_string(undecoded_) +
           (undecoded_ == 1 ? " packet could not be decoded" : " packets could not be decoded");
  }
  std::string words;
  for (const std::string& line : kept_) {
    std::string plain = PlainWords(line, path);
    if (!plain.empty()) words += (words.empty() ? "" : "; ") + plain;
  }
  return words.empty() ? text : text + " (" + words + ")";
}

}  // namespace peel::video
