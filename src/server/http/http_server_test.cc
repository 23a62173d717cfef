#include "src/server/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <regex>
#include <string>
#include <vector>

#include "src/server/http/test_server.h"

namespace peel::server {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(HttpServerTest, AnswersAndKeepsTheConnection) {
  TestServer server;
  server.Start();
  TestClient client(server.port);
  for (int i = 0; i < 3; ++i) {
    const TestAnswer answer = client.Ask("GET /a%20b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(answer.line, "HTTP/1.1 200 OK");
    EXPECT_EQ(answer.body, "GET /a b 0");
    EXPECT_EQ(answer.headers.Get("Connection"), "keep-alive");
    EXPECT_EQ(answer.headers.Get("Server"), "Peel/0.1.0");
    EXPECT_TRUE(std::regex_match(
        std::string(answer.headers.Get("Date")),
        std::regex("[A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT")));
  }
  const TestAnswer last = client.Ask(
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\nabcde");
  EXPECT_EQ(last.body, "POST / 5");
  EXPECT_EQ(last.headers.Get("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  EXPECT_FALSE(client.was_reset);
  EXPECT_EQ(server.counts().accepted, 1u);
}

TEST(HttpServerTest, SpeaksHttp10) {
  TestServer server;
  server.Start();
  TestClient client(server.port);
  const TestAnswer kept = client.Ask("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.body, "GET /1 0");
  EXPECT_EQ(kept.headers.Get("Connection"), "keep-alive");
  const TestAnswer last = client.Ask("POST /2 HTTP/1.0\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_EQ(last.body, "POST /2 2");
  EXPECT_EQ(last.headers.Get("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(TestClient(server.port).Ask("POST /2 HTTP/1.0\r\n\r\n").status, 411);
}

TEST(HttpServerTest, AnswersPipelinedRequestsInOrderOneAtATime) {
  TestServer server;
  std::atomic<int> at_work = 0, most = 0;
  server.handler.handle = [&](const std::shared_ptr<Exchange>& exchange) {
    most = std::max<int>(most, ++at_work);
    // Answered later, from the server's thread as always.
    boost::asio::post(server.context(), [&, exchange] {
      --at_work;
      Response response;
      response.text = exchange->request().path + std::string(TextOf(exchange->request().body));
      exchange->Reply(std::move(response));
    });
  };
  server.Start();
  TestClient client(server.port);
  std::string all;
  for (int i = 0; i < 50; ++i) {
    const std::string path = "/" + std::to_string(i);
    all +=
        i % 2 == 0
            ? "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"
            : "POST " + path +
                  " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  }
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.Read().body, "/" + std::to_string(i) + (i % 2 == 0 ? "" : "abc"));
  }
  EXPECT_EQ(most, 1);
}

TEST(HttpServerTest, ReadsChunkedBodiesInWhateverPieces) {
  TestServer server;
  std::string body;
  std::atomic<bool> has_trailer = false;
  server.handler.handle = [&](const std::shared_ptr<Exchange>& exchange) {
    body = TextOf(exchange->request().body);
    has_trailer = exchange->request().headers.Has("X-Late");
    exchange->Reply({});
  };
  server.Start();
  TestClient client(server.port);
  const std::string request =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;name=\"value\"\r\nWiki\r\nB\r\npedia in ch\r\n5\r\nunks.\r\n0\r\nX-Late: 1\r\n\r\n";
  for (const size_t step : {size_t{1}, size_t{7}, request.size()}) {
    for (size_t at = 0; at < request.size(); at += step) {
      ASSERT_TRUE(client.Send(std::string_view(request).substr(at, step)));
    }
    EXPECT_EQ(client.Read().status, 200);
    EXPECT_EQ(server.Run([&] { return body; }), "Wikipedia in chunks.");
    EXPECT_FALSE(has_trailer);
  }
}

TEST(HttpServerTest, ContinuesOnlyWhatIsAdmitted) {
  TestServer server;
  server.handler.admit = [](const Request& request, BodyLimits&) -> std::optional<Response> {
    if (request.path != "/no") return std::nullopt;
    Response response;
    response.status = 401;
    response.text = "who?";
    return response;
  };
  server.Start();
  const std::string rest =
      " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  TestClient client(server.port);
  EXPECT_EQ(client.Ask("POST /yes" + rest).status, 100);
  EXPECT_EQ(client.Ask("abc").body, "POST /yes 3");
  const TestAnswer refused = client.Ask("POST /no" + rest);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.Get("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  // The body is there already: no 100 is needed, and none comes.
  EXPECT_EQ(TestClient(server.port).Ask("POST /yes" + rest + "abc").status, 200);
  EXPECT_EQ(TestClient(server.port)
                .Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: tea\r\n\r\n")
                .status,
            417);
  // HTTP/1.0 does not know it.
  TestClient old(server.port);
  EXPECT_EQ(
      old.Ask("POST /yes HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc").status,
      200);
  // Refused without a body on its way: the connection stays.
  TestClient stays(server.port);
  EXPECT_EQ(stays.Ask("GET /no HTTP/1.1\r\nHost: h\r\n\r\n").headers.Get("Connection"),
            "keep-alive");
  EXPECT_EQ(stays.Ask("GET /yes HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

TEST(HttpServerTest, HeadHasTheHeadersAndNoBody) {
  TestServer server;
  server.Start();
  TestClient client(server.port);
  const TestAnswer head = client.Ask("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n", false);
  EXPECT_EQ(head.headers.Get("Content-Length"), "9");  // "HEAD /x 0"
  EXPECT_EQ(client.Ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").body, "OPTIONS * 0");
  EXPECT_EQ(client.Ask("OPTIONS /x HTTP/1.1\r\nHost: h\r\n\r\n").body, "OPTIONS /x 0");
  EXPECT_EQ(client.Ask("GET http://other:80/y?z HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /y 0");
}

TEST(HttpServerTest, SendsBytesWithoutACopyAndLetsThemGo) {
  TestServer server;
  auto bytes = std::make_shared<std::vector<uint8_t>>(8 << 20);
  for (size_t i = 0; i < bytes->size(); ++i)
    (*bytes)[i] = static_cast<uint8_t>(i * 2654435761u >> 24);
  const std::weak_ptr<std::vector<uint8_t>> watch = bytes;
  const std::string want(TextOf(*bytes));
  server.handler.handle = [&](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.bytes = *bytes;
    response.keeper = std::move(bytes);
    exchange->Reply(std::move(response));
  };
  server.Start();
  TestClient client(server.port);
  EXPECT_TRUE(client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body == want);
  EXPECT_TRUE(server.Await([&](const auto&) { return watch.expired(); }));
}

TEST(HttpServerTest, StreamsWhatHasNoLength) {
  TestServer server;
  server.handler.handle = [&](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.stream = [&server, left = 3](std::function<void(std::string)> next) mutable {
      std::string piece = left == 0 ? "" : std::string(100'000, static_cast<char>('a' + left));
      // Now at once, now later.
      if (left-- % 2 == 0) return next(std::move(piece));
      boost::asio::post(server.context(), [next, piece] { next(piece); });
    };
    exchange->Reply(std::move(response));
  };
  server.Start();
  const std::string want =
      std::string(100'000, 'd') + std::string(100'000, 'c') + std::string(100'000, 'b');
  TestClient client(server.port);
  for (int i = 0; i < 2; ++i) {
    const TestAnswer answer = client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(answer.headers.Get("Transfer-Encoding"), "chunked");
    EXPECT_FALSE(answer.headers.Has("Content-Length"));
    EXPECT_TRUE(answer.body == want);
  }
  EXPECT_EQ(
      client.Ask("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", false).headers.Get("Transfer-Encoding"),
      "chunked");
  const TestAnswer old = client.Ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_FALSE(old.headers.Has("Transfer-Encoding"));
  EXPECT_EQ(old.headers.Get("Connection"), "close");
  EXPECT_TRUE(old.body == want);
}

TEST(HttpServerTest, TellsIdAndTraceWithEveryAnswer) {
  TestServer server;
  std::string id;
  server.handler.handle = [&](const std::shared_ptr<Exchange>& exchange) {
    id = exchange->request().id + " " + exchange->request().traceparent;
    exchange->Reply({});
  };
  server.Start();
  TestClient client(server.port);
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const TestAnswer given = client.Ask(
      "GET / HTTP/1.1\r\nHost: h\r\nX-Request-ID: my.id-1_2\r\n"
      "traceparent: 00-" +
      trace + "-00f067aa0ba902b7-01\r\n\r\n");
  EXPECT_EQ(given.headers.Get("X-Request-ID"), "my.id-1_2");
  const std::string parent(given.headers.Get("traceparent"));
  EXPECT_THAT(parent, MatchesRegex("00-" + trace + "-[0-9a-f]{16}-01"));
  EXPECT_THAT(parent, ::testing::Not(HasSubstr("00f067aa0ba902b7")));
  EXPECT_EQ(server.Run([&] { return id; }), "my.id-1_2 " + parent);
  const TestAnswer odd = client.Ask("GET / HTTP/1.1\r\nHost: h\r\nX-Request-ID: <b>\r\n\r\n");
  EXPECT_THAT(std::string(odd.headers.Get("X-Request-ID")), MatchesRegex("[0-9a-f]{16}"));
  const TestAnswer refused = client.Ask("BROKEN\r\n\r\n");
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.headers.Has("X-Request-ID"));
  EXPECT_TRUE(refused.headers.Has("traceparent"));
}

TEST(HttpServerTest, WritesNoHeaderThatAValueWouldAdd) {
  TestServer server;
  server.handler.handle = [&](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.headers.Add("X-One", "a\r\nX-Evil: 1\r\n\r\n<html>");
    response.headers.Add("X Two\r\nX-Evil", "2");
    response.headers.Add("Content-Length", "99");
    response.headers.Add("connection", "upgrade");
    response.text = "text";
    exchange->Reply(std::move(response));
  };
  server.Start();
  TestClient client(server.port);
  const TestAnswer answer = client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.headers.Get("X-One"), "a  X-Evil: 1    <html>");
  EXPECT_FALSE(answer.headers.Has("X-Evil"));
  EXPECT_EQ(answer.headers.Get("Content-Length"), "4");
  EXPECT_EQ(answer.headers.Get("Connection"), "keep-alive");
  EXPECT_EQ(answer.body, "text");
}

TEST(HttpServerTest, AnExchangeThatIsLetGoIsAnswered) {
  TestServer server;
  server.handler.handle = [](std::shared_ptr<Exchange> exchange) { exchange.reset(); };
  server.Start();
  TestClient client(server.port);
  EXPECT_EQ(client.Ask("GET /x HTTP/1.1\r\nHost: h\r\n\r\n").status, 500);
  EXPECT_TRUE(client.IsClosed());
}

TEST(HttpServerTest, BelievesForwardedAddressesOfTrustedProxiesAlone) {
  for (const bool is_trusted : {false, true}) {
    HttpOptions options;
    if (is_trusted) options.trusted_proxies = {"127.0.0.0/8"};
    TestServer server(options);
    server.handler.handle = [](const std::shared_ptr<Exchange>& exchange) {
      Response response;
      response.text = exchange->request().peer;
      exchange->Reply(std::move(response));
    };
    server.Start();
    TestClient client(server.port);
    EXPECT_EQ(client
                  .Ask("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 9.9.9.9, 203.0.113.7, "
                       "127.0.0.5\r\n\r\n")
                  .body,
              is_trusted ? "203.0.113.7" : "127.0.0.1");
  }
  HttpOptions options;
  options.trusted_proxies = {"10.0.0.0/99"};
  EXPECT_THAT(TestServer(options).error, HasSubstr("10.0.0.0/99"));
}

}  // namespace
}  // namespace peel::server
