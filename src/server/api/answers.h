#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/server/http/message.h"
#include "src/server/work/job.h"

// Answers, and errors as HTTP has them.
namespace peel::server {

// Text that is not UTF-8 is made so: no header or message can break the body.
Response JsonAnswer(int status, const nlohmann::ordered_json& body);
Response TextAnswer(int status, std::string text, std::string_view type = "text/plain");
// The picture, with X-Width, X-Height and X-Has-Subject.
Response PictureAnswer(const CutDone& done);

// What a failure is in HTTP. 400 for options that make no sense and a model that is not there, 413
// for a picture beyond a limit, 415 for bytes that are no picture Peel reads, 422 for a picture
// that is broken, 500 for a worker that fell over it, 503 where there is no room now, 504 for a
// deadline; 499, which nobody reads, for a client that has gone.
int HttpStatus(const Failure& failure);
// One word for it: "invalid_argument", "unreadable_image", "busy" …
std::string_view ErrorCode(int status);

// Adds Retry-After where the failure says when to come again.
Response WithRetry(Response response, const Failure& failure);

// "image/png" for a file's ending as the job's format has it.
std::string_view TypeOfFormat(std::string_view format);

}  // namespace peel::server
