#include "src/server/api/answers.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace peel::server {

Response JsonAnswer(int status, const nlohmann::ordered_json& body) {
  return TextAnswer(status,
                    body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
                    "application/json");
}

Response TextAnswer(int status, std::string text, std::string_view type) {
  Response response;
  response.status = status;
  response.headers.Set("Content-Type", std::string(type));
  response.text = std::move(text);
  return response;
}

Response PictureAnswer(const CutDone& done) {
  Response response;
  response.headers.Set("Content-Type", done.type);
  response.headers.Set("X-Width", std::to_string(done.width));
  response.headers.Set("X-Height", std::to_string(done.height));
  response.headers.Set("X-Has-Subject", done.has_subject ? "true" : "false");
  response.bytes = done.bytes;
  response.keeper = done.keeper;
  return response;
}

int HttpStatus(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kRefused:
      switch (failure.code) {
        case StatusCode::kInvalidArgument:
        case StatusCode::kNotFound:
        case StatusCode::kDeviceRefused:
          return 400;
        case StatusCode::kLimit:
          return 413;
        case StatusCode::kUnsupported:
          return 415;
        case StatusCode::kCorrupt:
          return 422;
        case StatusCode::kOutOfMemory:
          return 503;
        default:
          return 500;
      }
    case Failure::Kind::kNoModel:
      return 400;
    case Failure::Kind::kBusy:
    case Failure::Kind::kDraining:
      return 503;
    case Failure::Kind::kDeadline:
      return 504;
    case Failure::Kind::kGone:
      return 499;
    case Failure::Kind::kWorker:
      return 500;
  }
  return 500;
}

std::string_view ErrorCode(int status) {
  switch (status) {
    case 400:
      return "invalid_argument";
    case 401:
      return "unauthorized";
    case 402:
      return "no_credits";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 408:
      return "request_timeout";
    case 411:
      return "length_required";
    case 413:
      return "too_large";
    case 414:
      return "uri_too_long";
    case 415:
      return "unsupported_image";
    case 422:
      return "unreadable_image";
    case 429:
      return "rate_limited";
    case 431:
      return "headers_too_large";
    case 501:
      return "not_implemented";
    case 503:
      return "busy";
    case 504:
      return "deadline_exceeded";
    default:
      return status < 500 ? "bad_request" : "internal";
  }
}

Response WithRetry(Response response, const Failure& failure) {
  if (failure.retry_after > 0) {
    response.headers.Set("Retry-After", std::to_string(failure.retry_after));
  }
  return response;
}

std::string_view TypeOfFormat(std::string_view format) {
  if (format == "png") return "image/png";
  if (format == "jpg" || format == "jpeg") return "image/jpeg";
  if (format == "webp") return "image/webp";
  if (format == "avif") return "image/avif";
  if (format == "tiff") return "image/tiff";
  if (format == "zip") return "application/zip";
  return "application/octet-stream";
}

}  // namespace peel::server
