#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/server/http/http_server.h"
#include "src/server/http/message.h"
#include "src/server/service_options.h"
#include "src/server/work/job.h"
#include "src/server/work/worker_pool.h"

namespace peel::server {

// What an operator sees: log lines, and numbers for Prometheus.
class Monitor {
 public:
  // kIo where the log's file cannot be opened.
  static Result<std::unique_ptr<Monitor>> Open(const ServiceOptions& options);
  virtual ~Monitor() = default;

  // One request that was answered. `outcome` is null where there was no picture in it.
  struct Answered {
    const Request& request;
    std::string_view route;  // "/v1/cut", "other": never what a client made up
    int status = 0;
    uint64_t bytes_in = 0, bytes_out = 0;  // of the bodies
    std::chrono::steady_clock::duration taken{};
    const Outcome* outcome = nullptr;
    std::string_view key;   // its name
    std::string_view note;  // why it was refused; "" mostly
  };
  virtual void Tell(const Answered& answered) = 0;
  // Something that is no request: "started", "model loaded", "worker died" …
  virtual void Note(std::string_view level, std::string_view message) = 0;

  // A worker was replaced: "crash", "hang", "memory", "age" …
  virtual void Restarted(std::string_view reason) = 0;

  virtual std::string Metrics(const WorkerPool::Counts& work, const HttpServer::Counts& http) = 0;
  virtual void ReopenLog() = 0;
};

}  // namespace peel::server
