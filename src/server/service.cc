#include "src/server/service.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>

#include "src/server/api/answers.h"
#include "src/server/api/openapi.h"
#include "src/server/batch_call.h"
#include "src/server/call.h"
#include "src/server/canary.h"
#include "src/server/page/page.h"
#include "src/server/routes.h"
#include "src/server/telemetry/server_timing.h"

namespace peel::server {
namespace {

// Whether a method is one of "GET, POST".
bool IsAmong(std::string_view method, std::string_view methods) {
  while (!method.empty() && !methods.empty()) {
    const size_t end = std::min(methods.find(", "), methods.size());
    if (methods.substr(0, end) == method) return true;
    methods.remove_prefix(std::min(end + 2, methods.size()));
  }
  return false;
}

Response PlainError(int status, const std::string& message) {
  return JsonAnswer(status, {{"error", {{"code", ErrorCode(status)}, {"message", message}}}});
}

}  // namespace

Service::Service(const Parts& parts) : parts_(parts), routes_(KnownRoutes()) {
  const ModelInfo& info = parts.pool.info();
  facts_.version = parts.options.version;
  facts_.model = info.name;
  facts_.device = info.device;
  facts_.models = parts.pool.ModelNames();
  facts_.max_bytes = parts.options.max_body;
  facts_.max_pixels = parts.options.max_pixels;
  facts_.fetches = parts.options.fetches;
  facts_.wants_keys = parts.gate.wants_keys();
  apis_ = AllApis(facts_);
}

Service::~Service() = default;

Api* Service::ApiOf(std::string_view path) const {
  for (const auto& api : apis_) {
    if (api->Owns(path)) return api.get();
  }
  return nullptr;
}

std::string_view Service::RouteOf(std::string_view path) const {
  for (const std::string& known : routes_) {
    if (path == known) return known;
  }
  return parts_.options.page && FindPageFile(path) != nullptr ? "/" : "other";
}

std::optional<Response> Service::Admit(Request& request, BodyLimits& limits) {
  auto state = std::make_shared<CallState>();
  state->begun = std::chrono::steady_clock::now();
  request.state = state;
  const auto refuse = [&](int status, const std::string& message, int retry_after = 0) {
    Response response = Refuse(request, status, message);
    if (retry_after > 0) response.headers.Set("Retry-After", std::to_string(retry_after));
    return response;
  };
  limits.max_bytes = 64 << 10;
  if (auto preflight = parts_.gate.Preflight(request)) return preflight;
  Api* const api = ApiOf(request.path);
  if (api == nullptr || !api->IsWork(request.path)) return std::nullopt;
  if (!IsAmong(request.method, api->Methods(request.path))) return std::nullopt;  // 405, by Handle
  const bool is_account = request.path == "/v1.0/account";
  state->verdict = parts_.gate.Judge(request, api->name(),
                                     is_account ? Gate::Cost::kNothing : Gate::Cost::kPicture);
  if (state->verdict.status != 0) {
    Response response =
        refuse(state->verdict.status, state->verdict.message, state->verdict.retry_after);
    if (state->verdict.status == 401) response.headers.Set("WWW-Authenticate", "Bearer");
    return response;
  }
  if (draining_) return refuse(503, "the server is going down; ask another one, or again soon", 1);
  limits.max_bytes = std::min(parts_.options.max_body, state->verdict.max_body);
  // While nothing can be done with it, no body is taken.
  if (const auto wait = parts_.pool.FullFor(); wait && !is_account) {
    return refuse(api->BusyStatus(),
                  "the server is busy and its queue is full; try again in a moment", *wait);
  }
  return std::nullopt;
}

Response Service::Refuse(const Request& request, int status, const std::string& why) {
  Api* const api = ApiOf(request.path);
  Response response = api != nullptr ? api->Error(status, why) : PlainError(status, why);
  Finish(request, response, nullptr, why);
  return response;
}

void Service::Finish(const Request& request, Response& response, const Outcome* outcome,
                     std::string_view note) {
  const auto state = std::static_pointer_cast<CallState>(request.state);
  std::chrono::steady_clock::duration taken{};
  std::string_view key;
  if (state) {
    taken = std::chrono::steady_clock::now() - state->begun;
    key = state->verdict.caller.key_name;
    for (const auto& [name, value] : state->verdict.headers.all())
      response.headers.Set(name, value);
  }
  parts_.gate.AddOrigin(request, response);
  if (outcome != nullptr && outcome->ok()) {
    response.headers.Set("X-Peel-Model", outcome->done->model);
    response.headers.Set("X-Peel-Device", outcome->done->device);
    response.headers.Set("Server-Timing", ServerTiming(outcome->done->stages));
    if (!outcome->done->warning.empty())
      response.headers.Set("X-Peel-Warning", outcome->done->warning);
    if (state && response.status < 400) parts_.gate.Charge(state->verdict);
  }
  const size_t bytes = response.bytes.empty() ? response.text.size() : response.bytes.size();
  parts_.monitor.Tell({request, RouteOf(request.path), response.status, request.body.size(), bytes,
                       taken, outcome, key, note});
}

void Service::Reply(const std::shared_ptr<Exchange>& exchange, Response response,
                    const Outcome* outcome, std::string_view note) {
  Finish(exchange->request(), response, outcome, note);
  exchange->Reply(std::move(response));
}

void Service::Handle(std::shared_ptr<Exchange> exchange) {
  const Request& request = exchange->request();
  Api* const api = ApiOf(request.path);
  if (api == nullptr) {
    if (HandleReady(exchange)) return;
    if (auto answer = Operate(request)) return Reply(exchange, *std::move(answer));
    return Reply(exchange, PlainError(404, "there is nothing at " + request.path.substr(0, 200) +
                                               "; /api lists what is here"));
  }
  const std::string methods = api->Methods(request.path);
  if (!IsAmong(request.method, methods)) {
    Response response = api->Error(405, "this is asked by " + methods);
    response.headers.Set("Allow", methods + ", OPTIONS");
    if (request.method == "OPTIONS") {
      response.status = 204;
      response.text.clear();
      response.headers.Set("Content-Type", "text/plain");
    }
    return Reply(exchange, std::move(response));
  }
  const auto state = std::static_pointer_cast<CallState>(request.state);
  const std::shared_ptr<const Request> kept(exchange, &request);
  Plan plan = api->Handle(kept, state ? state->verdict.caller : Caller{});
  if (auto* const response = std::get_if<Response>(&plan)) {
    return Reply(exchange, std::move(*response));
  }
  const uint64_t most = std::min(facts_.max_pixels, state && state->verdict.caller.max_pixels
                                                        ? *state->verdict.caller.max_pixels
                                                        : UINT64_MAX);
  if (auto* const batch = std::get_if<Batch>(&plan)) {
    for (Batch::Item& item : batch->items) {
      item.job.max_pixels = std::min(item.job.max_pixels, most);
    }
    // The request's own place is the first picture's; each other one costs as much.
    std::vector<Gate::Verdict> verdicts = {state ? state->verdict : Gate::Verdict{}};
    while (verdicts.size() < batch->items.size()) {
      verdicts.push_back(parts_.gate.JudgeMore(verdicts.front().caller));
      if (const Gate::Verdict& more = verdicts.back(); more.status != 0) {
        return Reply(exchange, api->Error(more.status, more.message));
      }
    }
    return BatchCall::Start(*this, std::move(exchange), std::move(*batch), std::move(verdicts));
  }
  Work& work = std::get<Work>(plan);
  work.job.max_pixels = std::min(work.job.max_pixels, most);
  Call::Start(*this, std::move(exchange), std::move(work));
}

bool Service::HandleReady(const std::shared_ptr<Exchange>& exchange) {
  const Request& request = exchange->request();
  if (request.path != "/ready" || (request.method != "GET" && request.method != "HEAD")) {
    return false;
  }
  if (draining_) {
    Reply(exchange, JsonAnswer(503, {{"status", "draining"}}));
    return true;
  }
  parts_.canary.Ask([this, exchange](bool well, const std::string& why) {
    Reply(exchange,
          well ? JsonAnswer(
                     200, {{"status", "ready"}, {"model", facts_.model}, {"device", facts_.device}})
               : JsonAnswer(503, {{"status", "failing"}, {"reason", why}}));
  });
  return true;
}

std::optional<Response> Service::Operate(const Request& request) {
  const std::string& path = request.path;
  const ServiceOptions& options = parts_.options;
  const PageFile* const file = options.page ? FindPageFile(path) : nullptr;
  const bool has_docs = options.docs && (path == "/openapi.json" || path == "/api");
  if (!has_docs && file == nullptr && path != "/live" && path != "/ready" && path != "/health" &&
      path != "/metrics") {
    return std::nullopt;
  }
  if (request.method != "GET" && request.method != "HEAD") {
    Response response =
        request.method == "OPTIONS" ? TextAnswer(204, "") : PlainError(405, "this is asked by GET");
    response.headers.Set("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  if (path == "/live") return JsonAnswer(200, {{"status", "live"}});
  if (path == "/health") {
    return JsonAnswer(200,
                      {{"status", "ok"}, {"model", facts_.model}, {"version", facts_.version}});
  }
  if (path == "/metrics") {
    return TextAnswer(
        200,
        parts_.monitor.Metrics(parts_.pool.counts(),
                               http_ != nullptr ? http_->counts() : HttpServer::Counts{}),
        "text/plain; version=0.0.4; charset=utf-8");
  }
  if (path == "/openapi.json") return TextAnswer(200, OpenApi(facts_), "application/json");
  if (file != nullptr) return PageAnswer(request, *file);
  return ApiPage(facts_);
}

}  // namespace peel::server
