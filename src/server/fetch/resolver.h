#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel::server {

// Finds the addresses of a name; something of its own in tests.
class Resolver {
 public:
  using Callback = std::function<void(Result<std::vector<boost::asio::ip::address>>)>;
  virtual ~Resolver() = default;
  // `done` is called once, on the context's thread; it may be at once, or never where the context
  // ends before. kNotFound where there is no such name.
  virtual void Resolve(const std::string& host, Callback done) = 0;
};

// The system's (getaddrinfo, in a thread that Asio keeps for it). A look-up that hangs delays those
// behind it until it ends by itself, and the end of the context too.
std::unique_ptr<Resolver> SystemResolver(boost::asio::io_context& context);

}  // namespace peel::server
