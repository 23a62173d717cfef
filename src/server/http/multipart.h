#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace peel::server {

struct MultipartLimits {
  int max_parts = 1000;
  size_t max_part_headers = 8 << 10;  // bytes of one part's head
};

struct Part {
  std::string name;
  std::string file_name;           // without folders
  bool has_file_name = false;      // which may be "", as a browser sends where no file was chosen
  std::string type;                // Content-Type as sent; "" where there is none
  std::span<const uint8_t> bytes;  // in the body
};

// The parts of a multipart/form-data body (RFC 7578), in time linear in its length whatever it
// holds. What is before the first and behind the last boundary is ignored; lines end with CRLF;
// parts within parts and transfer encodings, which the RFC abolished, are refused.
// kInvalidArgument with what is wrong (a body that was cut off has no closing boundary), kLimit.
Result<std::vector<Part>> ParseMultipart(std::span<const uint8_t> body, std::string_view boundary,
                                         const MultipartLimits& limits = {});

}  // namespace peel::server
