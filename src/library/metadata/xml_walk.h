#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peel::library {

// One step through XML text: what an XMP packet needs of it, without declarations of types or
// entities (which are passed over). Views point into the text.
struct XmlEvent {
  enum class Kind { kStart, kEnd, kText, kDone, kBroken } kind = Kind::kDone;
  std::string_view name;  // of an element, with its prefix
  std::string_view text;  // as it stands
  bool literal = false;   // of a CDATA section: nothing in the text is escaped
  std::vector<std::pair<std::string_view, std::string_view>> attributes;
};

class XmlWalk {
 public:
  explicit XmlWalk(std::string_view text) : text_(text) {}
  // Text between tags too. An empty element is a start and an end.
  void Next(XmlEvent* event);

 private:
  void ReadTag(XmlEvent* event);

  std::string_view text_;
  size_t at_ = 0;
  std::string_view pending_end_;
  bool has_pending_end_ = false;
};

// With &amp; and its like, and numbers of characters, resolved.
std::string Unescape(std::string_view text);

}  // namespace peel::library
