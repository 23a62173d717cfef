#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/server/http/message.h"

namespace peel::server {

// Which pages of other origins may use the service from a browser: none, unless they are allowed.
// Keys come in a header that a page sets itself, never in cookies or a browser's passwords, so
// Access-Control-Allow-Credentials is never sent, with "*" or without.
class Cors {
 public:
  // "https://app.example.com", "http://localhost:3000", in lower case, or "*". kInvalidArgument for
  // what no browser sends as an origin ("null" and paths too) and would never match.
  Status Allow(std::string_view origin);
  bool is_on() const { return any_ || !origins_.empty(); }

  // The answer to a preflight (OPTIONS with Origin and Access-Control-Request-Method); nullopt for
  // every other request. 204; without permission where the origin is not allowed.
  std::optional<Response> Preflight(const Request& request) const;
  // Adds what lets the request's origin see this answer, where it is allowed, and Vary: Origin
  // wherever the answer depends on it. To be called for every answer, errors too.
  void Apply(const Request& request, Response* response) const;

 private:
  bool Permit(const Request& request, Response* response) const;

  bool any_ = false;
  std::vector<std::string> origins_;
};

}  // namespace peel::server
