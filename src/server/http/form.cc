#include "src/server/http/form.h"

#include <algorithm>
#include <utility>

#include "src/base/lower.h"
#include "src/base/utf8.h"
#include "src/server/http/header_value.h"
#include "src/server/http/json_object.h"
#include "src/server/http/multipart.h"
#include "src/server/http/text.h"
#include "src/server/http/url.h"

namespace peel::server {
namespace {

// Files though some clients give them no file name.
bool IsFileField(std::string_view name) {
  constexpr std::string_view kFiles[] = {"image_file",    "file",  "image",
                                         "bg_image_file", "hints", "trimap"};
  return std::ranges::find(kFiles, name) != std::end(kFiles);
}

bool IsFileType(std::string_view type) {
  type = Trimmed(type.substr(0, type.find(';')));
  return EqualIgnoringCase(type.substr(0, 6), "image/") ||
         EqualIgnoringCase(type, "application/octet-stream");
}

Status ReadMultipart(const Request& request, const HeaderValue& type, const FormLimits& limits,
                     Form& form) {
  const std::string* boundary = type.Find("boundary");
  if (boundary == nullptr) {
    return InvalidArgument(
        "Content-Type multipart/form-data names no boundary; let the HTTP library set this header");
  }
  PEEL_ASSIGN_OR_RETURN(
      std::vector<Part> parts,
      ParseMultipart(request.body, *boundary,
                     {.max_parts = limits.max_parts, .max_part_headers = limits.max_part_headers}));
  for (Part& part : parts) {
    if (part.has_file_name || IsFileField(part.name) || IsFileType(part.type)) {
      // A browser's way to say that no file was chosen.
      if (part.has_file_name && part.file_name.empty() && part.bytes.empty()) continue;
      form.files.push_back({.name = std::move(part.name),
                            .file_name = std::move(part.file_name),
                            .type = std::move(part.type),
                            .bytes = part.bytes});
      continue;
    }
    if (part.bytes.size() > limits.max_field) {
      // A base64 picture comes as a field too; it may be as long as in the other kinds of bodies.
      const size_t most = part.name.ends_with("_b64") ? limits.max_text : limits.max_field;
      if (part.bytes.size() > most) {
        return LimitExceeded("field " + Quoted(part.name) + " is longer than " +
                             std::to_string(most) +
                             " bytes; a file's part has a filename in its Content-Disposition");
      }
    }
    if (!IsUtf8(TextOf(part.bytes))) {
      return InvalidArgument("field " + Quoted(part.name) +
                             " is not UTF-8; a file's part has a filename in its "
                             "Content-Disposition");
    }
    form.fields.Add(std::move(part.name), std::string(TextOf(part.bytes)));
  }
  return OkStatus();
}

}  // namespace

const FormFile* Form::File(std::string_view name) const {
  const auto found = std::ranges::find(files, name, &FormFile::name);
  return found == files.end() ? nullptr : &*found;
}

Result<Form> ReadForm(const Request& request, const FormLimits& limits) {
  Form form;
  const std::string_view header = Trimmed(request.headers.Get("Content-Type"));
  const std::string_view name = Trimmed(header.substr(0, header.find(';')));
  const std::string kind = LowerAscii(name);
  // Only a form's parameters matter; what is odd about others' is no reason to refuse them.
  if (kind == "multipart/form-data") {
    PEEL_ASSIGN_OR_RETURN(const HeaderValue type, ParseHeaderValue(header));
    form.kind = Form::Kind::kMultipart;
    PEEL_RETURN_IF_ERROR(ReadMultipart(request, type, limits, form));
  } else if (request.body.empty()) {
    form.kind = Form::Kind::kNone;
  } else if (kind == "application/x-www-form-urlencoded") {
    form.kind = Form::Kind::kUrlencoded;
    const QueryLimits query{.max_fields = static_cast<size_t>(std::max(limits.max_parts, 0)),
                            .max_value = limits.max_text};
    PEEL_ASSIGN_OR_RETURN(form.fields, ParseQuery(TextOf(request.body), query));
  } else if (kind == "application/json" || kind.ends_with("+json")) {
    form.kind = Form::Kind::kJson;
    const JsonLimits json{.max_fields = static_cast<size_t>(std::max(limits.max_parts, 0)),
                          .max_value = limits.max_text};
    PEEL_ASSIGN_OR_RETURN(form.fields, ParseJsonObject(TextOf(request.body), json));
  } else if (kind.empty() || IsFileType(kind) || kind == "binary/octet-stream") {
    form.kind = Form::Kind::kRaw;
    form.files.push_back(
        {.name = "", .file_name = "", .type = std::string(header), .bytes = request.body});
  } else {
    return Unsupported("Content-Type " + Quoted(header) +
                       " is not taken; send multipart/form-data, "
                       "application/x-www-form-urlencoded, application/json, or a picture's bytes "
                       "as image/*");
  }
  return form;
}

}  // namespace peel::server
