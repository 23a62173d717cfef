#include "src/server/fetch/resolver.h"

#include <boost/asio/ip/tcp.hpp>
#include <utility>

namespace peel::server {
namespace {

using boost::asio::ip::tcp;

class System final : public Resolver {
 public:
  explicit System(boost::asio::io_context& context) : resolver_(context) {}

  void Resolve(const std::string& host, Callback done) override {
    resolver_.async_resolve(
        host, "", tcp::resolver::flags(),
        [host, done = std::move(done)](boost::system::error_code error,
                                       const tcp::resolver::results_type& results) {
          if (error) {
            return done(
                NotFound("the host " + host + " cannot be found (" + error.message() + ")"));
          }
          std::vector<boost::asio::ip::address> addresses;
          for (const auto& entry : results) addresses.push_back(entry.endpoint().address());
          done(std::move(addresses));
        });
  }

 private:
  tcp::resolver resolver_;
};

}  // namespace

std::unique_ptr<Resolver> SystemResolver(boost::asio::io_context& context) {
  return std::make_unique<System>(context);
}

}  // namespace peel::server
