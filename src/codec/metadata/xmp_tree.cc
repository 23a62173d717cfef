#include "src/codec/metadata/xmp_tree.h"

#include <algorithm>
#include <utility>

namespace peel::xmp {
namespace {

constexpr size_t kMaxDepth = 256;
constexpr std::string_view kBlanks = " \t\r\n";

struct Tag {
  enum class Kind { kStart, kEnd, kEmpty } kind = Kind::kStart;
  std::string_view name;
  std::vector<Attribute> attributes;
  size_t begin = 0, end = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool failed() const { return failed_; }

  // The next tag, over texts, comments, CDATA and processing instructions; nothing at the end.
  std::optional<Tag> Next() {
    for (;;) {
      at_ = text_.find('<', at_);
      if (at_ == std::string_view::npos) return {};
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("<?")) {
        if (!SkipPast("?>")) return {};
      } else if (rest.starts_with("<!--")) {
        if (!SkipPast("-->")) return {};
      } else if (rest.starts_with("<![CDATA[")) {
        if (!SkipPast("]]>")) return {};
      } else if (rest.starts_with("<!")) {
        return Fail();
      } else {
        return ReadTag();
      }
    }
  }

 private:
  std::optional<Tag> Fail() {
    failed_ = true;
    return {};
  }
  bool SkipPast(std::string_view end) {
    const size_t found = text_.find(end, at_);
    failed_ = found == std::string_view::npos;
    if (!failed_) at_ = found + end.size();
    return !failed_;
  }
  size_t SkipBlanks(size_t at) const {
    return std::min(text_.find_first_not_of(kBlanks, at), text_.size());
  }

  std::optional<Tag> ReadTag() {
    Tag tag;
    tag.begin = at_;
    size_t at = at_ + 1;
    if (at < text_.size() && text_[at] == '/') {
      tag.kind = Tag::Kind::kEnd;
      ++at;
    }
    const size_t name_end = std::min(text_.find_first_of(" \t\r\n/>=<\"'", at), text_.size());
    tag.name = text_.substr(at, name_end - at);
    if (tag.name.empty()) return Fail();
    at = name_end;
    for (;;) {
      const size_t blanks = at;
      at = SkipBlanks(at);
      if (at >= text_.size()) return Fail();
      if (text_[at] == '>') break;
      if (text_[at] == '/') {
        if (tag.kind != Tag::Kind::kStart || at + 1 >= text_.size() || text_[at + 1] != '>') {
          return Fail();
        }
        tag.kind = Tag::Kind::kEmpty;
        ++at;
        break;
      }
      if (blanks == at || tag.kind == Tag::Kind::kEnd) return Fail();
      Attribute attribute;
      const size_t end = std::min(text_.find_first_of(" \t\r\n/>=<\"'", at), text_.size());
      attribute.name = text_.substr(at, end - at);
      at = SkipBlanks(end);
      if (attribute.name.empty() || at >= text_.size() || text_[at] != '=') return Fail();
      at = SkipBlanks(at + 1);
      if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return Fail();
      const size_t close = text_.find(text_[at], at + 1);
      if (close == std::string_view::npos) return Fail();
      attribute.value = text_.substr(at + 1, close - at - 1);
      if (attribute.value.find('<') != std::string_view::npos) return Fail();
      at = close + 1;
      attribute.whole = text_.substr(blanks, at - blanks);
      tag.attributes.push_back(attribute);
    }
    at_ = tag.end = at + 1;
    return tag;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<Tree> Parse(std::string_view packet) {
  Reader reader(packet);
  Tree tree;
  std::vector<std::string_view> open;
  size_t rdf_depth = 0;  // of what is open when rdf:RDF is
  size_t inside_begin = 0, property_begin = 0;
  bool rdf_seen = false;
  while (auto tag = reader.Next()) {
    const size_t depth = open.size();
    if (tag->kind == Tag::Kind::kEnd) {
      if (open.empty() || open.back() != tag->name) return {};
      open.pop_back();
      if (rdf_depth != 0 && depth == rdf_depth) {
        tree.inside = packet.substr(inside_begin, tag->begin - inside_begin);
        rdf_depth = 0;
      } else if (rdf_depth != 0 && depth == rdf_depth + 2) {
        tree.descriptions.back().properties.push_back(
            {tag->name, packet.substr(property_begin, tag->end - property_begin)});
      }
      continue;
    }
    const bool empty = tag->kind == Tag::Kind::kEmpty;
    if (depth >= kMaxDepth) return {};
    if (!rdf_seen) {
      tree.outer.insert(tree.outer.end(), tag->attributes.begin(), tag->attributes.end());
      if (tag->name == "rdf:RDF") {
        if (empty) return {};
        rdf_seen = true;
        rdf_depth = depth + 1;
        inside_begin = tag->end;
      }
    } else if (rdf_depth != 0 && depth == rdf_depth) {
      if (tag->name != "rdf:Description") return {};
      tree.descriptions.push_back({std::move(tag->attributes), {}});
    } else if (rdf_depth != 0 && depth == rdf_depth + 1) {
      property_begin = tag->begin;
      if (empty) {
        tree.descriptions.back().properties.push_back(
            {tag->name, packet.substr(tag->begin, tag->end - tag->begin)});
      }
    }
    if (!empty) open.push_back(tag->name);
  }
  if (reader.failed() || !open.empty() || !rdf_seen) return {};
  return tree;
}

}  // namespace peel::xmp
