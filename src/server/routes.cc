#include "src/server/routes.h"

#include <string_view>

#include "src/server/api/api.h"

namespace peel::server {

std::vector<std::string> KnownRoutes() {
  std::vector<std::string> routes = {"/",        "/live",         "/ready", "/health",
                                     "/metrics", "/openapi.json", "/api"};
  const Facts facts;
  for (const auto& api : AllApis(facts)) {
    for (const std::string_view route : api->Routes()) routes.emplace_back(route);
  }
  return routes;
}

}  // namespace peel::server
