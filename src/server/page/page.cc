#include "src/server/page/page.h"

#include <algorithm>
#include <string>

namespace peel::server {
namespace {

// The comma-separated entries of a header, without white space around them.
template <typename Match>
bool AnyEntry(std::string_view header, Match match) {
  while (!header.empty()) {
    const size_t comma = std::min(header.find(','), header.size());
    std::string_view entry = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    const size_t first = entry.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    entry = entry.substr(first, entry.find_last_not_of(" \t") - first + 1);
    if (match(entry)) return true;
  }
  return false;
}

bool TakesGzip(const Request& request) {
  return AnyEntry(request.headers.Get("Accept-Encoding"), [](std::string_view entry) {
    const size_t weight = entry.find(';');
    const std::string_view coding = entry.substr(0, weight);
    if (coding != "gzip" && coding != "x-gzip") return false;
    // "gzip;q=0" is a refusal; any digit but 0 makes it none.
    return weight == std::string_view::npos ||
           entry.substr(weight).find_first_of("123456789") != std::string_view::npos;
  });
}

}  // namespace

const PageFile* FindPageFile(std::string_view path) {
  if (path == "/index.html") path = "/";
  const std::span<const PageFile> files = PageFiles();
  const auto found = std::ranges::find(files, path, &PageFile::path);
  return found == files.end() ? nullptr : &*found;
}

Response PageAnswer(const Request& request, const PageFile& file) {
  Response response;
  response.headers.Set("ETag", std::string(file.etag));
  // Asked for again each time, answered by 304: a new version of the program has a new page at
  // once.
  response.headers.Set("Cache-Control", "no-cache");
  response.headers.Set("Vary", "Accept-Encoding");
  const bool has_it = AnyEntry(request.headers.Get("If-None-Match"), [&](std::string_view entry) {
    if (entry.starts_with("W/")) entry.remove_prefix(2);
    return entry == file.etag || entry == "*";
  });
  if (has_it) {
    response.status = 304;
    return response;
  }
  response.headers.Set("Content-Type", std::string(file.type));
  response.headers.Set("Content-Security-Policy", std::string(kPagePolicy));
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.headers.Set("Referrer-Policy", "no-referrer");
  response.headers.Set("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.Set("Cross-Origin-Resource-Policy", "same-origin");
  response.bytes = file.bytes;
  if (!file.gzip.empty() && TakesGzip(request)) {
    response.headers.Set("Content-Encoding", "gzip");
    response.headers.Set("ETag", "W/" + std::string(file.etag));  // other bytes, the same content
    response.bytes = file.gzip;
  }
  return response;
}

}  // namespace peel::server
