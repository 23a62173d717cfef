#include "src/server/fetch/fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/server/fetch/test_certificate.h"
#include "src/server/fetch/test_server.h"

namespace peel::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Then = TestAnswer::Then;

// Answers the addresses that a test gave for a name, one answer after the other; the last one
// stays.
class TestResolver final : public Resolver {
 public:
  explicit TestResolver(std::map<std::string, std::vector<std::vector<std::string>>>* names)
      : names_(names) {}
  void Resolve(const std::string& host, Callback done) override {
    asked.push_back(host);
    const auto found = names_->find(host);
    if (found == names_->end()) return done(NotFound("no such host"));
    if (found->second.empty()) return waiting.push_back(std::move(done));  // never answers
    std::vector<boost::asio::ip::address> addresses;
    for (const std::string& text : found->second.front()) {
      addresses.push_back(boost::asio::ip::make_address(text));
    }
    if (found->second.size() > 1) found->second.erase(found->second.begin());
    done(std::move(addresses));
  }

  std::vector<std::string> asked;
  std::vector<Callback> waiting;

 private:
  std::map<std::string, std::vector<std::vector<std::string>>>* const names_;
};

std::string Ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string Redirect(const std::string& to, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Found\r\nLocation: " + to +
         "\r\nContent-Length: 0\r\n\r\n";
}

class FetcherTest : public ::testing::Test {
 protected:
  FetcherTest() {
    options_.enabled = true;
    EXPECT_TRUE(options_.rules.Allow("127.0.0.1/32").ok());
    limits_.time = std::chrono::minutes(2);
  }

  void Serve(TestServer::Handler handler, boost::asio::ssl::context* tls = nullptr) {
    // Those before stay: what they serve may be under way still.
    servers_.push_back(std::make_unique<TestServer>(context_, std::move(handler), tls));
    server_ = servers_.back().get();
  }
  void Serve(TestAnswer answer) {
    Serve([answer = std::move(answer)](const std::string&) { return answer; });
  }
  std::string Url(const std::string& path = "/a.jpg", const std::string& host = "127.0.0.1",
                  const std::string& scheme = "http") const {
    return scheme + "://" + host + ":" + server_->port() + path;
  }

  void Make() {
    auto resolver = std::make_unique<TestResolver>(&names_);
    resolver_ = resolver.get();
    auto made = Fetcher::Make(context_, options_, std::move(resolver));
    ASSERT_TRUE(made.ok()) << made.status().message();
    fetcher_ = std::move(*made);
  }
  uint64_t Begin(const std::string& url) {
    if (!fetcher_) Make();
    answer_.reset();
    return fetcher_->Get(url, limits_, [this](Result<std::vector<uint8_t>> result) {
      EXPECT_FALSE(answer_.has_value()) << "called twice";
      answer_ = std::move(result);
    });
  }
  // Until a condition holds; the test's own time limit ends what never does.
  template <typename Condition>
  void RunUntil(Condition condition) {
    while (!condition()) {
      if (context_.stopped()) context_.restart();
      context_.run_one_for(std::chrono::seconds(1));
    }
  }
  // "ok: BODY" or "CODE: message".
  std::string Get(const std::string& url) {
    Begin(url);
    EXPECT_FALSE(answer_.has_value()) << "called within Get";
    RunUntil([this] { return answer_.has_value(); });
    return Told();
  }
  std::string Told() const {
    if (answer_->ok()) return "ok: " + std::string((*answer_)->begin(), (*answer_)->end());
    static const std::map<StatusCode, std::string> kNames = {
        {StatusCode::kInvalidArgument, "refused: "},
        {StatusCode::kNotFound, "not found: "},
        {StatusCode::kLimit, "limit: "},
        {StatusCode::kIo, "io: "},
        {StatusCode::kCancelled, "cancelled: "},
        {StatusCode::kUnsupported, "unsupported: "}};
    const auto name = kNames.find(answer_->status().code());
    return (name == kNames.end() ? "?: " : name->second) + answer_->status().message();
  }

  boost::asio::io_context context_{1};
  FetchOptions options_;
  FetchLimits limits_;
  std::map<std::string, std::vector<std::vector<std::string>>> names_;
  TestResolver* resolver_ = nullptr;
  std::vector<std::unique_ptr<TestServer>> servers_;
  TestServer* server_ = nullptr;
  std::unique_ptr<Fetcher> fetcher_;
  std::optional<Result<std::vector<uint8_t>>> answer_;
};

TEST_F(FetcherTest, BytesComeAsTheyAre) {
  const std::string body("\0\xff\r\n\r\npicture", 13);
  Serve({Ok(body)});
  EXPECT_EQ(Get(Url("/a.jpg?x=1&y=%20#part")), "ok: " + body);
  const std::string& request = server_->requests().at(0);
  EXPECT_THAT(request, AllOf(HasSubstr("GET /a.jpg?x=1&y=%20 HTTP/1.1\r\n"),
                             HasSubstr("Host: 127.0.0.1:" + server_->port() + "\r\n"),
                             HasSubstr("Accept-Encoding: identity\r\n"),
                             HasSubstr("Connection: close\r\n")));
  EXPECT_THAT(request, AllOf(Not(HasSubstr("Cookie")), Not(HasSubstr("Referer")),
                             Not(HasSubstr("Authorization"))));
  EXPECT_EQ(fetcher_->at_once(), 0);
}

TEST_F(FetcherTest, OffItAsksNobody) {
  options_.enabled = false;
  Serve({Ok("x")});
  EXPECT_THAT(Get(Url()), HasSubstr("unsupported: "));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(FetcherTest, LoopbackIsRefusedWithoutARule) {
  options_.rules = FetchRules();
  EXPECT_TRUE(options_.rules.Allow("10.0.0.0/8").ok());
  names_ = {{"in.test", {{"127.0.0.1"}}},
            {"both.test", {{"8.8.8.8", "127.0.0.1"}}},
            {"mapped.test", {{"::ffff:127.0.0.1"}}},
            {"nat.test", {{"64:ff9b::7f00:1"}}}};
  Serve({Ok("x")});
  for (const char* const host : {"127.0.0.1", "in.test", "both.test", "mapped.test", "nat.test",
                                 "[::1]", "[::ffff:127.0.0.1]"}) {
    EXPECT_THAT(Get(Url("/", host)), AllOf(HasSubstr("refused: "), Not(HasSubstr("8.8.8.8"))))
        << host;
    EXPECT_THAT(Get(std::string("http://") + host + "/"), HasSubstr("refused: ")) << host;
  }
  EXPECT_THAT(Get("http://169.254.169.254/latest/meta-data/"), HasSubstr("refused: "));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(FetcherTest, TheAddressThatWasCheckedIsTheOneThatIsAsked) {
  // The second answer leads elsewhere, as one who rebinds a name has it: it must not be asked for.
  names_ = {{"rebind.test", {{"127.0.0.1"}, {"127.0.0.2"}}}};
  Serve({Ok("first")});
  EXPECT_EQ(Get(Url("/", "rebind.test")), "ok: first");
  EXPECT_EQ(resolver_->asked.size(), 1U);
  EXPECT_THAT(server_->requests().at(0), HasSubstr("Host: rebind.test:" + server_->port()));
  // Asked anew it is checked anew.
  EXPECT_THAT(Get(Url("/", "rebind.test")), HasSubstr("refused: "));
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(FetcherTest, ARedirectIsCheckedFromTheBeginning) {
  names_ = {{"a.test", {{"127.0.0.1"}, {"127.0.0.2"}}}, {"inside.test", {{"127.0.0.3"}}}};
  std::string to;
  Serve([&](const std::string& request) -> TestAnswer {
    return {request.starts_with("GET /go ") ? Redirect(to) : Ok("there")};
  });
  to = "/there";
  EXPECT_EQ(Get(Url("/go")), "ok: there");
  const std::string port = server_->port();
  for (const std::string& bad : std::vector<std::string>{
           "http://inside.test:" + port + "/", "http://127.0.0.2:" + port + "/",
           "http://169.254.169.254/", "http://[::1]/", "http://127.1/", "file:///etc/passwd",
           "http://user@127.0.0.1/", "gopher://127.0.0.1/"}) {
    to = bad;
    const size_t before = server_->requests().size();
    EXPECT_THAT(Get(Url("/go")), HasSubstr("refused: ")) << bad;
    EXPECT_EQ(server_->requests().size(), before + 1) << bad;
  }
  // A name is resolved again for each redirect.
  to = "http://a.test:" + port + "/x";
  EXPECT_THAT(Get("http://a.test:" + port + "/go"), HasSubstr("refused: "));
}

TEST_F(FetcherTest, RedirectsHaveAnEnd) {
  int left = 5;
  Serve([&](const std::string&) -> TestAnswer {
    return {left-- > 0 ? Redirect("/" + std::to_string(left), 301 + left % 3) : Ok("end")};
  });
  EXPECT_EQ(Get(Url()), "ok: end");
  left = 6;
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
}

TEST_F(FetcherTest, ALimitHoldsWhateverWasAnnounced) {
  limits_.max_bytes = 1000;
  Serve({Ok(std::string(1000, 'x'))});
  EXPECT_EQ(Get(Url()), "ok: " + std::string(1000, 'x'));
  Serve({Ok(std::string(1001, 'x'))});
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
  // Announced alone: nothing is waited for.
  Serve({"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", Then::kHold});
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
  // Without an end, in chunks without an end, and headers without one.
  Serve({"HTTP/1.1 200 OK\r\n\r\n", Then::kRepeat, std::string(100, 'x')});
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
  Serve({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Then::kRepeat, "2\r\nxx\r\n"});
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
  Serve({"HTTP/1.1 200 OK\r\n", Then::kRepeat, "X-More: and more\r\n"});
  EXPECT_THAT(Get(Url()), HasSubstr("io: "));
  Serve({"HTTP/1.1 200 OK\r\nX-Long: ", Then::kRepeat, std::string(100, 'x')});
  EXPECT_THAT(Get(Url()), HasSubstr("io: "));
  Serve({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", Then::kRepeat, "extension"});
  EXPECT_THAT(Get(Url()), HasSubstr("io: "));
  Serve({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", Then::kRepeat,
         "X-More: and more\r\n"});
  EXPECT_THAT(Get(Url()), HasSubstr("io: "));
  Serve({"", Then::kRepeat, "HTTP/1.1 102 Processing\r\n\r\n"});
  EXPECT_THAT(Get(Url()), HasSubstr("io: "));
}

TEST_F(FetcherTest, TimeHasAnEndWhereverItWaits) {
  names_ = {{"silent.test", {}}};
  Serve({"", Then::kHold});
  limits_.time = std::chrono::milliseconds(50);
  EXPECT_THAT(Get("http://silent.test/"), HasSubstr("limit: "));
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
  Serve({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nxx", Then::kHold});
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
  // A TLS handshake that is never answered, and a late answer of the resolver, which is nobody's.
  EXPECT_THAT(Get(Url("/", "127.0.0.1", "https")), Not(HasSubstr("ok: ")));
  resolver_->waiting.at(0)(std::vector{boost::asio::ip::make_address("127.0.0.1")});
  EXPECT_EQ(fetcher_->at_once(), 0);
}

TEST_F(FetcherTest, AnswersThatCanBeReadInTwoWaysAreRefused) {
  const std::string kOk = "HTTP/1.1 200 OK\r\n";
  for (const std::string& answer : std::vector<std::string>{
           kOk + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
           kOk + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx",
           kOk + "Content-Length: 2, 2\r\n\r\nxx",
           kOk + "Content-Length: -1\r\n\r\nxx",
           kOk + "Content-Length: +2\r\n\r\nxx",
           kOk + "Content-Length: 0x2\r\n\r\nxx",
           kOk + "Content-Length: 99999999999999999999999\r\n\r\nxx",
           kOk + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
           kOk + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n1\r\nx\r\n0\r\n\r\n",
           kOk + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           kOk + "Transfer-Encoding: identity, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
           kOk + "Transfer-Encoding: gzip\r\n\r\nx",
           kOk + "Transfer-Encoding: xchunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
           kOk + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
           kOk + "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
           kOk + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
           kOk + "Content-Length: 3\r\n\r\nxx",
           kOk + "Content Length: 2\r\n\r\nxx",
           kOk + ": x\r\nContent-Length: 2\r\n\r\nxx",
           kOk + std::string("A\0b: x\r\n\r\nxx", 12),
           "HTTP/1.1 200 OK\nContent-Length: 2\n\nxx",
           "xx",
           "HTTP/2 200 OK\r\n\r\nxx",
           "ICY 200 OK\r\n\r\nxx",
           "HTTP/1.1 2000 OK\r\n\r\nxx",
           "HTTP/1.1 99 OK\r\n\r\nxx",
           "HTTP/1.1 302 Found\r\n\r\n",
           "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\n\r\nxx",
           "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nxx" + Ok("x"),
           std::string()}) {
    Serve({answer});
    EXPECT_THAT(Get(Url()), Not(HasSubstr("ok: "))) << answer;
  }
}

TEST_F(FetcherTest, OtherAnswersAreTold) {
  Serve({"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nbad"});
  EXPECT_THAT(Get(Url()), AllOf(HasSubstr("not found: "), Not(HasSubstr("bad"))));
  for (const int status : {204, 206, 304, 300, 401, 403, 500, 999}) {
    Serve({"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n"});
    EXPECT_THAT(Get(Url()), AllOf(HasSubstr("io: "), HasSubstr(std::to_string(status))));
  }
  for (const char* const coding : {"gzip", "br", "deflate", "zstd", "identity, gzip", "x"}) {
    Serve({Ok("x", std::string("Content-Encoding: ") + coding + "\r\n")});
    EXPECT_THAT(Get(Url()), HasSubstr("unsupported: ")) << coding;
  }
  Serve({Ok("x", "Content-Encoding: gzip\r\nContent-Encoding: identity\r\n")});
  EXPECT_THAT(Get(Url()), HasSubstr("unsupported: "));
  names_ = {{"none.test", {{}}}};
  EXPECT_THAT(Get("http://none.test/"), HasSubstr("not found: "));
  EXPECT_THAT(Get("http://nowhere.test/"), HasSubstr("not found: "));
  EXPECT_THAT(Get("data:image/png;base64,AAAA"), HasSubstr("refused: "));
}

TEST_F(FetcherTest, FormsOfAnswersThatAreSoundAreRead) {
  Serve(
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: "
       "x\r\n"
       "\r\n"});
  EXPECT_EQ(Get(Url()), "ok: abcde");
  Serve({"HTTP/1.0 200 OK\r\n\r\nuntil the end"});
  EXPECT_EQ(Get(Url()), "ok: until the end");
  Serve({"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + Ok("x")});
  EXPECT_EQ(Get(Url()), "ok: x");
  Serve({Ok("", "Content-Encoding: identity\r\n")});
  EXPECT_EQ(Get(Url()), "ok: ");
  // Larger than any buffer on the way.
  const std::string large(5 << 20, 'y');
  Serve({Ok(large)});
  EXPECT_EQ(Get(Url()), "ok: " + large);
}

TEST_F(FetcherTest, OtherAddressesOfAHostAreTried) {
  EXPECT_TRUE(options_.rules.Allow("127.0.0.9").ok());
  names_ = {{"two.test", {{"127.0.0.9", "127.0.0.1"}}}};  // nobody listens on the first
  Serve({Ok("second")});
  EXPECT_EQ(Get(Url("/", "two.test")), "ok: second");
  names_ = {{"one.test", {{"127.0.0.9"}}}};
  EXPECT_THAT(Get(Url("/", "one.test")), HasSubstr("io: "));
}

TEST_F(FetcherTest, CancelEndsItAtOnceAndLetsTheServerGo) {
  Serve({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nxx", Then::kHold});
  const uint64_t fetch = Begin(Url());
  RunUntil([this] { return !server_->requests().empty(); });
  EXPECT_FALSE(answer_.has_value());
  fetcher_->Cancel(fetch);
  ASSERT_TRUE(answer_.has_value());
  EXPECT_THAT(Told(), HasSubstr("cancelled: "));
  RunUntil([this] { return server_->gone() == 1; });
  fetcher_->Cancel(fetch);
  // Before it has begun, and while a name is looked up.
  names_ = {{"silent.test", {}}};
  fetcher_->Cancel(Begin(Url()));
  EXPECT_THAT(Told(), HasSubstr("cancelled: "));
  const uint64_t silent = Begin("http://silent.test/");
  RunUntil([this] { return !resolver_->waiting.empty(); });
  fetcher_->Cancel(silent);
  EXPECT_THAT(Told(), HasSubstr("cancelled: "));
  EXPECT_EQ(fetcher_->at_once(), 0);
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(FetcherTest, EndsWithWhatIsUnderWay) {
  Serve({"", Then::kHold});
  Begin(Url());
  RunUntil([this] { return !server_->requests().empty(); });
  fetcher_.reset();
  RunUntil([this] { return server_->gone() == 1; });
  EXPECT_FALSE(answer_.has_value());
}

TEST_F(FetcherTest, NoMoreAtOnceThanAreAllowed) {
  options_.max_at_once = 2;
  Serve({"", Then::kHold});
  const uint64_t first = Begin(Url());
  Begin(Url());
  EXPECT_THAT(Get(Url()), HasSubstr("limit: "));
  answer_.reset();
  fetcher_->Cancel(first);
  EXPECT_EQ(fetcher_->at_once(), 1);
}

class FetcherTlsTest : public FetcherTest {
 protected:
  // A server with this certificate, which is among the trusted ones where `is_trusted`.
  void ServeTls(const TestCertificate& certificate, bool is_trusted, TestAnswer answer) {
    fetcher_.reset();
    names_["good.test"] = {{"127.0.0.1"}};
    tls_ = std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    tls_->use_certificate_chain(boost::asio::buffer(certificate.certificate));
    tls_->use_private_key(boost::asio::buffer(certificate.key), boost::asio::ssl::context::pem);
    options_.authorities = is_trusted ? folder_.Put("ca.pem", certificate.certificate) : "";
    Serve([answer = std::move(answer)](const std::string&) { return answer; }, tls_.get());
  }
  std::string GetTls(const std::string& host = "good.test") {
    return Get(Url("/a", host, "https"));
  }

  const TestFolder folder_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
};

TEST_F(FetcherTlsTest, ANameThatIsProvenIsAsked) {
  ServeTls(MakeCertificate("DNS:good.test,IP:127.0.0.1"), true, {Ok("secret")});
  EXPECT_EQ(GetTls(), "ok: secret");
  EXPECT_EQ(server_->server_name(), "good.test");
  EXPECT_EQ(GetTls("127.0.0.1"), "ok: secret");
}

TEST_F(FetcherTlsTest, WrongCertificatesAreRefusedBeforeAnythingIsSent) {
  const auto refused = [this] {
    EXPECT_THAT(GetTls(), AllOf(HasSubstr("io: "), HasSubstr("prove")));
    EXPECT_TRUE(server_->requests().empty());
  };
  ServeTls(MakeCertificate("DNS:good.test"), false, {Ok("x")});
  refused();
  ServeTls(MakeCertificate("DNS:other.test"), true, {Ok("x")});
  refused();
  ServeTls(MakeCertificate("IP:127.0.0.1"), true, {Ok("x")});
  refused();
  ServeTls(MakeCertificate("DNS:good.test", -7200, -3600), true, {Ok("x")});
  refused();
  ServeTls(MakeCertificate("DNS:good.test", 3600, 7200), true, {Ok("x")});
  refused();
  ServeTls(MakeCertificate("DNS:good.test"), true, {Ok("x")});
  tls_->set_options(boost::asio::ssl::context::no_tlsv1_2 | boost::asio::ssl::context::no_tlsv1_3);
  refused();
}

TEST_F(FetcherTlsTest, AnAnswerThatWasCutOffIsNone) {
  ServeTls(MakeCertificate("DNS:good.test"), true, {"HTTP/1.1 200 OK\r\n\r\nall of", Then::kCut});
  EXPECT_THAT(GetTls(), HasSubstr("io: "));
  ServeTls(MakeCertificate("DNS:good.test"), true, {"HTTP/1.1 200 OK\r\n\r\nall of it"});
  EXPECT_EQ(GetTls(), "ok: all of it");
}

TEST_F(FetcherTlsTest, NoRedirectLeadsToHttp) {
  ServeTls(MakeCertificate("DNS:good.test"), true, {Redirect("http://127.0.0.1/")});
  EXPECT_THAT(GetTls(), AllOf(HasSubstr("refused: "), HasSubstr("https to http")));
}

TEST_F(FetcherTlsTest, AFileWithoutCertificatesIsTold) {
  options_.authorities = folder_.Put("ca.pem", "nothing");
  const auto made = Fetcher::Make(context_, options_, std::make_unique<TestResolver>(&names_));
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.status().message(), HasSubstr("ca.pem"));
}

}  // namespace
}  // namespace peel::server
