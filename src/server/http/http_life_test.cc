#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "src/base/os/test_folder.h"
#include "src/server/http/test_server.h"

// How connections and servers end, and the other ways to connect: TLS, Unix sockets, IPv6.
namespace peel::server {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// Keeps exchanges until the test wants them answered.
struct Holding {
  explicit Holding(TestServer& on) : server(on) {
    server.handler.handle = [this](std::shared_ptr<Exchange> exchange) {
      exchange->OnGone([this] { ++gone; });
      held.push_back(std::move(exchange));
      ++count;
    };
  }
  ~Holding() {
    server.Run([this] { held.clear(); });
  }
  bool Await(int many) {
    return server.Await([&](const auto&) { return count == many; });
  }
  void Answer() {
    server.Run([this] {
      for (const auto& exchange : held) exchange->Reply({});
      held.clear();
    });
  }
  TestServer& server;
  std::vector<std::shared_ptr<Exchange>> held;
  std::atomic<int> count = 0, gone = 0;
};

TEST(HttpLifeTest, TellsThatAClientHasGone) {
  TestServer server;
  server.Start();
  Holding holding(server);
  {
    TestClient client(server.port);
    client.Send(kGet);
    ASSERT_TRUE(holding.Await(1));
    EXPECT_EQ(holding.gone, 0);
  }
  EXPECT_TRUE(server.Await([&](const auto& c) { return holding.gone == 1 && c.connections == 0; }));
  // Whoever is told late is told too, and a late answer goes nowhere.
  std::atomic<bool> late = false;
  server.Run([&] { holding.held[0]->OnGone([&] { late = true; }); });
  EXPECT_TRUE(server.Await([&](const auto&) { return late.load(); }));
  holding.Answer();
}

TEST(HttpLifeTest, BodiesHaveALimitTogether) {
  HttpOptions options;
  options.max_bodies = 1500;
  TestServer server(options);
  server.Start();
  Holding holding(server);
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";
  TestClient first(server.port), second(server.port);
  first.Send(post + std::string(1000, 'a'));
  ASSERT_TRUE(holding.Await(1));
  second.Send(post + std::string(1000, 'b'));
  EXPECT_EQ(second.Read().status, 503);
  holding.Answer();
  EXPECT_EQ(first.Read().status, 200);
  // Its bytes are free again.
  TestClient third(server.port);
  third.Send(post + std::string(1000, 'c'));
  ASSERT_TRUE(holding.Await(2));
  holding.Answer();
  EXPECT_EQ(third.Read().status, 200);
}

TEST(HttpLifeTest, KeepsWhatComesWhileARequestIsAtWork) {
  TestServer server;
  server.Start();
  Holding holding(server);
  TestClient client(server.port);
  client.Send(kGet);
  ASSERT_TRUE(holding.Await(1));
  client.Send(kGet);
  holding.Answer();
  EXPECT_EQ(client.Read().status, 200);
  ASSERT_TRUE(holding.Await(2));
  EXPECT_EQ(holding.gone, 0);
  holding.Answer();
  EXPECT_EQ(client.Read().status, 200);
}

TEST(HttpLifeTest, AStreamEndsWithItsClient) {
  TestServer server;
  const auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;
  std::function<void(std::string)> next;
  server.handler.handle = [&, token](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.stream = [&, keep = token](auto piece) { next = std::move(piece); };
    exchange->Reply(std::move(response));
  };
  server.Start();
  const int64_t before = server.Run([&] { return watch.use_count(); });
  TestClient client(server.port);
  client.Send(kGet);
  EXPECT_TRUE(server.Await([&](const auto&) { return next != nullptr; }));
  client.Close();
  EXPECT_TRUE(server.Await([&](const auto& c) { return c.connections == 0; }));
  EXPECT_EQ(server.Run([&] { return watch.use_count(); }), before);
  server.Run([&] {
    next("late");
    next = nullptr;
  });
}

TEST(HttpLifeTest, DrainsIdleOnesAtOnceAndAnswersTheOthers) {
  TestServer server;
  server.Start();
  TestClient idle(server.port), fresh(server.port), working(server.port);
  EXPECT_EQ(idle.Ask(kGet).status, 200);
  Holding holding(server);
  working.Send(kGet);
  ASSERT_TRUE(holding.Await(1));
  ASSERT_TRUE(server.Await([](const auto& c) { return c.connections == 3; }));
  std::atomic<bool> is_done = false;
  server.Run([&] { server.server().Drain([&] { is_done = true; }); });
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_TRUE(fresh.IsClosed());
  EXPECT_FALSE(is_done);
  holding.Answer();
  const TestAnswer answer = working.Read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.Get("Connection"), "close");
  EXPECT_TRUE(working.IsClosed());
  working.Close();
  EXPECT_TRUE(server.Await([&](const auto&) { return is_done.load(); }));
}

TEST(HttpLifeTest, AServerCanEndWithRequestsUnderWay) {
  TestClient* client = nullptr;
  std::vector<std::shared_ptr<Exchange>> held;
  {
    TestServer server;
    std::atomic<int> count = 0;
    server.handler.handle = [&](std::shared_ptr<Exchange> exchange) {
      held.push_back(std::move(exchange));
      ++count;
    };
    server.Start();
    client = new TestClient(server.port);
    client->Send(kGet);
    ASSERT_TRUE(server.Await([&](const auto&) { return count == 1; }));
  }
  EXPECT_EQ(client->ReadToEnd(), "");
  delete client;
  held[0]->Reply({});
}

TEST(HttpLifeTest, ListensOnAUnixSocket) {
  const TestFolder folder;
  HttpOptions options;
  options.unix_socket = folder / "peel.sock";
  options.trusted_proxies = {"unix"};
  // Left by a server that is no more.
  {
    boost::asio::io_context context;
    boost::asio::local::stream_protocol::acceptor left(
        context, boost::asio::local::stream_protocol::endpoint(options.unix_socket));
  }
  ASSERT_TRUE(std::filesystem::exists(options.unix_socket));
  {
    TestServer server(options);
    ASSERT_EQ(server.error, "");
    server.handler.handle = [](const std::shared_ptr<Exchange>& exchange) {
      Response response;
      response.text = exchange->request().peer;
      exchange->Reply(std::move(response));
    };
    server.Start();
    TestClient client(options.unix_socket);
    EXPECT_EQ(client.Ask(kGet).body, "unix");
    EXPECT_EQ(client.Ask("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n").body,
              "1.2.3.4");
    EXPECT_THAT(TestServer(options).error, HasSubstr("already in use"));
    EXPECT_EQ(client.Ask(kGet).body, "unix");
  }
  EXPECT_FALSE(std::filesystem::exists(options.unix_socket));
  folder.Put("file", "mine");
  options.unix_socket = folder / "file";
  EXPECT_THAT(TestServer(options).error, HasSubstr("already in use"));
  EXPECT_EQ(folder.Get("file"), "mine");
  options.unix_socket = folder / std::string(120, 'x');
  EXPECT_THAT(TestServer(options).error, HasSubstr("at most 107"));
}

TEST(HttpLifeTest, ListensOnIpv6) {
  HttpOptions options;
  options.address = "[::1]";
  TestServer server(options);
  if (!server.error.empty()) GTEST_SKIP() << "no IPv6 here: " << server.error;
  server.handler.handle = [](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.text = exchange->request().peer;
    exchange->Reply(std::move(response));
  };
  server.Start();
  EXPECT_EQ(TestClient(server.port, "::1").Ask(kGet).body, "::1");
}

TEST(HttpLifeTest, SaysWhyItCannotListen) {
  HttpOptions options;
  TestServer server(options);
  server.Start();
  boost::asio::io_context context;
  TestHandler handler;
  options.port = server.port;
  const auto taken = HttpServer::Listen(context, options, handler);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.status().code(), StatusCode::kIo);
  EXPECT_THAT(taken.status().message(),
              HasSubstr("127.0.0.1:" + std::to_string(server.port) + ": already in use"));
  options.address = "192.0.2.1";  // of documentation: no machine has it
  EXPECT_FALSE(HttpServer::Listen(context, options, handler).ok());
}

// A certificate for "localhost" that has signed itself, and its key.
void MakeCertificate(const std::string& certificate, const std::string& key, int serial) {
  EVP_PKEY* pair = EVP_EC_gen("P-256");
  X509* x509 = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, pair);
  X509_NAME* name = X509_get_subject_name(x509);
  const unsigned char text[] = "localhost";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_sign(x509, pair, EVP_sha256());
  BIO* file = BIO_new_file(certificate.c_str(), "w");
  PEM_write_bio_X509(file, x509);
  BIO_free(file);
  file = BIO_new_file(key.c_str(), "w");
  PEM_write_bio_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
  BIO_free(file);
  X509_free(x509);
  EVP_PKEY_free(pair);
}

class TlsClient {
 public:
  // `protocols` for ALPN, each behind its length; `version` at most.
  explicit TlsClient(uint16_t port, const std::string& protocols = "",
                     int version = TLS1_3_VERSION) {
    if (!protocols.empty()) {
      SSL_set_alpn_protos(stream_.native_handle(),
                          reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    }
    SSL_set_max_proto_version(stream_.native_handle(), version);
    SSL_set_security_level(stream_.native_handle(), 0);
    stream_.next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), port});
    stream_.handshake(boost::asio::ssl::stream_base::client, error);
  }
  std::string Ask(const std::string& request) {
    boost::asio::write(stream_, boost::asio::buffer(request), error);
    std::string answer;
    boost::asio::read(stream_, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }
  int serial() {
    X509* x509 = SSL_get1_peer_certificate(stream_.native_handle());
    const auto number = static_cast<int>(ASN1_INTEGER_get(X509_get0_serialNumber(x509)));
    X509_free(x509);
    return number;
  }
  std::string protocol() {
    const unsigned char* text = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(stream_.native_handle(), &text, &size);
    return {reinterpret_cast<const char*>(text), size};
  }
  boost::system::error_code error;

 private:
  boost::asio::io_context context_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_client};
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_{context_, tls_};
};

TEST(HttpTlsTest, SpeaksTlsAndReloadsItsCertificate) {
  const TestFolder folder;
  HttpOptions options;
  options.certificate = folder / "cert.pem";
  options.key = folder / "key.pem";
  MakeCertificate(options.certificate, options.key, 1);
  TestServer server(options);
  ASSERT_EQ(server.error, "");
  server.handler.handle = [](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.text = (exchange->request().is_tls ? "tls " : "plain ") + std::string(3 << 20, 'x') +
                    std::to_string(exchange->request().body.size());
    exchange->Reply(std::move(response));
  };
  server.Start();
  const std::string post =
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n" +
      std::string(3'000'000, 'y');
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsClient client(server.port, "\x02h2\x08http/1.1", version);
    ASSERT_FALSE(client.error) << client.error.message();
    EXPECT_EQ(client.protocol(), "http/1.1");
    EXPECT_EQ(client.serial(), 1);
    const std::string answer = client.Ask(post);
    EXPECT_THAT(answer.substr(0, 15), HasSubstr("HTTP/1.1 200 OK"));
    const std::string body = answer.substr(std::min(answer.find("\r\n\r\n"), answer.size()));
    EXPECT_TRUE(body == "\r\n\r\ntls " + std::string(3 << 20, 'x') + "3000000");
  }
  EXPECT_TRUE(TlsClient(server.port, "", TLS1_1_VERSION).error);
  EXPECT_TRUE(TlsClient(server.port, "\x02h2").error);
  // Another certificate, for connections from now on; a broken one changes nothing.
  MakeCertificate(options.certificate, options.key, 2);
  EXPECT_TRUE(server.Run([&] { return server.server().ReloadCertificates().ok(); }));
  EXPECT_EQ(TlsClient(server.port).serial(), 2);
  folder.Put("cert.pem", "broken");
  const std::string why =
      server.Run([&] { return server.server().ReloadCertificates().message(); });
  EXPECT_THAT(why, HasSubstr("cert.pem: no certificate"));
  EXPECT_EQ(TlsClient(server.port).serial(), 2);
  // Who speaks HTTP is told; who says nothing, or something else, is cut off.
  TestClient plain(server.port);
  const TestAnswer answer = plain.Ask(kGet);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("https://"));
  TestClient other(server.port);
  other.Send("\x01\x02\x03 what is this, it is no TLS");
  (void)other.ReadToEnd();
  MakeCertificate(options.certificate, options.key, 3);
  options.head_time = milliseconds(100);
  TestServer impatient(options);
  ASSERT_EQ(impatient.error, "");
  impatient.Start();
  TestClient silent(impatient.port);
  EXPECT_EQ(silent.ReadToEnd(), "");
}

TEST(HttpTlsTest, RefusesWhatIsNoPairOfCertificateAndKey) {
  const TestFolder folder;
  MakeCertificate(folder / "a.pem", folder / "a.key", 1);
  MakeCertificate(folder / "b.pem", folder / "b.key", 2);
  HttpOptions options;
  options.certificate = folder / "a.pem";
  EXPECT_THAT(TestServer(options).error, HasSubstr("one is given"));
  options.key = folder / "b.key";
  EXPECT_THAT(TestServer(options).error, HasSubstr("b.key"));
  options.key = folder / "missing.key";
  EXPECT_THAT(TestServer(options).error, HasSubstr("missing.key"));
  options.key = folder / "a.key";
  EXPECT_EQ(TestServer(options).error, "");
}

}  // namespace
}  // namespace peel::server
