#pragma once

#include <functional>
#include <memory>
#include <string>

#include "src/server/api/api.h"
#include "src/server/gate.h"
#include "src/server/http/handler.h"
#include "src/server/http/http_server.h"
#include "src/server/monitor.h"
#include "src/server/service_options.h"
#include "src/server/work/worker_pool.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace peel::server {

class Canary;
class Fetcher;

// Joins the rooms: a request comes in, the gate judges it, an API makes work of it, the pool does
// it, the API answers. All on the context's one thread.
class Service final : public Handler {
 public:
  struct Parts {
    boost::asio::io_context& context;
    const ServiceOptions& options;
    WorkerPool& pool;
    Gate& gate;
    Monitor& monitor;
    Fetcher& fetcher;
    Canary& canary;
  };
  explicit Service(const Parts& parts);
  ~Service() override;

  // For /metrics; the server exists after its handler.
  void set_http(const HttpServer* http) { http_ = http; }
  // From now on work is refused and /ready fails.
  void Drain() { draining_ = true; }

  std::optional<Response> Admit(Request& request, BodyLimits& limits) override;
  void Handle(std::shared_ptr<Exchange> exchange) override;
  Response Refuse(const Request& request, int status, const std::string& why) override;

 private:
  class Call;
  class BatchCall;
  friend class Call;
  friend class BatchCall;

  Api* ApiOf(std::string_view path) const;  // null: none
  // A path as metrics know it: "other" for what a client made up.
  std::string_view RouteOf(std::string_view path) const;
  // Puts what every answer carries into it, and tells the monitor. `outcome` may be null.
  void Finish(const Request& request, Response& response, const Outcome* outcome,
              std::string_view note);
  void Reply(const std::shared_ptr<Exchange>& exchange, Response response,
             const Outcome* outcome = nullptr, std::string_view note = {});
  // The operator's routes and the pages; nullopt where the path is none of them.
  std::optional<Response> Operate(const Request& request);
  bool HandleReady(const std::shared_ptr<Exchange>& exchange);

  Parts parts_;
  Facts facts_;
  std::vector<std::string> routes_;
  std::vector<std::unique_ptr<Api>> apis_;
  const HttpServer* http_ = nullptr;
  bool draining_ = false;
};

}  // namespace peel::server
