#include "apps/peel/serve/serve_command.h"

#include <memory>
#include <string>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/serve/serve_arguments.h"
#include "src/base/os/child_process.h"
#include "src/server/run_service.h"
#include "src/server/work/zygote.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Without options it serves this machine alone, at http://127.0.0.1:7000: the page at /, its interface
described at /api. Clients of rembg, remove.bg, Clipdrop, Photoroom and withoutBG go on with nothing
changed but the address.
  peel serve --port 8080
  peel serve --host 0.0.0.0 --keys keys.json --tls-cert cert.pem --tls-key key.pem
  peel serve --keys keys.json --new-key shop     a key for "shop", which is shown once
SIGTERM and Ctrl-C end it when what is under way is done; SIGHUP reads keys and certificates again and
reopens the log.)";

void AddAddress(Command& serve, ServeArguments& a) {
  const char* const group = "Address";
  server::HttpOptions& http = a.service.http;
  serve.AddOption("--host", http.address, "Address to listen on; default 127.0.0.1").Group(group);
  serve.AddOption("-p,--port", a.port, "Port to listen on; default 7000; 0: any that is free")
      .Range(0, 65535)
      .Group(group);
  serve.AddOption("--unix-socket", http.unix_socket, "Listen on this Unix socket instead")
      .TypeName("PATH")
      .Group(group);
  serve.AddOption("--tls-cert", http.certificate, "Serve HTTPS with this certificate chain (PEM)")
      .TypeName("FILE")
      .Group(group);
  serve.AddOption("--tls-key", http.key, "The certificate's private key (PEM)")
      .TypeName("FILE")
      .Group(group);
  serve
      .AddOption("--trust-proxy", http.trusted_proxies,
                 "An address or network whose X-Forwarded-For names the client; may be repeated")
      .TypeName("ADDRESS")
      .OneValueEach()
      .Group(group);
  serve
      .AddOption("--max-connections", http.max_connections,
                 "At the same time; more are answered 503; default 4096")
      .Range(1, 1'000'000)
      .Group(group);
  serve
      .AddOption("--max-connections-per-client", http.max_connections_per_peer,
                 "At the same time from one address; default: no limit")
      .Range(1, 1'000'000)
      .Group(group);
}

void AddAccess(Command& serve, ServeArguments& a) {
  const char* const group = "Access";
  server::ServiceOptions& service = a.service;
  serve.AddOption("--keys", service.keys_file, "Answer only who has a key of this file")
      .TypeName("FILE")
      .Group(group);
  serve.AddOption("--new-key", a.new_key, "Add a new key to the file of --keys, print it and end")
      .TypeName("NAME")
      .Group(group);
  serve
      .AddOption("--new-link-secret", a.new_link_secret,
                 "Add a secret to sign links with to the file of --keys, print it and end")
      .TypeName("ID")
      .Group(group);
  serve
      .AddOption("--credits", service.credits_file,
                 "Remember in this file what keys have used of their credits")
      .TypeName("FILE")
      .Group(group);
  serve.AddFlag("--insecure", a.insecure, "Listen beyond this machine without keys").Group(group);
  serve
      .AddOption("--rate", service.requests_per_minute,
                 "Requests a minute from one client without a key; default: no limit")
      .Range(1, 1'000'000)
      .Group(group);
  serve
      .AddOption("--cors", service.cors_origins,
                 "Let pages of this origin ask (https://shop.example, or *); may be repeated")
      .TypeName("ORIGIN")
      .OneValueEach()
      .Group(group);
  serve.AddFlag("--fetch", service.fetches, "Fetch pictures that requests name by URL")
      .Group(group);
  serve
      .AddOption("--fetch-allow", service.fetch_allow,
                 "A host or network of one's own that may be fetched from; may be repeated")
      .TypeName("HOST|NETWORK")
      .OneValueEach()
      .Group(group);
}

void AddLimits(Command& serve, ServeArguments& a) {
  const char* const group = "Limits";
  serve
      .AddOption("--workers", a.service.work.workers,
                 "Worker processes; default: one per processor; 0: none, all in this process")
      .Range(0, 1024)
      .Group(group);
  serve
      .AddOption("--queue", a.service.work.max_queue,
                 "Pictures that may wait; more are answered 503; default 64")
      .Range(0, 1'000'000)
      .Group(group);
  serve
      .AddOption("--memory", a.memory,
                 "Memory limit for all pictures together, such as 800M or 4G; default: half of "
                 "what is available")
      .TypeName("SIZE")
      .Group(group);
  serve.AddOption("--max-bytes", a.max_bytes, "Of a request; default 64M")
      .TypeName("SIZE")
      .Group(group);
  serve
      .AddOption("--max-pixels", a.service.max_pixels,
                 "Refuse pictures with more; default 50000000")
      .Positive()
      .Group(group);
  serve
      .AddOption("--timeout", a.timeout,
                 "Seconds that a picture may take, waiting included; default 60")
      .Range(0.001, 86400.0)
      .Group(group);
  serve
      .AddOption("--max-models", a.max_models,
                 "Models loaded at a time beside the first; default 4; 0: that one alone")
      .Range(0, 1000)
      .Group(group);
  serve
      .AddOption("--requests-per-worker", a.service.work.jobs_per_worker,
                 "A worker is replaced after so many pictures; default: never")
      .Range(1, 1'000'000'000)
      .Group(group);
}

void AddRun(Command& serve, ServeArguments& a) {
  const char* const group = "Run";
  serve
      .AddOption("-m,--model", a.model, "The model of requests that name none; default: Peel's own")
      .TypeName("NAME|FILE")
      .Group(group);
  serve
      .AddOption("--threads", a.threads,
                 "Threads in total; default: the processors available to this process")
      .Range(1, 1024)
      .Group(group);
  serve.AddOption("--device", a.device, "auto, cpu, cuda, tensorrt or openvino (see `peel doctor`)")
      .Group(group);
  serve.AddOption("--backend", a.backend, "auto, native or onnxruntime").Group(group);
  serve.AddOption("--precision", a.precision, "auto, fp32, bf16, fp16 or int8").Group(group);
  serve.AddFlag("--strict", a.strict, "Fail rather than fall back to another device or precision")
      .Group(group);
  serve.AddOption("--log", a.log, "text, json (one object a line) or off; default text")
      .OneOf({"text", "json", "off"})
      .Group(group);
  serve.AddOption("--log-file", a.service.log_file, "Where to; default: standard error")
      .TypeName("FILE")
      .Group(group);
  serve.AddFlag("--no-ui", a.no_page, "Without the page at /").Group(group);
  serve
      .AddOption("--drain-time", a.drain_time,
                 "Seconds that what is under way has to end after SIGTERM; default 30")
      .Range(0.001, 86400.0)
      .Group(group);
  serve.AddFlag("-q,--quiet", a.quiet, "Print only errors").Group(group);
}

int Serve(const Command& serve, ServeArguments& arguments) {
  Console console;
  console.set_quiet(arguments.quiet);
  if (!arguments.new_key.empty() || !arguments.new_link_secret.empty()) {
    return AddSecrets(arguments, console);
  }
  if (const Status config = TakeConfig(serve, arguments); !config.ok()) {
    console.Error(config.message());
    return kExitUsage;
  }
  Result<server::ServiceOptions> options = PlanService(arguments);
  if (!options.ok()) {
    console.Error(options.status().message());
    return kExitUsage;
  }
  server::ServiceEvents events;
  events.started = [&](const std::string& address) { console.Note("listening on " + address); };
  events.warn = [&](const std::string& text) { console.Warn(text); };
  const Status status = server::RunService(*options, arguments.insecure, events);
  if (status.ok()) return kExitDone;
  console.Error(status.message());
  return ExitCodeFor(status);
}

}  // namespace

int RunServeZygote() {
  const int code = server::RunZygote(ChildProcess::kDescriptor);
  if (code == 2) Console().Error("serve-zygote is run by peel itself");
  return code == 2 ? kExitUsage : code;
}

void AddServeCommand(Command& app, int* exit_code) {
  Command serve =
      app.AddCommand("serve", "Remove backgrounds over HTTP, as rembg and remove.bg do");
  serve.Footer(kFooter);
  auto arguments = std::make_shared<ServeArguments>();
  AddAddress(serve, *arguments);
  AddAccess(serve, *arguments);
  AddLimits(serve, *arguments);
  AddRun(serve, *arguments);
  serve.OnParsed([serve, arguments, exit_code] { *exit_code = Serve(serve, *arguments); });
}

}  // namespace peel
