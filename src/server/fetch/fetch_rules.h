#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/server/fetch/address.h"
#include "src/server/fetch/url.h"

namespace peel::server {

// Which servers may be asked for a picture: those of the public Internet at ports 80 and 443, and
// what an operator adds.
class FetchRules {
 public:
  // One of the operator's own servers (--fetch-allow), its port optional and then any:
  //   10.1.0.0/16   10.1.2.3:9000   [fd00::/8]:9000   addresses, whichever name led there
  //   minio.internal   minio.internal:9000            a name, whichever addresses it has, but for
  //                                                   those of IsNeverAServer
  //   *.cdn.example.com                               names below that one
  // kInvalidArgument with what is wrong with the text.
  Status Allow(std::string_view text);

  // Before anything is resolved: the port. kInvalidArgument.
  Status CheckUrl(const Url& url) const;
  // All that a name resolved to: every one must be allowed, since one that is not among others that
  // are is how DNS rebinding looks. kInvalidArgument, which does not tell the address.
  Status CheckAddresses(const Url& url,
                        const std::vector<boost::asio::ip::address>& addresses) const;

 private:
  struct Entry {
    std::optional<Network> network;
    std::string name;  // where it is no network; "*.x" is ".x"
    int port = 0;      // 0: any
  };
  static bool NameFits(const Entry& entry, const Url& url);

  std::vector<Entry> entries_;
};

}  // namespace peel::server
