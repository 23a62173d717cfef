#include "src/server/fetch/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace peel::server {
namespace {

using boost::asio::ip::make_address;

TEST(AddressTest, NoPrivateOrSpecialAddressIsPublic) {
  for (const char* const text :
       {"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.31.196.1", "192.52.193.1",
        "192.88.99.1", "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1",
        "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "168.63.129.16",
        // Unspecified, loopback, mapped, compatible, translated, NAT64 of both kinds, discard.
        "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8",
        "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
        // Teredo, benchmarks, ORCHID, documentation, 6to4, ISATAP.
        "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
        "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "3ffe::1", "2620:4f:8000::1",
        "2a00:1450:1:2:0:5efe:7f00:1", "2a00:1450:1:2:200:5efe:7f00:1",
        // ULA, link-local, site-local, multicast, the rest that is not given out.
        "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "febf::1", "fec0::1", "feff::1",
        "ff02::1", "ff0e::1", "4000::1", "5f00::1", "8000::1", "1fff::1"}) {
    EXPECT_FALSE(IsPublic(make_address(text))) << text;
  }
}

TEST(AddressTest, PublicOnesArePublicUpToTheEdges) {
  for (const char* const text : {"1.1.1.1",         "8.8.8.8",
                                 "9.255.255.255",   "11.0.0.0",
                                 "100.63.255.255",  "100.128.0.0",
                                 "126.255.255.255", "128.0.0.1",
                                 "169.253.255.255", "169.255.0.0",
                                 "172.15.255.255",  "172.32.0.0",
                                 "192.0.1.1",       "192.0.3.1",
                                 "192.167.255.255", "192.169.0.0",
                                 "198.17.255.255",  "198.20.0.0",
                                 "223.255.255.255", "168.63.129.17",
                                 "2606:4700::1111", "2a00:1450:4001::200e",
                                 "2001:200::1",     "2001:4860:4860::8888",
                                 "2003::1",         "2620:4f:7fff::1"}) {
    EXPECT_TRUE(IsPublic(make_address(text))) << text;
  }
}

TEST(AddressTest, SomeAreNeverAServer) {
  for (const char* const text : {"0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::",
                                 "ff02::1", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254"}) {
    EXPECT_TRUE(IsNeverAServer(make_address(text))) << text;
  }
  for (const char* const text : {"127.0.0.1", "10.0.0.1", "::1", "fd12::1", "8.8.8.8"}) {
    EXPECT_FALSE(IsNeverAServer(make_address(text))) << text;
  }
}

TEST(AddressTest, NetworksContainTheirAddresses) {
  const auto contains = [](const char* network, const char* address) {
    const auto parsed = Network::Parse(network);
    EXPECT_TRUE(parsed.ok()) << network;
    return parsed.ok() && parsed->Contains(make_address(address));
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("10.128.0.0/9", "10.128.0.1"));
  EXPECT_FALSE(contains("10.128.0.0/9", "10.127.0.1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2a00::1"));
  EXPECT_TRUE(contains("192.168.1.1", "192.168.1.1"));
  EXPECT_FALSE(contains("192.168.1.1", "192.168.1.2"));
  EXPECT_TRUE(contains("fd00::/8", "fdff::1"));
  EXPECT_FALSE(contains("fd00::/8", "fc00::1"));
}

TEST(AddressTest, WhatIsNoNetworkIsRefused) {
  for (const char* const text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8",
        "fd00::1/8", "fd00::/129", "example.com/8", "fe80::1%lo/64", "::ffff:10.0.0.0/104"}) {
    const auto network = Network::Parse(text);
    ASSERT_FALSE(network.ok()) << text;
    EXPECT_EQ(network.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(network.status().message(), testing::HasSubstr(text));
  }
}

}  // namespace
}  // namespace peel::server
