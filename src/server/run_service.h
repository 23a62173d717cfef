#pragma once

#include <functional>
#include <string>

#include "src/base/status.h"
#include "src/server/service_options.h"

namespace peel::server {

// Runs the service until SIGTERM or SIGINT, then drains: new work is refused, what is under way
// ends, at the latest after options.drain_time. A second signal ends it at once. SIGHUP reads keys,
// link secrets and certificates again and reopens the log. To be called before this process has
// threads.
//
// `started` is called once it listens, with the address ("http://127.0.0.1:7000"); `warn` for what
// the operator should know. Errors are those of what could not be had: the model, the address
// (kIo), keys, certificates; kInvalidArgument for an address beyond this machine without keys.
struct ServiceEvents {
  std::function<void(const std::string& address)> started;
  std::function<void(const std::string& text)> warn;
};
Status RunService(const ServiceOptions& options, bool insecure, const ServiceEvents& events);

// Whether only this machine can reach an address: 127.0.0.0/8, ::1, localhost.
bool IsLoopback(const std::string& host);

}  // namespace peel::server
