#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <string>

#include "src/server/http/test_server.h"

// What is refused, and that whoever sends it sees why.
namespace peel::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::string_view kHost = " HTTP/1.1\r\nHost: h\r\n";

TEST(HttpLimitsTest, RefusesWhatCouldSmuggle) {
  TestServer server;
  std::atomic<int> handled = 0;
  server.handler.handle = [&](const std::shared_ptr<Exchange>& exchange) {
    ++handled;
    exchange->Reply({});
  };
  server.Start();
  const std::string post = "POST /p" + std::string(kHost);
  for (const std::string& lines :
       {std::string("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"),
        std::string("Content-Length: -1\r\n\r\n"),
        std::string("Content-Length: 9223372036854775808\r\n\r\n"),
        std::string("Content-Length : 4\r\n\r\nabcd"), std::string("X: a\n\r\n"),
        std::string("X: a\rb\r\n\r\n"), std::string("X: a\0b\r\n\r\n", 10),
        std::string("X: a\r\n b\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\nx\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\n2;a=\"\n\"\r\nab\r\n0\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\n1ffffffffffffffff\r\n")}) {
    TestClient client(server.port);
    client.Send(post + lines + "GET /smuggled" + std::string(kHost) + "\r\n");
    const TestAnswer answer = client.Read();
    EXPECT_EQ(answer.status, 400) << lines;
    EXPECT_EQ(answer.body.substr(0, 10), "refused /p") << lines;
    EXPECT_EQ(answer.headers.Get("Connection"), "close");
    EXPECT_TRUE(client.IsClosed()) << lines;
  }
  EXPECT_EQ(handled, 0);
}

TEST(HttpLimitsTest, HasLimitsForTheHead) {
  HttpOptions options;
  options.max_head = 2000;
  TestServer server(options);
  server.Start();
  EXPECT_EQ(TestClient(server.port)
                .Ask("GET /" + std::string(900, 'x') + std::string(kHost) + "\r\n")
                .status,
            200);
  // The line's end never comes.
  EXPECT_EQ(TestClient(server.port).Ask("GET /" + std::string(1100, 'x')).status, 414);
  EXPECT_EQ(TestClient(server.port).Ask("GET /" + std::string(5'000'000, 'x')).status, 414);
  const std::string head = "GET /a" + std::string(kHost) + "X: ";
  EXPECT_EQ(TestClient(server.port).Ask(head + std::string(1900, 'x') + "\r\n\r\n").status, 200);
  EXPECT_EQ(TestClient(server.port).Ask(head + std::string(2000, 'x') + "\r\n\r\n").status, 431);
  const TestAnswer endless = TestClient(server.port).Ask(head + std::string(3'000'000, 'x'));
  EXPECT_EQ(endless.status, 431);
  EXPECT_THAT(endless.body, HasSubstr("refused /a"));
}

TEST(HttpLimitsTest, CutsOffSlowHeads) {
  HttpOptions options;
  options.head_time = milliseconds(200);
  TestServer server(options);
  server.Start();
  // Begins and goes no further.
  EXPECT_TRUE(Eventually([&] {
    TestClient client(server.port);
    client.Send("GET /x HTTP/1.1\r\n");
    const TestAnswer answer = client.Read();
    return answer.status == 408 && answer.body.starts_with("refused /x");
  }));
  // Says nothing: closed without a word.
  TestClient silent(server.port);
  EXPECT_EQ(silent.ReadToEnd(), "");
  // The second request of a connection has a time of its own.
  EXPECT_TRUE(Eventually([&] {
    TestClient client(server.port);
    if (client.Ask("GET /" + std::string(kHost) + "\r\n").status != 200) return false;
    client.Send("G");
    return client.Read().status == 408;
  }));
  EXPECT_GE(server.counts().timed_out, 3u);
}

TEST(HttpLimitsTest, CutsOffWhoDripsAllTheTime) {
  HttpOptions options;
  options.head_time = milliseconds(300);
  options.max_head = size_t{64} << 20;  // whatever comes in that time
  TestServer server(options);
  server.Start();
  TestClient client(server.port);
  // One byte after the other, as long as the server takes them.
  client.Send("GET /x HTTP/1.1\r\nX: ");
  const auto end = std::chrono::steady_clock::now() + kTestLimit;
  while (client.Send("x") && server.counts().timed_out == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
  }
  EXPECT_EQ(server.counts().timed_out, 1u);
}

TEST(HttpLimitsTest, ClosesIdleConnections) {
  HttpOptions options;
  options.idle_time = milliseconds(100);
  TestServer server(options);
  server.Start();
  TestClient client(server.port);
  EXPECT_EQ(client.Ask("GET /" + std::string(kHost) + "\r\n").status, 200);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_FALSE(client.was_reset);
}

TEST(HttpLimitsTest, RefusesLongBodiesSoThatTheClientSeesIt) {
  TestServer server;
  server.handler.admit = [](const Request&, BodyLimits& limits) -> std::optional<Response> {
    limits.max_bytes = 1000;
    return std::nullopt;
  };
  server.Start();
  const std::string post = "POST /p" + std::string(kHost);
  EXPECT_EQ(TestClient(server.port)
                .Ask(post + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'))
                .status,
            200);
  // Before a byte of the body.
  EXPECT_EQ(TestClient(server.port).Ask(post + "Content-Length: 1001\r\n\r\n").status, 413);
  EXPECT_EQ(
      TestClient(server.port).Ask(post + "Content-Length: 9223372036854775807\r\n\r\n").status,
      413);
  // As real clients do: all of it is sent before the answer is looked at.
  TestClient eager(server.port);
  const std::string body(20'000'000, 'x');  // NOLINT(bugprone-string-constructor): so large
  EXPECT_TRUE(eager.Send(post + "Content-Length: 20000000\r\n\r\n" + body));
  EXPECT_EQ(eager.Read().status, 413);
  EXPECT_FALSE(eager.was_reset);
  // Chunked, it grows beyond it, in one chunk or in many.
  EXPECT_EQ(TestClient(server.port).Ask(post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n").status,
            413);
  std::string chunks = post + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 101; ++i) chunks += "A\r\n0123456789\r\n";
  EXPECT_EQ(TestClient(server.port).Ask(chunks).status, 413);
  // A chunk's head without end, and trailers without end.
  EXPECT_EQ(TestClient(server.port)
                .Ask(post + "Transfer-Encoding: chunked\r\n\r\n5;" + std::string(100'000, 'x'))
                .status,
            400);
  EXPECT_EQ(
      TestClient(server.port)
          .Ask(post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(100'000, 'x'))
          .status,
      400);
}

TEST(HttpLimitsTest, CutsOffSlowBodies) {
  TestServer server;
  server.handler.admit = [](const Request& request, BodyLimits& limits) -> std::optional<Response> {
    if (request.path == "/rate") {
      limits.grace = milliseconds(200);
      limits.min_bytes_per_second = 1 << 20;
    } else {
      limits.min_bytes_per_second = 0;
      limits.whole = seconds(1);
    }
    return std::nullopt;
  };
  server.Start();
  for (const std::string path : {"/rate", "/whole"}) {
    TestClient client(server.port);
    client.Send("POST " + path + std::string(kHost) + "Content-Length: 100\r\n\r\nabc");
    const TestAnswer answer = client.Read();
    EXPECT_EQ(answer.status, 408);
    EXPECT_THAT(answer.body, HasSubstr("refused " + path));
  }
}

TEST(HttpLimitsTest, CutsOffWhoDoesNotTakeTheAnswer) {
  HttpOptions options;
  options.send_time = milliseconds(200);
  TestServer server(options);
  server.handler.handle = [](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.text.assign(64 << 20, 'x');
    exchange->Reply(std::move(response));
  };
  server.Start();
  TestClient client(server.port);
  client.Send("GET /" + std::string(kHost) + "\r\n");
  EXPECT_TRUE(server.Await([](const auto& c) { return c.timed_out == 1 && c.connections == 0; }));
}

TEST(HttpLimitsTest, HasALimitOfConnections) {
  HttpOptions options;
  options.max_connections = 2;
  TestServer server(options);
  server.Start();
  const std::string request = "GET /" + std::string(kHost) + "\r\n";
  TestClient first(server.port), second(server.port);
  EXPECT_EQ(first.Ask(request).status, 200);
  EXPECT_EQ(second.Ask(request).status, 200);
  EXPECT_TRUE(Eventually([&] {
    TestClient third(server.port);
    return third.Ask(request).status == 503 && third.IsClosed() && !third.was_reset;
  }));
  first.Close();
  EXPECT_TRUE(server.Await([](const auto& c) { return c.connections == 1; }));
  EXPECT_EQ(TestClient(server.port).Ask(request).status, 200);
  EXPECT_EQ(second.Ask(request).status, 200);
}

TEST(HttpLimitsTest, HasALimitPerPeer) {
  HttpOptions options;
  options.max_connections_per_peer = 1;
  TestServer server(options);
  server.Start();
  const std::string request = "GET /" + std::string(kHost) + "\r\n";
  TestClient first(server.port);
  EXPECT_EQ(first.Ask(request).status, 200);
  EXPECT_TRUE(Eventually([&] { return TestClient(server.port).Ask(request).status == 503; }));
  options.trusted_proxies = {"127.0.0.1"};
  TestServer behind(options);
  behind.Start();
  TestClient one(behind.port), two(behind.port);
  EXPECT_EQ(one.Ask(request).status, 200);
  EXPECT_EQ(two.Ask(request).status, 200);
}

TEST(HttpLimitsTest, GoesOnAfterItHadNoDescriptors) {
  TestServer server;
  server.Start();
  // Clients that wait in the system's queue, as the server's thread is kept busy meanwhile.
  std::promise<void> busy, go;
  boost::asio::post(server.context(), [&] {
    busy.set_value();
    go.get_future().wait();
  });
  busy.get_future().wait();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(std::make_unique<TestClient>(server.port));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  std::FILE* next = std::fopen("/dev/null", "r");
  ASSERT_NE(next, nullptr);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(fileno(next));
  std::fclose(next);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  go.set_value();
  EXPECT_TRUE(server.Await([](const auto& c) { return c.accept_failures >= 3; }));
  EXPECT_EQ(server.counts().accepted, 0u);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  for (const auto& client : clients) {
    EXPECT_EQ(client->Ask("GET /" + std::string(kHost) + "\r\n").status, 200);
  }
}

}  // namespace
}  // namespace peel::server
