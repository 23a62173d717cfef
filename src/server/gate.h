#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/server/api/api.h"
#include "src/server/http/message.h"
#include "src/server/service_options.h"

namespace peel::server {

// Who may ask, how often and for what: keys, signed links, rates, origins; from a request's head
// alone, so that nothing is read for whom it would be refused.
class Gate {
 public:
  // kIo, kInvalidArgument for files that cannot be read; `warning` gets what an operator should
  // know.
  static Result<std::unique_ptr<Gate>> Open(const ServiceOptions& options, std::string& warning);
  virtual ~Gate() = default;

  struct Verdict {
    int status = 0;  // 0: let in; else 401, 402, 403, 413 or 429 with
    std::string message;
    int retry_after = 0;
    Caller caller{};
    uint64_t max_body = UINT64_MAX;          // the key's limit
    Fields headers{Fields::Case::kIgnored};  // for the answer, whatever it is
    std::shared_ptr<void> lease{};           // of a key's credits and places: until this is gone
  };
  // `api` is the API's name, for keys that may use some of them alone; kNothing: a question about
  // the account.
  enum class Cost { kNothing, kPicture };
  virtual Verdict Judge(const Request& request, std::string_view api, Cost cost) = 0;

  // One more picture of a request that was let in: its credit. Rates do not count it.
  virtual Verdict JudgeMore(const Caller& caller) = 0;

  // A preflight's answer; nullopt where the request is none.
  virtual std::optional<Response> Preflight(const Request& request) = 0;
  // What every answer to this request's origin carries.
  virtual void AddOrigin(const Request& request, Response& response) = 0;

  // The picture was made: it costs.
  virtual void Charge(const Verdict& verdict) = 0;
  // Key and secret files anew; what is broken leaves the old ones in force. The message of what is.
  virtual std::string Reload() = 0;
  virtual bool wants_keys() const = 0;
  // Who is told that the files were read anew, or could not be.
  using Tell = std::function<void(bool is_failure, const std::string& text)>;
  virtual void set_tell(Tell tell) = 0;
};

}  // namespace peel::server
