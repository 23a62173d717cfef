#include "src/server/fetch/fetcher.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "src/base/caught.h"
#include "src/server/fetch/answer_check.h"
#include "src/server/fetch/url.h"

namespace peel::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr size_t kMaxHead = 16 << 10;
constexpr size_t kMaxBuffer = 128 << 10;  // also bounds a chunk's head and the trailer
constexpr size_t kPiece = 64 << 10;
constexpr int kMaxInterim = 8;
constexpr size_t kMaxAddresses = 8;                       // of a host, that are tried
constexpr std::chrono::milliseconds kConnectTime{5'000};  // for each, where there are more

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using Bytes = std::vector<uint8_t>;
// Bytes, or the Location to go on to.
struct Step {
  Bytes bytes;
  std::optional<std::string> location;
};

// One Get. Stopped from outside at any time: `interrupt` ends what its coroutine waits for.
struct Fetch {
  explicit Fetch(asio::io_context& context) : deadline(context), waiter(context) {}

  void Stop(Status why) {
    if (!stopped.ok()) return;
    stopped = std::move(why);
    if (interrupt) interrupt();
  }

  uint64_t id = 0;
  FetchLimits limits;
  Fetcher::Callback done;
  asio::steady_timer deadline;
  asio::steady_timer waiter;  // never runs out; cancelled when the resolver has answered
  Status stopped;
  std::function<void()> interrupt;
};
using FetchPtr = std::shared_ptr<Fetch>;

// What a Get needs, kept by each for as long as it unwinds.
struct Core {
  Core(asio::io_context& context_in, FetchOptions options_in, std::unique_ptr<Resolver> resolver_in)
      : context(context_in), options(std::move(options_in)), resolver(std::move(resolver_in)) {}

  asio::io_context& context;
  const FetchOptions options;
  const std::unique_ptr<Resolver> resolver;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::map<uint64_t, FetchPtr> under_way;
};
using CorePtr = std::shared_ptr<Core>;

void Finish(Core& core, Fetch& fetch, Result<Bytes> result) {
  fetch.deadline.cancel();
  core.under_way.erase(fetch.id);
  // Moved first: the callback may call Cancel, or end the fetcher.
  if (auto done = std::exchange(fetch.done, nullptr)) done(std::move(result));
}

awaitable<Result<std::vector<asio::ip::address>>> Resolve(CorePtr core, FetchPtr fetch, Url url) {
  using Addresses = std::vector<asio::ip::address>;
  if (url.address) co_return Addresses{*url.address};
  auto answer = std::make_shared<std::optional<Result<Addresses>>>();
  fetch->waiter.expires_at(steady_clock::time_point::max());
  fetch->interrupt = [raw = fetch.get()] { raw->waiter.cancel(); };
  core->resolver->Resolve(url.host, [answer, weak = std::weak_ptr(fetch)](Result<Addresses> found) {
    *answer = std::move(found);
    if (const FetchPtr waiting = weak.lock()) waiting->waiter.cancel();
  });
  while (!answer->has_value() && fetch->stopped.ok()) co_await fetch->waiter.async_wait(kAwait);
  fetch->interrupt = nullptr;
  if (!fetch->stopped.ok()) co_return fetch->stopped;
  co_return std::move(**answer);
}

// Connects to one of the addresses that were checked, and to nothing else.
awaitable<Status> Connect(FetchPtr fetch, beast::tcp_stream& stream,
                          std::vector<asio::ip::address> addresses, uint16_t port) {
  if (addresses.size() > kMaxAddresses) addresses.resize(kMaxAddresses);
  error_code error = asio::error::host_unreachable;
  for (const asio::ip::address& address : addresses) {
    const tcp::endpoint endpoint(address, port);
    if (addresses.size() > 1) stream.expires_after(kConnectTime);
    const auto connected = co_await stream.async_connect(endpoint, kAwait);
    stream.expires_never();
    if (!fetch->stopped.ok()) co_return fetch->stopped;
    error = std::get<0>(connected);
    if (!error) co_return OkStatus();
    stream.close();
  }
  co_return IoError("the server cannot be reached (" + error.message() + ")");
}

Status ReadFailure(const error_code& error, const FetchLimits& limits) {
  if (error == http::error::body_limit) {
    return LimitExceeded("the file has more than " + std::to_string(limits.max_bytes) + " bytes");
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return IoError("the server's answer is broken: its headers are too long");
  }
  if (error == http::error::partial_message || error == http::error::end_of_stream ||
      error == asio::ssl::error::stream_truncated || error == asio::error::eof) {
    return IoError("the server's answer ended too early");
  }
  return IoError("the server's answer cannot be read (" + error.message() + ")");
}

template <typename Stream>
awaitable<Result<Step>> ReadAnswer(FetchPtr fetch, Stream& stream) {
  beast::flat_buffer buffer(kMaxBuffer);
  std::optional<http::response_parser<http::buffer_body>> parser;
  AnswerHead head{.kind = AnswerHead::Kind::kInterim};
  for (int heads = 0; head.kind == AnswerHead::Kind::kInterim; ++heads) {
    if (heads > kMaxInterim) co_return IoError("the server answers with interim answers only");
    parser.emplace();
    parser->header_limit(kMaxHead);
    parser->body_limit(fetch->limits.max_bytes);
    const auto read = co_await http::async_read_header(stream, buffer, *parser, kAwait);
    if (!fetch->stopped.ok()) co_return fetch->stopped;
    if (std::get<0>(read)) co_return ReadFailure(std::get<0>(read), fetch->limits);
    auto checked = CheckAnswer(parser->get().base());
    if (!checked.ok()) co_return checked.status();
    head = std::move(*checked);
  }
  if (head.kind == AnswerHead::Kind::kRedirect) co_return Step{{}, head.location};
  // Grows with what arrives, whatever length was announced.
  Step step;
  const auto piece = std::make_unique<uint8_t[]>(kPiece);
  while (!parser->is_done()) {
    parser->get().body().data = piece.get();
    parser->get().body().size = kPiece;
    const auto read = co_await http::async_read(stream, buffer, *parser, kAwait);
    if (!fetch->stopped.ok()) co_return fetch->stopped;
    const size_t came = kPiece - parser->get().body().size;
    if (came > fetch->limits.max_bytes - step.bytes.size()) {
      co_return ReadFailure(http::error::body_limit, fetch->limits);
    }
    step.bytes.insert(step.bytes.end(), piece.get(), piece.get() + came);
    const error_code error = std::get<0>(read);
    if (error && error != http::error::need_buffer) co_return ReadFailure(error, fetch->limits);
  }
  co_return step;
}

template <typename Stream>
awaitable<Result<Step>> Ask(CorePtr core, FetchPtr fetch, Stream& stream, const Url& url) {
  http::request<http::empty_body> request{http::verb::get, url.target, 11};
  request.set(http::field::host, url.Authority());
  request.set(http::field::user_agent, core->options.user_agent);
  request.set(http::field::accept, "image/*, */*;q=0.1");
  request.set(http::field::accept_encoding, "identity");
  request.set(http::field::connection, "close");
  const auto sent = co_await http::async_write(stream, request, kAwait);
  if (!fetch->stopped.ok()) co_return fetch->stopped;
  if (std::get<0>(sent)) {
    co_return IoError("the server closed the connection (" + std::get<0>(sent).message() + ")");
  }
  co_return co_await ReadAnswer(fetch, stream);
}

awaitable<Result<Step>> AskTls(CorePtr core, FetchPtr fetch, beast::tcp_stream& tcp_layer,
                               const Url& url) {
  asio::ssl::stream<beast::tcp_stream&> stream(tcp_layer, core->tls);
  error_code error;
  stream.set_verify_mode(asio::ssl::verify_peer, error);
  if (!error) stream.set_verify_callback(asio::ssl::host_name_verification(url.host), error);
  const bool named =
      url.address || SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str()) == 1;
  if (error || !named) co_return Internal("TLS cannot be set up for " + url.host);
  const auto shaken = co_await stream.async_handshake(asio::ssl::stream_base::client, kAwait);
  if (!fetch->stopped.ok()) co_return fetch->stopped;
  if (std::get<0>(shaken)) {
    const long verified = SSL_get_verify_result(stream.native_handle());
    co_return IoError("the server of " + url.host + " does not prove who it is: " +
                      (verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                             : std::get<0>(shaken).message()));
  }
  co_return co_await Ask(core, fetch, stream, url);
}

awaitable<Result<Step>> OneStep(CorePtr core, FetchPtr fetch, Url url) {
  if (!fetch->stopped.ok()) co_return fetch->stopped;
  if (const Status status = core->options.rules.CheckUrl(url); !status.ok()) co_return status;
  auto addresses = co_await Resolve(core, fetch, url);
  if (!addresses.ok()) co_return addresses.status();
  if (const Status status = core->options.rules.CheckAddresses(url, *addresses); !status.ok()) {
    co_return status;
  }
  beast::tcp_stream stream(core->context);
  fetch->interrupt = [&stream] { stream.close(); };
  const std::unique_ptr<Fetch, void (*)(Fetch*)> uninterrupted(
      fetch.get(), [](Fetch* ended) { ended->interrupt = nullptr; });
  const Status connected = co_await Connect(fetch, stream, std::move(*addresses), url.port);
  if (!connected.ok()) co_return connected;
  if (url.is_tls) co_return co_await AskTls(core, fetch, stream, url);
  co_return co_await Ask(core, fetch, stream, url);
}

awaitable<Result<Bytes>> Follow(CorePtr core, FetchPtr fetch, std::string text) {
  auto url = ParseUrl(text);
  if (!url.ok()) co_return url.status();
  for (int redirects = 0;; ++redirects) {
    auto step = co_await OneStep(core, fetch, *url);
    if (!step.ok()) co_return step.status();
    if (!step->location) co_return std::move(step->bytes);
    if (redirects == core->options.max_redirects) {
      co_return LimitExceeded("the server redirects more than " +
                              std::to_string(core->options.max_redirects) + " times");
    }
    url = ResolveLocation(*url, *step->location);
    if (!url.ok()) co_return Status(url.status()).WithContext("the server redirects");
  }
}

awaitable<void> Run(CorePtr core, FetchPtr fetch, std::string text) {
  auto result = co_await Follow(core, fetch, std::move(text));
  if (!fetch->stopped.ok()) result = fetch->stopped;
  Finish(*core, *fetch, std::move(result));
}

class AsioFetcher final : public Fetcher {
 public:
  explicit AsioFetcher(CorePtr core) : core_(std::move(core)) {}
  ~AsioFetcher() override {
    const auto under_way = std::exchange(core_->under_way, {});
    for (const auto& [id, fetch] : under_way) {
      fetch->done = nullptr;
      try {
        fetch->deadline.cancel();
        fetch->Stop(Cancelled("the server ends"));
      } catch (const std::exception&) {
        // What cannot be stopped ends with the context, and calls nobody.
      }
    }
  }

  uint64_t Get(std::string_view url, const FetchLimits& limits, Callback done) override {
    auto fetch = std::make_shared<Fetch>(core_->context);
    fetch->id = ++last_;
    fetch->limits = limits;
    fetch->done = std::move(done);
    Status refused;
    if (!core_->options.enabled) {
      refused = Unsupported(
          "this server does not fetch URLs (its operator may allow it by --fetch); send the "
          "picture itself");
    } else if (core_->under_way.size() >= static_cast<size_t>(core_->options.max_at_once)) {
      refused = LimitExceeded("the server fetches too many URLs already; try again later");
    }
    core_->under_way[fetch->id] = fetch;
    if (!refused.ok()) {
      asio::post(core_->context,
                 [core = core_, fetch, refused] { Finish(*core, *fetch, refused); });
      return fetch->id;
    }
    fetch->deadline.expires_after(limits.time);
    fetch->deadline.async_wait([weak = std::weak_ptr(fetch)](error_code error) {
      const FetchPtr late = error ? nullptr : weak.lock();
      if (!late) return;
      late->Stop(LimitExceeded("fetching took longer than " +
                               std::to_string(late->limits.time.count()) + " ms"));
    });
    asio::post(core_->context, [core = core_, fetch, text = std::string(url)] {
      if (!fetch->done) return;  // cancelled before it began
      asio::co_spawn(
          core->context, Run(core, fetch, text), [core, fetch](std::exception_ptr thrown) {
            if (!thrown) return;
            Finish(*core, *fetch, Caught("", [&]() -> Status { std::rethrow_exception(thrown); }));
          });
    });
    return fetch->id;
  }

  void Cancel(uint64_t id) override {
    const auto found = core_->under_way.find(id);
    if (found == core_->under_way.end()) return;
    const FetchPtr fetch = found->second;
    fetch->Stop(Cancelled("fetching was stopped"));
    Finish(*core_, *fetch, fetch->stopped);
  }

  int at_once() const override { return static_cast<int>(core_->under_way.size()); }

 private:
  const CorePtr core_;
  uint64_t last_ = 0;
};

}  // namespace

Result<std::unique_ptr<Fetcher>> Fetcher::Make(asio::io_context& context, FetchOptions options,
                                               std::unique_ptr<Resolver> resolver) {
  auto core = std::make_shared<Core>(context, std::move(options), std::move(resolver));
  const auto made = [&] {
    return std::unique_ptr<Fetcher>(std::make_unique<AsioFetcher>(std::move(core)));
  };
  // The system's certificates take a tenth of a second to read.
  if (!core->options.enabled) return made();
  error_code error;
  SSL_CTX_set_min_proto_version(core->tls.native_handle(), TLS1_2_VERSION);
  core->tls.set_verify_mode(asio::ssl::verify_peer, error);
  if (!error) core->tls.set_default_verify_paths(error);
  if (error) return IoError("the system's certificates cannot be read (" + error.message() + ")");
  if (!core->options.authorities.empty()) {
    core->tls.load_verify_file(core->options.authorities, error);
    if (error) {
      return IoError(core->options.authorities + ": has no certificates in PEM form (" +
                     error.message() + ")");
    }
  }
  return made();
}

}  // namespace peel::server
