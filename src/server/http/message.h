#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// One request and its answer, as everything but the connection sees them.
namespace peel::server {

// Names and values in the order in which they came; a name may come more than once.
class Fields {
 public:
  void Add(std::string name, std::string value);
  // Replaces all of this name.
  void Set(std::string name, std::string value);
  // The first of this name; "" and nullptr where there is none. Names are compared without regard
  // to case where the fields are headers.
  const std::string* Find(std::string_view name) const;
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

  enum class Case { kMatters, kIgnored };
  explicit Fields(Case names = Case::kMatters) : case_(names) {}

 private:
  Case case_;
  std::vector<std::pair<std::string, std::string>> all_;
};

struct Request {
  std::string method;  // "GET", as sent
  std::string path;    // of the target, percent-decoded, without its query; begins with '/';
                       // "*" of an OPTIONS for the whole server
  Fields query;        // decoded; what cannot be decoded is refused before
  Fields headers{Fields::Case::kIgnored};
  std::vector<uint8_t> body;
  std::string peer;  // the client's address, "127.0.0.1"; by X-Forwarded-For where trusted; "unix"
  bool is_tls = false;
  std::string id;  // told in every answer as X-Request-ID: the client's where sound, or new
  std::shared_ptr<void> state{};  // what Handler::Admit keeps of it
  std::shared_ptr<void> share{};  // of HttpOptions::max_bodies, while the body is there
  std::string traceparent;  // W3C's, of this request: continues the client's where sound, or new
};

// What an answer's bytes are kept alive by.
using Keeper = std::shared_ptr<const void>;

struct Response {
  int status = 200;
  Fields headers{Fields::Case::kIgnored};  // Content-Length, Date and the like are the connection's
  std::string text;                        // the body, or
  std::span<const uint8_t> bytes{};        // the body where it is not empty, which
  Keeper keeper{};                         // lives as long as this
  // Gives the next piece of a body of unknown length, "" at the end: called when the last one has
  // gone out, calls `next` at once or later. Where it is set, it is the body. A client that goes
  // meanwhile has it destroyed, and `next` does nothing from then on.
  std::function<void(std::function<void(std::string piece)> next)> stream{};
  bool close = false;  // the connection ends after it
};

}  // namespace peel::server
