#include "src/server/guard/cors.h"

#include <algorithm>

namespace peel::server {
namespace {

constexpr const char* kMethods = "GET, HEAD, POST, OPTIONS";
constexpr const char* kRequestHeaders =
    "Accept, Authorization, Content-Type, X-Api-Key, X-Request-ID, traceparent, tracestate";
constexpr const char* kExposed =
    "Content-Disposition, Retry-After, Server-Timing, X-Credits-Charged, X-Foreground-Height, "
    "X-Foreground-Left, X-Foreground-Top, X-Foreground-Width, X-Height, X-Latency-Ms, "
    "X-Max-Height, X-Max-Width, X-Peel-Confidence, X-Peel-Corners, X-Peel-Device, X-Peel-Kind, "
    "X-Peel-Model, X-Peel-Ratio, X-Peel-Rectify, X-Peel-Warning, X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID, X-Type, X-Width";

bool IsOriginChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view(".-_:[]").find(c) != std::string_view::npos;
}

}  // namespace

Status Cors::Allow(std::string_view origin) {
  if (origin == "*") {
    any_ = true;
    return OkStatus();
  }
  const size_t slashes = origin.find("://");
  const std::string_view scheme = origin.substr(0, slashes);
  const std::string_view host = slashes == origin.npos ? "" : origin.substr(slashes + 3);
  const bool is_default_port =
      (scheme == "http" && host.ends_with(":80")) || (scheme == "https" && host.ends_with(":443"));
  if ((scheme != "http" && scheme != "https") || host.empty() || host.starts_with(':') ||
      host.ends_with(':') || is_default_port || !std::ranges::all_of(host, IsOriginChar)) {
    return InvalidArgument(std::string("\"").append(origin) +
                           "\" is no origin; origins are like https://app.example.com or "
                           "http://localhost:3000, in lower case, without a path or the scheme's "
                           "own port");
  }
  origins_.emplace_back(origin);
  return OkStatus();
}

bool Cors::Permit(const Request& request, Response* response) const {
  if (!is_on()) return false;
  if (!any_) response->headers.Add("Vary", "Origin");
  const std::string_view origin = request.headers.Get("Origin");
  if (origin.empty()) return false;
  if (any_) {
    response->headers.Set("Access-Control-Allow-Origin", "*");
    return true;
  }
  const auto found = std::ranges::find(origins_, origin);
  if (found == origins_.end()) return false;
  response->headers.Set("Access-Control-Allow-Origin", *found);
  return true;
}

std::optional<Response> Cors::Preflight(const Request& request) const {
  if (!is_on() || request.method != "OPTIONS" || !request.headers.Has("Origin") ||
      !request.headers.Has("Access-Control-Request-Method")) {
    return std::nullopt;
  }
  Response response;
  response.status = 204;
  if (Permit(request, &response)) {
    response.headers.Set("Access-Control-Allow-Methods", kMethods);
    response.headers.Set("Access-Control-Allow-Headers", kRequestHeaders);
    response.headers.Set("Access-Control-Max-Age", "600");
  }
  return response;
}

void Cors::Apply(const Request& request, Response* response) const {
  if (Permit(request, response)) {
    response->headers.Set("Access-Control-Expose-Headers", kExposed);
  }
}

}  // namespace peel::server
