#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "src/server/http/message.h"

namespace peel::server {

// A request that waits for its answer. Everything happens on the server's one thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual Request& request() = 0;
  // Once. Does nothing where the client has gone.
  virtual void Reply(Response response) = 0;
  // Called where the client goes before Reply: whatever is being done for it can stop. A client
  // that ends its side of the connection while it waits has gone. May be set more than once; one
  // that is set too late is called soon. An exchange that is let go without Reply is answered with
  // 500.
  virtual void OnGone(std::function<void()> gone) = 0;
};

// What a connection asks before it reads a body.
struct BodyLimits {
  uint64_t max_bytes = uint64_t{64} << 20;
  std::chrono::seconds whole{120};          // from the head's end to the body's
  uint64_t min_bytes_per_second = 4 << 10;  // after the grace: slower is cut off; 0: none
  std::chrono::milliseconds grace{5'000};
};

class Handler {
 public:
  virtual ~Handler() = default;
  // With the head alone; request.body is empty. An answer refuses the request without its body
  // being read (the connection then closes where there is one); else `limits` may be set.
  virtual std::optional<Response> Admit(Request& request, BodyLimits& limits) = 0;
  // A whole request.
  virtual void Handle(std::shared_ptr<Exchange> exchange) = 0;
  // For what the connection refuses by itself, in the form of the API that the path belongs to:
  // 400 (malformed), 408, 411, 413, 414, 417, 431, 500, 501, 503, 505. `request` is what is known
  // of it: path and method may be "".
  virtual Response Refuse(const Request& request, int status, const std::string& why) = 0;
};

}  // namespace peel::server
