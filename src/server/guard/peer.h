#pragma once

#include <string>
#include <string_view>

namespace peel::server {

// Whose limits a client's address counts for: an IPv4 address itself, of an IPv6 address its /64,
// which is the least that one customer has ("2001:db8:1:2::/64"). ::ffff:a.b.c.d is a.b.c.d. What
// is no address (a Unix socket) is "other".
std::string PeerGroup(std::string_view peer);

// The next larger one, "2001:db8:1::/48" and "192.0.2.0/24": for what many groups of one hand do.
std::string PeerBlock(std::string_view peer);

}  // namespace peel::server
