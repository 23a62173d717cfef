#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/server/http/form.h"
#include "src/server/http/message.h"
#include "src/server/work/job.h"

// What the APIs have in common: each one is a pair of files that turns a request into a job and an
// outcome into its own answer, byte for byte as its clients expect. None knows sockets or processes.
namespace peel::server {

// A request turned into work. `respond` makes the answer of its outcome; what it needs of the
// request it has copied.
struct Work {
  CutJob job;
  JobFiles files;
  std::string picture_url{}, background_url{};  // to be fetched before, where not ""
  std::function<Response(const Outcome&)> respond;
};

class Api {
 public:
  virtual ~Api() = default;
  virtual std::string_view name() const = 0;  // "removebg": in metrics and key files
  // Whether this path is one of its own.
  virtual bool Owns(std::string_view path) const = 0;
  // An answer at once (errors too), or work. `request` lives until the answer has gone out.
  virtual std::variant<Response, Work> Handle(const std::shared_ptr<Request>& request) = 0;
  // An error of anything before or beside the API (keys, limits, the connection, fetching) in its
  // own form: 400, 401, 402, 403, 404, 405, 408, 413, 415, 422, 429, 500, 503, 504.
  virtual Response Error(int status, std::string_view code, const std::string& message) = 0;
};

}  // namespace peel::server
