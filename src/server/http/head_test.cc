#include "src/server/http/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "src/server/http/answer_head.h"
#include "src/server/http/proxies.h"
#include "src/server/http/trace.h"
#include "src/server/http/url.h"

namespace peel::server {
namespace {

using ::testing::MatchesRegex;

int StatusOf(const std::string& head) {
  const auto refusal = CheckHead(head);
  return refusal ? refusal->status : 0;
}

TEST(HeadTest, PassesWhatAllReadAlike) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("OPTIONS * HTTP/1.1\r\nHost:\r\nX:\t a \r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 007\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n"), 0);
}

TEST(HeadTest, RefusesWhatTwoServersMayReadDifferently) {
  const auto with = [](const std::string& line) {
    return StatusOf("POST / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n");
  };
  EXPECT_EQ(with("Content-Length: 1\r\nTransfer-Encoding: chunked"), 400);
  EXPECT_EQ(with("Content-Length: 1\r\nContent-Length: 1"), 400);
  for (const char* length : {"", "1,1", "+1", "-1", "1 1", "0x1", "1a", "9223372036854775808",
                             "99999999999999999999999", "1.0"}) {
    EXPECT_EQ(with("Content-Length: " + std::string(length)), 400) << length;
  }
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400);
  EXPECT_EQ(with("Transfer-Encoding: gzip, chunked"), 501);
  EXPECT_EQ(with("Transfer-Encoding: xchunked"), 400);
  EXPECT_EQ(with("Transfer-Encoding: chunked, gzip"), 400);
  EXPECT_EQ(with("Content-Length : 1"), 400);
  EXPECT_EQ(with(" Content-Length: 1"), 400);
  EXPECT_EQ(with("X: a\r\n\tb"), 400);
  EXPECT_EQ(with("X: a\nContent-Length: 1"), 400);
  EXPECT_EQ(with("X: a\rContent-Length: 1"), 400);
  EXPECT_EQ(with(std::string("X: a\0b", 6)), 400);
  EXPECT_EQ(with("no colon"), 400);
  EXPECT_EQ(with(": empty"), 400);
  EXPECT_EQ(with("Host: h"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1 \r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET /\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n"), 501);
}

TEST(HeadTest, FindsTheEndInWhateverPieces) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n\r\nbody";
  size_t from = 0;
  for (size_t size = 0; size < text.size() - 4; ++size) {
    EXPECT_EQ(FindHeadEnd(text.substr(0, size), from), 0u) << size;
  }
  EXPECT_EQ(FindHeadEnd(text, from), text.size() - 4);
  from = 0;
  EXPECT_EQ(FindHeadEnd("GET / HTTP/1.1\nHost: h\n\nbody\r\n\r\n", from), 24u);
}

TEST(UrlTest, ReadsTargets) {
  const auto target = ParseTarget("/a%2Fb/%C3%A4?x=1+2&y=%26&x=3&z");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "/a/b/\u00e4");
  EXPECT_EQ(target->query.Get("x"), "1 2");
  EXPECT_EQ(target->query.Get("y"), "&");
  EXPECT_TRUE(target->query.Has("z"));
  EXPECT_EQ(ParseTarget("HTTP://h:80")->path, "/");
  EXPECT_EQ(ParseTarget("https://h?x=1")->query.Get("x"), "1");
  EXPECT_EQ(ParseTarget("/+")->path, "/+");
  for (const char* bad : {"", "x", "/%", "/%4", "/%zz", "/%00", "/%ff", "/%0a", "/#a", "http://",
                          "http:///a", "ftp://h/", "/?a=%", "//%c0%af"}) {
    EXPECT_FALSE(ParseTarget(bad).ok()) << bad;
  }
  EXPECT_EQ(*PercentDecode(PercentEncode("a b/\u00e4?&%"), Plus::kIsPlus), "a b/\u00e4?&%");
}

TEST(TraceTest, ContinuesValidTracesAlone) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", span = "00f067aa0ba902b7";
  EXPECT_THAT(Traceparent("00-" + trace + "-" + span + "-00"),
              MatchesRegex("00-" + trace + "-[0-9a-f]{16}-00"));
  EXPECT_THAT(Traceparent("01-" + trace + "-" + span + "-03-more"),
              MatchesRegex("00-" + trace + "-[0-9a-f]{16}-01"));
  for (const std::string& bad :
       {std::string(), "ff-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-01-more",
        "00-" + std::string(32, '0') + "-" + span + "-01",
        "00-" + trace + "-" + std::string(16, '0') + "-01", "00-" + trace + "-" + span + "-0G",
        "00-" + std::string(32, 'A') + "-" + span + "-01"}) {
    EXPECT_THAT(Traceparent(bad), MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
    EXPECT_THAT(Traceparent(bad), ::testing::Not(::testing::HasSubstr(trace))) << bad;
  }
  EXPECT_EQ(RequestId(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(RequestId(std::string(65, 'a')).size(), 16u);
  EXPECT_NE(RequestId(""), RequestId(""));
}

TEST(ProxiesTest, ReadsForwardedAddressesFromTheEnd) {
  const auto proxies = TrustedProxies::Parse({"10.0.0.0/8", "fd00::/8", "192.0.2.1", "unix"});
  ASSERT_TRUE(proxies.ok());
  const auto client = [&](const std::string& header) {
    Fields headers(Fields::Case::kIgnored);
    headers.Add("x-forwarded-for", header);
    return proxies->Client("10.0.0.1", headers);
  };
  EXPECT_EQ(client("1.1.1.1, 2.2.2.2"), "2.2.2.2");
  EXPECT_EQ(client("1.1.1.1, 2.2.2.2:80, 10.255.255.255, 192.0.2.1"), "2.2.2.2");
  EXPECT_EQ(client("[2001:db8::1]:443, fd00::1"), "2001:db8::1");
  EXPECT_EQ(client("::ffff:2.2.2.2"), "2.2.2.2");
  EXPECT_EQ(client("10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(client("1.1.1.1, <script>"), "10.0.0.1");
  EXPECT_EQ(client(""), "10.0.0.1");
  EXPECT_TRUE(proxies->trusts_unix());
  using boost::asio::ip::make_address;
  EXPECT_TRUE(proxies->Trusts(make_address("10.0.0.0")));
  EXPECT_TRUE(proxies->Trusts(make_address("::ffff:10.1.2.3")));
  EXPECT_FALSE(proxies->Trusts(make_address("192.0.2.2")));
  EXPECT_FALSE(TrustedProxies::Parse({"everyone"}).ok());
}

TEST(AnswerHeadTest, WritesDates) {
  EXPECT_EQ(HttpDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(HttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace peel::server
