#pragma once

#include <string>

#include "apps/peel/command_line.h"
#include "apps/peel/console.h"
#include "src/base/status.h"
#include "src/server/service_options.h"

namespace peel {

// The command line of `serve` as typed: what is taken as it stands in `service`, the rest as text
// and numbers, which PlanService reads.
struct ServeArguments {
  server::ServiceOptions service{};
  int port = 7000;
  std::string model, device = "auto", backend = "auto", precision = "auto";
  std::string memory, max_bytes, log = "text", new_key, new_link_secret;
  int threads = 0;
  int max_models = 4;  // beside the first
  double timeout = 60, drain_time = 30;
  bool strict = false, insecure = false, no_page = false, quiet = false;
};

// What the configuration file says and the command line does not: model, device, backend, precision
// and threads. kInvalidArgument and kCorrupt name the file and its line.
Status TakeConfig(const Command& serve, ServeArguments& arguments);

// kInvalidArgument names the option.
Result<server::ServiceOptions> PlanService(const ServeArguments& arguments);

// Makes what --new-key and --new-link-secret ask for in the file of --keys, and shows it on
// standard output. The exit code.
int AddSecrets(const ServeArguments& arguments, Console& console);

}  // namespace peel
