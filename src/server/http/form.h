#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/server/http/message.h"

namespace peel::server {

// A part of a form that is a file: one with a file name, or whose name is among those that the
// caller says are files.
struct FormFile {
  std::string name;                // of the field
  std::string file_name;           // as sent, without folders; "" where there is none
  std::string type;                // Content-Type as sent; "" where there is none
  std::span<const uint8_t> bytes;  // in the request's body
};

// What a request's body says, whichever way it says it: multipart/form-data, urlencoded, a JSON
// object (its strings, numbers and booleans as text, nested ones left as JSON text), or raw bytes,
// which are one file named "". Views point into the request's body, which must stay.
struct Form {
  enum class Kind { kNone, kMultipart, kUrlencoded, kJson, kRaw };
  Kind kind = Kind::kNone;
  Fields fields;
  std::vector<FormFile> files;

  const FormFile* File(std::string_view name) const;  // the first of this field; null
};

struct FormLimits {
  int max_parts = 1000;
  size_t max_part_headers = 8 << 10;  // bytes of one part's head
  size_t max_field = 64 << 10;        // bytes of one field that is no file
  size_t max_text = 48 << 20;         // of a urlencoded or JSON value (base64 pictures)
};

// By the Content-Type. kInvalidArgument with what is wrong with it, kLimit with which limit,
// kUnsupported for a Content-Type of another kind of text (such as application/xml).
Result<Form> ReadForm(const Request& request, const FormLimits& limits = {});

// The picture in a base64 text, standard or URL alphabet, white space and a data: URL's head
// ignored. kInvalidArgument.
Result<std::vector<uint8_t>> DecodeBase64(std::string_view text);
std::string EncodeBase64(std::span<const uint8_t> bytes);

}  // namespace peel::server
