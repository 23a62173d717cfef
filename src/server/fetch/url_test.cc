#include "src/server/fetch/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "src/server/fetch/fetch_rules.h"

namespace peel::server {
namespace {

using ::testing::HasSubstr;

std::string TextOf(std::string_view text) {
  const auto url = ParseUrl(text);
  return url.ok() ? url->Text() : "refused: " + url.status().message();
}

TEST(UrlTest, OnesThatAreUsedAreRead) {
  EXPECT_EQ(TextOf("http://example.com"), "http://example.com/");
  EXPECT_EQ(TextOf("HTTPS://Example.COM:443/A/b?c=D#e"), "https://example.com/A/b?c=D");
  EXPECT_EQ(TextOf("http://example.com:443/"), "http://example.com:443/");
  EXPECT_EQ(TextOf("http://example.com?x=1"), "http://example.com/?x=1");
  EXPECT_EQ(TextOf("http://example.com./x"), "http://example.com/x");
  EXPECT_EQ(TextOf("https://xn--bcher-kva.example/%C3%BC.jpg"),
            "https://xn--bcher-kva.example/%C3%BC.jpg");
  EXPECT_EQ(TextOf("http://my_bucket.s3.example/a+b;c,d@e:f!g"),
            "http://my_bucket.s3.example/a+b;c,d@e:f!g");
  EXPECT_EQ(TextOf("http://8.8.8.8/"), "http://8.8.8.8/");
  EXPECT_EQ(TextOf("http://8.8.8.8./"), "http://8.8.8.8/");
  EXPECT_EQ(TextOf("http://[2A00:0::1]:8080/x"), "http://[2a00::1]:8080/x");
  EXPECT_EQ(TextOf("http://1.example.com/"), "http://1.example.com/");
  const auto url = ParseUrl("https://[::ffff:127.0.0.1]/");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->address && url->is_tls && url->port == 443);
  EXPECT_FALSE(IsPublic(*url->address));
}

TEST(UrlTest, WhatCouldBeReadInTwoWaysIsRefused) {
  const std::string nul("http://example.com/\0x", 21);
  for (const std::string& text : {nul,
                                  std::string(),
                                  std::string("example.com/a.jpg"),
                                  std::string("//example.com/"),
                                  std::string("/etc/passwd"),
                                  std::string("file:///etc/passwd"),
                                  std::string("gopher://example.com/"),
                                  std::string("ftp://example.com/"),
                                  std::string("http:/example.com/"),
                                  std::string("http:example.com"),
                                  std::string("http:///example.com/"),
                                  std::string("http://"),
                                  std::string("http://."),
                                  std::string("http://:80/"),
                                  std::string("http://user@example.com/"),
                                  std::string("http://user:word@example.com/"),
                                  std::string("http://@example.com/"),
                                  std::string("http://example.com@127.0.0.1/"),
                                  std::string("http://example.com\\@127.0.0.1/"),
                                  std::string("http:\\\\example.com/"),
                                  std::string("http://example.com/a b"),
                                  std::string(" http://example.com/"),
                                  std::string("http://example.com/\r\nX: y"),
                                  std::string("http://exam\tple.com/"),
                                  std::string("http://example.com/\x7f"),
                                  std::string("http://b\xc3\xbc"
                                              "cher.example/"),
                                  std::string("http://example.com/\xc3\xbc"),
                                  std::string("http://exa%6dple.com/"),
                                  std::string("http://127.0.0.1%2f@example.com/"),
                                  std::string("http://example.com/%"),
                                  std::string("http://example.com/%4"),
                                  std::string("http://example.com/%zz"),
                                  std::string("http://example.com:/"),
                                  std::string("http://example.com:0/"),
                                  std::string("http://example.com:65536/"),
                                  std::string("http://example.com:99999999999999999999/"),
                                  std::string("http://example.com:80x/"),
                                  std::string("http://example.com:-80/"),
                                  std::string("http://example.com:+80/"),
                                  std::string("http://example.com:80:80/"),
                                  std::string("http://0x7f.1/"),
                                  std::string("http://0x7f000001/"),
                                  std::string("http://2130706433/"),
                                  std::string("http://017700000001/"),
                                  std::string("http://127.1/"),
                                  std::string("http://127.0.1/"),
                                  std::string("http://0177.0.0.1/"),
                                  std::string("http://127.0.0.01/"),
                                  std::string("http://127.0.0.0x1/"),
                                  std::string("http://256.0.0.1/"),
                                  std::string("http://1.2.3.4.5/"),
                                  std::string("http://a.b.1/"),
                                  std::string("http://127.0.0.1../"),
                                  std::string("http://a..b/"),
                                  std::string("http://-a.example/"),
                                  std::string("http://a-.example/"),
                                  std::string("http://a,b/"),
                                  std::string("http://a'b/"),
                                  std::string("http://[::1%25eth0]/"),
                                  std::string("http://[fe80::1%eth0]/"),
                                  std::string("http://[::1/"),
                                  std::string("http://[::1]x/"),
                                  std::string("http://[]/"),
                                  std::string("http://[127.0.0.1]/"),
                                  std::string("http://::1/"),
                                  std::string("http://[v1.x]/"),
                                  "http://" + std::string(64, 'a') + ".example/",
                                  "http://" + std::string(260, 'a') + "/",
                                  "http://example.com/" + std::string(8192, 'a'),
                                  std::string("http://ex<ample/"),
                                  std::string("http://example.com/\"")}) {
    const auto url = ParseUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.status().code(), StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(url.status().message(), HasSubstr("refused")) << text;
  }
  EXPECT_THAT(TextOf("DATA:image/png;base64,AAAA"), HasSubstr("base64"));
}

TEST(UrlTest, RedirectsAreFollowedAsRfc3986Says) {
  const auto base = ParseUrl("http://a.example/b/c/d?q");
  ASSERT_TRUE(base.ok());
  const auto to = [&](std::string_view location) {
    const auto url = ResolveLocation(*base, location);
    return url.ok() ? url->Text() : "refused";
  };
  EXPECT_EQ(to("g"), "http://a.example/b/c/g");
  EXPECT_EQ(to("./g"), "http://a.example/b/c/g");
  EXPECT_EQ(to("g/"), "http://a.example/b/c/g/");
  EXPECT_EQ(to("/g"), "http://a.example/g");
  EXPECT_EQ(to("//g.example/x"), "http://g.example/x");
  EXPECT_EQ(to("?y"), "http://a.example/b/c/d?y");
  EXPECT_EQ(to("g?y#s"), "http://a.example/b/c/g?y");
  EXPECT_EQ(to("#s"), "http://a.example/b/c/d?q");
  EXPECT_EQ(to(".."), "http://a.example/b/");
  EXPECT_EQ(to("../../../../g"), "http://a.example/g");
  EXPECT_EQ(to("/./a/../b/."), "http://a.example/b/");
  EXPECT_EQ(to("https://g.example:443/"), "https://g.example/");
  EXPECT_EQ(to("g:h"), "refused");
  EXPECT_EQ(to(""), "refused");
  EXPECT_EQ(to("//user@g.example/"), "refused");
  EXPECT_EQ(to("file:///etc/passwd"), "refused");
  EXPECT_EQ(to("http://127.1/"), "refused");
}

TEST(UrlTest, NoWayLeadsBackFromHttps) {
  const auto base = ParseUrl("https://a.example/b");
  ASSERT_TRUE(base.ok());
  EXPECT_FALSE(ResolveLocation(*base, "http://a.example/b").ok());
  EXPECT_EQ(ResolveLocation(*base, "/c")->Text(), "https://a.example/c");
  EXPECT_EQ(ResolveLocation(*base, "//b.example/c")->Text(), "https://b.example/c");
}

class FetchRulesTest : public ::testing::Test {
 protected:
  void Allow(const char* text) {
    const Status status = rules_.Allow(text);
    EXPECT_TRUE(status.ok()) << status.message();
  }
  // Whether a server of this URL, whose host has these addresses, may be asked.
  bool May(const char* text, const std::vector<const char*>& addresses) {
    const auto url = ParseUrl(text);
    EXPECT_TRUE(url.ok()) << text;
    std::vector<boost::asio::ip::address> parsed;
    for (const char* const address : addresses) {
      parsed.push_back(boost::asio::ip::make_address(address));
    }
    return url.ok() && rules_.CheckUrl(*url).ok() && rules_.CheckAddresses(*url, parsed).ok();
  }
  FetchRules rules_;
};

TEST_F(FetchRulesTest, OnlyThePublicInternetByDefault) {
  EXPECT_TRUE(May("http://a.example/", {"8.8.8.8", "2a00:1450::1"}));
  EXPECT_TRUE(May("http://a.example:443/", {"8.8.8.8"}));
  EXPECT_FALSE(May("http://a.example:8080/", {"8.8.8.8"}));
  EXPECT_FALSE(May("http://a.example:22/", {"8.8.8.8"}));
  EXPECT_FALSE(May("http://a.example/", {}));
  EXPECT_FALSE(May("http://a.example/", {"8.8.8.8", "127.0.0.1"}));
  EXPECT_FALSE(May("http://a.example/", {"fe80::1", "8.8.8.8"}));
}

TEST_F(FetchRulesTest, NetworksAreAllowedWithTheirPorts) {
  Allow("10.1.0.0/16");
  Allow("[fd00::/8]:9000");
  Allow("192.168.1.1:8080");
  EXPECT_TRUE(May("http://a.example:1234/", {"10.1.2.3"}));
  EXPECT_FALSE(May("http://a.example/", {"10.2.2.3"}));
  EXPECT_FALSE(May("http://a.example/", {"10.1.2.3", "10.2.2.3"}));
  EXPECT_TRUE(May("http://a.example:9000/", {"fd00::1"}));
  EXPECT_FALSE(May("http://a.example/", {"fd00::1"}));
  EXPECT_TRUE(May("http://a.example:8080/", {"192.168.1.1"}));
  EXPECT_FALSE(May("http://a.example:8080/", {"192.168.1.2"}));
  // A network that allows a port allows it for no one else.
  EXPECT_FALSE(May("http://a.example:1234/", {"8.8.8.8"}));
}

TEST_F(FetchRulesTest, NamesAreAllowedWhateverTheyResolveToButNeverMetadata) {
  Allow("minio.internal:9000");
  Allow("*.cdn.example");
  EXPECT_TRUE(May("http://minio.internal:9000/", {"10.0.0.1"}));
  EXPECT_FALSE(May("http://minio.internal:9001/", {"10.0.0.1"}));
  EXPECT_FALSE(May("http://minio.internal/", {"10.0.0.1"}));
  EXPECT_TRUE(May("http://a.cdn.example:81/", {"10.0.0.1"}));
  EXPECT_FALSE(May("http://cdn.example/", {"10.0.0.1"}));
  EXPECT_FALSE(May("http://evilcdn.example/", {"10.0.0.1"}));
  EXPECT_FALSE(May("http://a.cdn.example/", {"169.254.169.254"}));
  EXPECT_FALSE(May("http://a.cdn.example/", {"::ffff:169.254.169.254"}));
}

TEST_F(FetchRulesTest, WhatIsNoRuleIsRefused) {
  for (const char* const text :
       {"", ":80", "a:b", "a:0", "a:70000", "http://a/", "a/b", "10.0.0.1/8", "[fd00::/8",
        "[fd00::/8]x", "*", "*.", "*.10.0.0.1", "a b", "127.1"}) {
    EXPECT_FALSE(rules_.Allow(text).ok()) << text;
  }
}

}  // namespace
}  // namespace peel::server
