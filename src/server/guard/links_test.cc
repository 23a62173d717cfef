// Signed links, and pages of other origins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "src/server/guard/cors.h"
#include "src/server/guard/secret.h"
#include "src/server/guard/signed_link.h"

namespace peel::server {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kExpires = 1'800'000'000;
const std::chrono::system_clock::time_point kBefore{std::chrono::seconds(kExpires - 1)};
const std::chrono::system_clock::time_point kAfter{std::chrono::seconds(kExpires)};

using Pairs = std::vector<std::pair<std::string, std::string>>;

Fields QueryOf(const Pairs& pairs) {
  Fields query;
  for (const auto& [name, value] : pairs) query.Add(name, value);
  return query;
}

// The pairs of a query whose values have nothing encoded but %20, which is a space.
Pairs PairsOf(std::string query) {
  Pairs pairs;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string pair = query.substr(0, end);
    std::string value = pair.substr(pair.find('=') + 1);
    for (size_t at = 0; (at = value.find("%20")) != value.npos;) value.replace(at, 3, " ");
    pairs.emplace_back(pair.substr(0, pair.find('=')), value);
    query.erase(0, end + 1);
  }
  return pairs;
}

class SignedLinkTest : public ::testing::Test {
 protected:
  // A request for /v1/cut that is signed with the first secret.
  Request Signed(const Pairs& pairs = {{"format", "png"}, {"a", "x y"}}) {
    Request request;
    request.method = "GET";
    request.path = "/v1/cut";
    const auto query = SignLink("GET", "/v1/cut", QueryOf(pairs), secrets_[0], kExpires);
    EXPECT_TRUE(query.ok());
    request.query = QueryOf(PairsOf(*query));
    return request;
  }
  bool IsGood(const Request& request) { return CheckLink(request, secrets_, kBefore).ok(); }

  std::vector<LinkSecret> secrets_ = {{"new", std::string(32, 'n')}, {"old", std::string(32, 'o')}};
};

TEST_F(SignedLinkTest, TheTextIsAsItIsDescribed) {
  const Fields query = QueryOf({{"b", "2"},
                                {"a", "z"},
                                {"a", "\xc3\xbc &=+~"},
                                {"expires", "5"},
                                {"signature", "left out"},
                                {"key", "k"},
                                {"", ""}});
  EXPECT_EQ(LinkText("POST", "/v1/a b/\xff", query),
            "POST\n/v1/a%20b/%FF\n=&a=z&a=%C3%BC%20%26%3D%2B~&b=2&expires=5&key=k");
  EXPECT_EQ(LinkText("HEAD", "/", Fields()), "GET\n/\n");
  // One whose signature was made by other means (Python's hmac).
  const auto signed_query = SignLink("GET", "/v1/cut", QueryOf({{"format", "png"}}),
                                     {"k", "0123456789abcdef0123456789abcdef"}, kExpires);
  EXPECT_EQ(*signed_query,
            "expires=1800000000&format=png&key=k&signature="
            "xxhYFyV0LWMLeoM6Olnw0JhP8tIKnVtXq5TG4G99YCc");
}

TEST_F(SignedLinkTest, ALinkIsGoodUntilItExpires) {
  const Request request = Signed();
  EXPECT_TRUE(HasSignature(request));
  const auto checked = CheckLink(request, secrets_, kBefore);
  ASSERT_TRUE(checked.ok()) << checked.status().message();
  EXPECT_EQ((*checked)->id, "new");
  const auto expired = CheckLink(request, secrets_, kAfter);
  ASSERT_FALSE(expired.ok());
  EXPECT_THAT(expired.status().message(), HasSubstr("expired"));
  EXPECT_FALSE(CheckLink(request, secrets_, kAfter + std::chrono::hours(100'000)).ok());
  EXPECT_FALSE(HasSignature(Request()));
}

TEST_F(SignedLinkTest, TheOrderOfParametersDoesNotCount) {
  Request request = Signed();
  Pairs pairs = request.query.all();
  std::ranges::sort(pairs);
  do {
    request.query = QueryOf(pairs);
    EXPECT_TRUE(IsGood(request));
  } while (std::ranges::next_permutation(pairs).found);
  request.method = "HEAD";
  EXPECT_TRUE(IsGood(request));
}

TEST_F(SignedLinkTest, WhatWasChangedIsRefused) {
  const Pairs good = Signed().query.all();
  const auto refused = [&](const Pairs& pairs) {
    Request request = Signed();
    request.query = QueryOf(pairs);
    const auto checked = CheckLink(request, secrets_, kBefore);
    EXPECT_FALSE(checked.ok());
    // A link that was changed is not told whether it has expired.
    EXPECT_THAT(checked.status().message(), HasSubstr("signature"));
  };
  for (size_t i = 0; i < good.size(); ++i) {
    Pairs pairs = good;  // one parameter less
    pairs.erase(pairs.begin() + static_cast<ptrdiff_t>(i));
    refused(pairs);
    pairs = good;  // twice
    pairs.push_back(good[i]);
    refused(pairs);
    for (size_t c = 0; c < good[i].second.size(); ++c) {  // each character
      pairs = good;
      pairs[i].second[c] = pairs[i].second[c] == '1' ? '2' : '1';
      refused(pairs);
    }
    pairs = good;  // something more
    pairs[i].second += "0";
    refused(pairs);
    pairs = good;
    pairs[i].second.clear();
    refused(pairs);
    pairs = good;
    pairs[i].first += "x";
    refused(pairs);
  }
  Pairs pairs = good;
  pairs.emplace_back("more", "1");
  refused(pairs);
  // What stands in one value cannot move into another: a=x y&format=png.
  for (auto& [name, value] : pairs = good) {
    if (name == "a") value = "x y&format=png";
  }
  std::erase_if(pairs, [](const auto& pair) { return pair.first == "format"; });
  refused(pairs);
  Request request = Signed();
  request.path = "/v1/cut/";
  EXPECT_FALSE(IsGood(request));
  request = Signed();
  request.method = "POST";
  EXPECT_FALSE(IsGood(request));
  request.method = "get";
  EXPECT_FALSE(IsGood(request));
}

TEST_F(SignedLinkTest, TimesHaveOneForm) {
  // Even with a right signature.
  for (const char* const time :
       {"", "0", "01800000000", "+1800000000", "-1", "1.8e9", "18000000000", " 1800000000",
        "0x6b49d200", "99999999999999999999"}) {
    Fields query = QueryOf({{"expires", time}, {"key", "new"}});
    query.Add("signature",
              ToBase64Url(HmacSha256(secrets_[0].secret, LinkText("GET", "/", query))));
    Request request;
    request.method = "GET";
    request.path = "/";
    request.query = query;
    EXPECT_FALSE(IsGood(request)) << time;
  }
  EXPECT_FALSE(SignLink("GET", "/", Fields(), secrets_[0], 0).ok());
  EXPECT_FALSE(SignLink("GET", "/", Fields(), secrets_[0], -5).ok());
  EXPECT_FALSE(SignLink("GET", "/", Fields(), secrets_[0], 10'000'000'000).ok());
  for (const char* const own : {"expires", "key", "signature"}) {
    EXPECT_FALSE(SignLink("GET", "/", QueryOf({{own, "x"}}), secrets_[0], kExpires).ok());
  }
}

TEST_F(SignedLinkTest, SecretsRotate) {
  const Request request = Signed();
  std::swap(secrets_[0], secrets_[1]);
  EXPECT_TRUE(IsGood(request));
  secrets_[1].secret[31] = 'x';  // "new"
  EXPECT_FALSE(IsGood(request));
  secrets_.pop_back();
  EXPECT_FALSE(IsGood(request));
  EXPECT_TRUE(IsGood(Signed()));
  secrets_.clear();
  EXPECT_FALSE(IsGood(request));
}

class CorsTest : public ::testing::Test {
 protected:
  CorsTest() {
    request_.method = "GET";
    request_.headers.Add("Origin", "https://app.example.com");
  }
  std::string Header(const std::string& name) {
    Response response;
    cors_.Apply(request_, &response);
    return std::string(response.headers.Get(name));
  }
  Cors cors_;
  Request request_;
};

TEST_F(CorsTest, OffItSaysNothing) {
  Response response;
  cors_.Apply(request_, &response);
  EXPECT_TRUE(response.headers.all().empty());
  request_.method = "OPTIONS";
  request_.headers.Add("Access-Control-Request-Method", "POST");
  EXPECT_FALSE(cors_.Preflight(request_).has_value());
}

TEST_F(CorsTest, AnOriginThatIsNotListedIsNeverReflected) {
  ASSERT_TRUE(cors_.Allow("https://app.example.com").ok());
  ASSERT_TRUE(cors_.Allow("http://localhost:3000").ok());
  EXPECT_EQ(Header("Access-Control-Allow-Origin"), "https://app.example.com");
  EXPECT_EQ(Header("Vary"), "Origin");
  EXPECT_THAT(Header("Access-Control-Expose-Headers"), HasSubstr("X-Peel-Model"));
  for (const char* const origin :
       {"https://app.example.com.evil.example", "https://evil.example", "http://app.example.com",
        "https://app.example.com:444", "https://APP.example.com", "https://app.example.com/",
        "null", "*", "", "https://app.example.com, https://evil.example",
        "http://localhost:3001"}) {
    request_.headers.Set("Origin", origin);
    EXPECT_EQ(Header("Access-Control-Allow-Origin"), "") << origin;
    EXPECT_EQ(Header("Access-Control-Expose-Headers"), "") << origin;
    EXPECT_EQ(Header("Vary"), "Origin") << origin;
  }
}

TEST_F(CorsTest, AnyIsAStarWithoutCredentials) {
  ASSERT_TRUE(cors_.Allow("*").ok());
  EXPECT_EQ(Header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(Header("Access-Control-Allow-Credentials"), "");
  EXPECT_EQ(Header("Vary"), "");
}

TEST_F(CorsTest, APreflightIsAnswered) {
  ASSERT_TRUE(cors_.Allow("https://app.example.com").ok());
  EXPECT_FALSE(cors_.Preflight(request_).has_value());
  request_.method = "OPTIONS";
  EXPECT_FALSE(cors_.Preflight(request_).has_value());
  request_.headers.Add("Access-Control-Request-Method", "POST");
  auto answer = cors_.Preflight(request_);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(answer->headers.Get("Access-Control-Allow-Origin"), "https://app.example.com");
  EXPECT_THAT(std::string(answer->headers.Get("Access-Control-Allow-Headers")),
              HasSubstr("X-Api-Key"));
  EXPECT_FALSE(answer->headers.Has("Access-Control-Allow-Credentials"));
  request_.headers.Set("Origin", "https://evil.example");
  answer = cors_.Preflight(request_);
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->headers.Has("Access-Control-Allow-Origin"));
  EXPECT_FALSE(answer->headers.Has("Access-Control-Allow-Methods"));
  EXPECT_EQ(answer->headers.Get("Vary"), "Origin");
}

TEST_F(CorsTest, WhatNoBrowserSendsIsNoOrigin) {
  for (const char* const text :
       {"", "null", "app.example.com", "https://", "https://a/", "https://A.example", "ftp://a",
        "https://*.example.com", "https://a b", "https://u@a", "https://a:", "https://:80",
        "https://a:443", "http://a:80", "https://a?x", "**"}) {
    const Status status = cors_.Allow(text);
    EXPECT_FALSE(status.ok()) << text;
  }
  EXPECT_FALSE(cors_.is_on());
  EXPECT_TRUE(cors_.Allow("http://[::1]:3000").ok());
}

}  // namespace
}  // namespace peel::server
