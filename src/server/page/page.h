#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "src/server/http/message.h"

// The page at "/": the files of web/, which are in the program (cmake/EmbedWeb.cmake).
namespace peel::server {

struct PageFile {
  std::string_view path;           // "/" for index.html, "/app.js"
  std::span<const uint8_t> bytes;  // as in web/
  std::span<const uint8_t> gzip;   // the same, gzipped; empty where that gains nothing
  std::string_view type;           // Content-Type
  std::string_view etag;           // with its quotes; another one for other bytes
};

// All of them, in the order of their names.
std::span<const PageFile> PageFiles();

// The file at this path ("/index.html" is "/"); null where there is none.
const PageFile* FindPageFile(std::string_view path);

// What the page may do: load from and talk to its own server, show pictures that it made itself.
// Nothing inline, nothing in a frame.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// 200 with the file, gzipped for a client that takes that, or 304 for one that has it already.
Response PageAnswer(const Request& request, const PageFile& file);

}  // namespace peel::server
