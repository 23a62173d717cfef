#include "src/server/run_service.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "src/base/os/memory.h"
#include "src/base/os/system_limits.h"
#include "src/server/canary.h"
#include "src/server/fetch/fetcher.h"
#include "src/server/gate.h"
#include "src/server/http/http_server.h"
#include "src/server/monitor.h"
#include "src/server/service.h"
#include "src/server/work/worker_pool.h"

namespace peel::server {
namespace {

namespace asio = boost::asio;

// The canary's, so that it does not delay whoever has waited for the service to be there.
constexpr std::chrono::milliseconds kFirstRound{1'000};

Result<std::unique_ptr<Fetcher>> MakeFetcher(asio::io_context& context,
                                             const ServiceOptions& options) {
  FetchOptions fetch;
  fetch.enabled = options.fetches;
  fetch.user_agent = "Peel/" + options.version;
  for (const std::string& host : options.fetch_allow) PEEL_RETURN_IF_ERROR(fetch.rules.Allow(host));
  return Fetcher::Make(context, std::move(fetch), SystemResolver(context));
}

// What happens beside the requests: signals, the canary's rounds, the end.
class Runner {
 public:
  Runner(asio::io_context& context, const ServiceOptions& options, const ServiceEvents& events)
      : context_(context),
        options_(options),
        events_(events),
        signals_(context, SIGTERM, SIGINT, SIGHUP),
        round_(context),
        deadline_(context) {}

  Status Run(WorkerPool& pool, Gate& gate, Monitor& monitor, Fetcher& fetcher) {
    pool_ = &pool;
    gate_ = &gate;
    monitor_ = &monitor;
    PEEL_ASSIGN_OR_RETURN(const auto canary, Canary::Make(pool, options_.canary_deadline));
    canary_ = canary.get();
    pool.set_restarted([this](std::string_view reason) {
      monitor_->Restarted(reason);
      monitor_->Note("warning", "a worker was replaced: " + std::string(reason));
    });
    gate.set_tell([this](bool is_failure, const std::string& text) {
      if (is_failure) events_.warn(text);
      monitor_->Note(is_failure ? "error" : "info", text);
    });
    service_ = std::make_unique<Service>(
        Service::Parts{context_, options_, pool, gate, monitor, fetcher, *canary});
    HttpOptions http = options_.http;
    http.max_connections = ConnectionsPossible(http.max_connections);
    http.max_bodies = std::max(options_.work.memory / 2, 2 * options_.max_body);
    PEEL_ASSIGN_OR_RETURN(http_, HttpServer::Listen(context_, http, *service_));
    service_->set_http(http_.get());
    const std::string address = Address();
    events_.started(address);
    monitor.Note("info", "listening on " + address);
    AwaitSignal();
    if (options_.canary_every.count() != 0)
      RoundAfter(std::min(kFirstRound, options_.canary_every));
    context_.run();
    // In this order: connections may still hold what the pool gave them.
    http_.reset();
    service_.reset();
    gate.set_tell(nullptr);
    pool.set_restarted(nullptr);
    return OkStatus();
  }

 private:
  int ConnectionsPossible(int wanted) const {
    constexpr int kOthers = 200;  // descriptors of workers, regions, files and fetches
    const int possible = std::max(AllowDescriptors(wanted + kOthers) - kOthers, 16);
    if (possible >= wanted) return wanted;
    events_.warn("--max-connections " + std::to_string(wanted) +
                 ": this process may open so many " + "descriptors that " +
                 std::to_string(possible) + " are possible (ulimit -n)");
    return possible;
  }

  std::string Address() const {
    if (!options_.http.unix_socket.empty()) return "unix:" + options_.http.unix_socket;
    const std::string& host = options_.http.address;
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return std::string(options_.http.certificate.empty() ? "http://" : "https://") +
           (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(http_->port());
  }

  void AwaitSignal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        Reload();
      } else if (draining_) {
        monitor_->Note("warning", "ended at once by a second signal");
        return context_.stop();
      } else {
        Drain();
      }
      AwaitSignal();
    });
  }

  void Reload() {
    monitor_->ReopenLog();
    std::string wrong = gate_->Reload();
    if (const Status status = http_->ReloadCertificates(); !status.ok()) {
      wrong += (wrong.empty() ? "" : "; ") + status.message();
    }
    if (!wrong.empty()) events_.warn(wrong + "; what was in force stays so");
    monitor_->Note(wrong.empty() ? "info" : "error", wrong.empty() ? "reloaded" : wrong);
  }

  void Drain() {
    draining_ = true;
    monitor_->Note("info", "draining");
    round_.cancel();
    service_->Drain();
    deadline_.expires_after(options_.drain_time);
    deadline_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      monitor_->Note("warning", "what was under way took too long and was cut off");
      context_.stop();
    });
    http_->Drain([this] { pool_->Drain([this] { context_.stop(); }); });
  }

  void Round() {
    canary_->Ask([this](bool well, const std::string& why) {
      if (well != was_well_) {
        monitor_->Note(well ? "info" : "error", well ? "ready" : "the canary failed: " + why);
      }
      was_well_ = well;
      if (options_.canary_every.count() != 0 && !draining_) RoundAfter(options_.canary_every);
    });
  }

  void RoundAfter(std::chrono::milliseconds time) {
    round_.expires_after(time);
    round_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !draining_) Round();
    });
  }

  asio::io_context& context_;
  const ServiceOptions& options_;
  const ServiceEvents& events_;
  asio::signal_set signals_;
  asio::steady_timer round_, deadline_;
  WorkerPool* pool_ = nullptr;
  Gate* gate_ = nullptr;
  Monitor* monitor_ = nullptr;
  Canary* canary_ = nullptr;
  std::unique_ptr<Service> service_;
  std::unique_ptr<HttpServer> http_;
  bool draining_ = false, was_well_ = false;
};

}  // namespace

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

Status RunService(const ServiceOptions& options, bool insecure, const ServiceEvents& events) {
  KeepHeapFlat();  // bodies of usual size lie in pages that are there already
  std::string warning;
  PEEL_ASSIGN_OR_RETURN(const auto gate, Gate::Open(options, warning));
  if (options.http.unix_socket.empty() && !IsLoopback(options.http.address) &&
      !gate->wants_keys()) {
    if (!insecure) {
      return InvalidArgument("anybody could use a service at " + options.http.address +
                             ": give it --keys FILE, or --insecure where another door guards it");
    }
    events.warn("anybody who reaches " + options.http.address +
                " can use this service: it asks for no keys (--insecure)");
  }
  // Before everything that has timers or sockets in it.
  asio::io_context context(1);
  // The model is loaded while the rest is made ready.
  PEEL_ASSIGN_OR_RETURN(const auto pool, WorkerPool::Fork(options.work));
  PEEL_ASSIGN_OR_RETURN(const auto monitor, Monitor::Open(options));
  PEEL_ASSIGN_OR_RETURN(const auto fetcher, MakeFetcher(context, options));
  if (!warning.empty()) events.warn(warning);
  PEEL_RETURN_IF_ERROR(pool->Start(context));
  if (!pool->info().warning.empty()) events.warn(pool->info().warning);
  return Runner(context, options, events).Run(*pool, *gate, *monitor, *fetcher);
}

}  // namespace peel::server
