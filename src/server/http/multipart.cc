#include "src/server/http/multipart.h"

#include <algorithm>
#include <utility>

#include "src/server/http/header_value.h"
#include "src/server/http/text.h"

namespace peel::server {
namespace {

// What follows the boundary in a line that is one.
enum class Line { kNone, kPart, kEnd };

// Looks at the text behind "--boundary" and cuts the line's end off.
Line TakeLineEnd(std::string_view& rest) {
  if (rest.starts_with("--")) return Line::kEnd;
  const size_t padding = std::min(rest.find_first_not_of(" \t"), rest.size());
  if (!rest.substr(padding).starts_with("\r\n")) return Line::kNone;
  rest.remove_prefix(padding + 2);
  return Line::kPart;
}

// The next line that is a boundary: how much is before it (its CRLF belongs to it), what it is.
// `delimiter` begins with "\r\n--" and has no other CR, so that no two of its places in a text can
// overlap: what has been compared once is not compared again. `rest` is cut behind the line.
struct Found {
  Line line = Line::kNone;
  size_t before = 0;
};
Found NextBoundary(std::string_view& rest, std::string_view delimiter) {
  for (size_t at = 0; (at = rest.find(delimiter, at)) != std::string_view::npos;) {
    std::string_view behind = rest.substr(at + delimiter.size());
    const Line line = TakeLineEnd(behind);
    if (line != Line::kNone) {
      rest = behind;
      return {line, at};
    }
    at += delimiter.size();
  }
  return {};
}

std::string WithoutFolders(std::string_view name) {
  const size_t slash = name.find_last_of("/\\");
  std::string file(slash == std::string_view::npos ? name : name.substr(slash + 1));
  for (char& c : file) {
    if (static_cast<uint8_t>(c) < ' ' || c == 127) c = '_';
  }
  return file;
}

Status ReadPartHeader(std::string_view line, Part& part, bool& has_disposition) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
    return InvalidArgument(Quoted(line) + " is no header of a part");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (EqualIgnoringCase(name, "Content-Type")) {
    part.type = value;
    if (EqualIgnoringCase(value.substr(0, 10), "multipart/")) {
      return InvalidArgument("a part of type " + Quoted(value) +
                             "; parts within parts are not taken, send each file as a part");
    }
  } else if (EqualIgnoringCase(name, "Content-Transfer-Encoding")) {
    if (EqualIgnoringCase(value, "base64") || EqualIgnoringCase(value, "quoted-printable")) {
      return InvalidArgument("a part in Content-Transfer-Encoding " + Quoted(value) +
                             "; send its bytes as they are");
    }
  } else if (EqualIgnoringCase(name, "Content-Disposition")) {
    if (has_disposition) return InvalidArgument("a part with two Content-Dispositions");
    has_disposition = true;
    PEEL_ASSIGN_OR_RETURN(const HeaderValue disposition, ParseHeaderValue(value));
    if (disposition.value != "form-data") {
      return InvalidArgument("a part's Content-Disposition is " + Quoted(value) +
                             ", not form-data");
    }
    const std::string* field = disposition.Find("name");
    if (field == nullptr) return InvalidArgument("a part without a name: " + Quoted(value));
    part.name = *field;
    if (const std::string* file = disposition.Find("filename")) {
      part.has_file_name = true;
      part.file_name = WithoutFolders(*file);
    }
  }
  return OkStatus();
}

// The head at the front of `rest`, which is cut behind its empty line.
Status TakePartHead(std::string_view& rest, const MultipartLimits& limits, Part& part) {
  bool has_disposition = false;
  for (size_t used = 0;;) {
    // One more than may be, so that a line that is just too long is known from one that is cut off.
    const std::string_view window = rest.substr(0, limits.max_part_headers - used + 1);
    const size_t end = window.find("\r\n");
    if (end == std::string_view::npos) {
      if (window.size() > limits.max_part_headers - used) {
        return LimitExceeded("a part's headers are longer than " +
                             std::to_string(limits.max_part_headers) + " bytes");
      }
      return InvalidArgument("the body ends within a part's headers");
    }
    const std::string_view line = window.substr(0, end);
    if (std::ranges::any_of(line, [](char c) { return c == '\n' || c == '\r' || c == '\0'; })) {
      return InvalidArgument("a part's headers have a line that does not end with CRLF");
    }
    if (line.starts_with(' ') || line.starts_with('\t')) {
      return InvalidArgument("a part's headers have a line that begins with a space");
    }
    rest.remove_prefix(end + 2);
    used += end + 2;
    if (line.empty()) break;
    if (used > limits.max_part_headers) {
      return LimitExceeded("a part's headers are longer than " +
                           std::to_string(limits.max_part_headers) + " bytes");
    }
    PEEL_RETURN_IF_ERROR(ReadPartHeader(line, part, has_disposition));
  }
  if (!has_disposition) return InvalidArgument("a part without a Content-Disposition");
  return OkStatus();
}

}  // namespace

Result<std::vector<Part>> ParseMultipart(std::span<const uint8_t> body, std::string_view boundary,
                                         const MultipartLimits& limits) {
  // RFC 2046, 5.1.1; a line's end or a NUL within would confuse what a line is.
  if (boundary.empty() || boundary.size() > 70 ||
      std::ranges::any_of(boundary, [](char c) { return c < ' ' || c > '~'; }) ||
      boundary.back() == ' ') {
    return InvalidArgument("the boundary " + Quoted(boundary) +
                           " is not 1 to 70 printable characters");
  }
  const std::string delimiter = "\r\n--" + std::string(boundary);
  std::string_view rest = TextOf(body);
  Found found;
  // The first one may stand at the very beginning, without a line's end before it.
  if (rest.starts_with(std::string_view{delimiter}.substr(2))) {
    std::string_view behind = rest.substr(delimiter.size() - 2);
    found.line = TakeLineEnd(behind);
    if (found.line != Line::kNone) rest = behind;
  }
  if (found.line == Line::kNone) found = NextBoundary(rest, delimiter);
  if (found.line == Line::kNone) {
    return InvalidArgument("the body has no line \"--" + std::string(boundary) +
                           "\", the boundary that its Content-Type names");
  }
  std::vector<Part> parts;
  while (found.line == Line::kPart) {
    if (parts.size() >= static_cast<size_t>(std::max(limits.max_parts, 0))) {
      return LimitExceeded("more than " + std::to_string(limits.max_parts) + " parts");
    }
    Part part;
    PEEL_RETURN_IF_ERROR(TakePartHead(rest, limits, part));
    // A part without content: its boundary follows the head's empty line, whose end serves both.
    const std::string_view line_before = {rest.data() - 2, rest.size() + 2};
    std::string_view content = line_before;
    found = NextBoundary(content, delimiter);
    if (found.line == Line::kNone) {
      return InvalidArgument("the body ends within part " + Quoted(part.name) +
                             ": its closing boundary is missing, the upload was cut off");
    }
    if (found.before >= 2) part.bytes = BytesOf(rest.substr(0, found.before - 2));
    parts.push_back(std::move(part));
    rest = content;
  }
  return parts;
}

}  // namespace peel::server
