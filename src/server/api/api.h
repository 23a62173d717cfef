#pragma once

#include <algorithm>
#include <cstdint>
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
// outcome into its own answer, byte for byte as its clients expect. None knows sockets or
// processes.
namespace peel::server {

// What an API tells of the server.
struct Facts {
  std::string version;
  std::string model;                // the default one
  std::string device;               // it runs on
  std::vector<std::string> models;  // that may be asked for by name, the default first
  uint64_t max_bytes = 0;           // of a request's body
  uint64_t max_pixels = 0;          // of a picture
  bool fetches = false;             // pictures by URL
  bool wants_keys = false;
};

// Who asks, as far as the key says.
struct Caller {
  std::string key_name;                  // "": without a key
  std::optional<int64_t> credits{};      // left; none: not counted
  std::optional<uint64_t> max_pixels{};  // of a picture, below the server's
};

// A request turned into work. `respond` makes the answer of its outcome; what it needs of the
// request it has copied.
struct Work {
  CutJob job;
  JobFiles files;
  std::string picture_url{}, background_url{};  // to be fetched before, where not ""
  // Where fetching failed: the API's answer, by which of the two URLs it was.
  std::function<Response(bool background, const std::string& why)> fetch_failed{};
  std::function<Response(const Outcome&)> respond;
};

// Several pictures, answered as one ZIP archive.
struct Batch {
  struct Item {
    std::string name;  // in the archive, once it is done
    CutJob job;
    JobFiles files;
  };
  std::vector<Item> items;
};

using Plan = std::variant<Response, Work, Batch>;

class Api {
 public:
  virtual ~Api() = default;
  virtual std::string_view name() const = 0;  // "removebg": in metrics and key files
  // The paths that it answers.
  virtual std::vector<std::string_view> Routes() const = 0;
  // Whether this path is one of its own: those, or what it would tell more of than that there is
  // nothing.
  virtual bool Owns(std::string_view path) const {
    const std::vector<std::string_view> routes = Routes();
    return std::ranges::find(routes, path) != routes.end();
  }
  // Whether a request costs work: asks for a key, counts against rates. Of the others none does.
  virtual bool IsWork(std::string_view path) const { return Owns(path); }
  // The methods of a path of its own, "GET, POST".
  virtual std::string Methods(std::string_view path) const = 0;
  // An answer at once (errors too), or work. By a method that the path has.
  virtual Plan Handle(const std::shared_ptr<const Request>& request, const Caller& caller) = 0;
  // The status of a queue that is full: 503, or what its clients come again for.
  virtual int BusyStatus() const { return 503; }
  // An error of anything before or beside the API (keys, limits, the connection) in its own form.
  // `status`: 400, 401 (no key or a wrong one), 402 (no credits left), 403 (a key that may not),
  // 404, 405, 408, 411, 413, 414, 415, 422, 429, 431, 500, 501, 503, 504.
  virtual Response Error(int status, const std::string& message) = 0;
};

// All of them. The facts outlive them and may change.
std::vector<std::unique_ptr<Api>> AllApis(const Facts& facts);

}  // namespace peel::server
