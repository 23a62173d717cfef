#include "src/server/http/answer_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <chrono>
#include <string_view>

#include "peel/peel.h"
#include "src/server/http/text.h"

namespace peel::server {
namespace {

// What the connection says itself.
bool IsOwn(std::string_view name) {
  constexpr std::string_view kOwn[] = {
      "Content-Length", "Transfer-Encoding", "Connection",  "Keep-Alive", "Date",
      "Server",         "X-Request-ID",      "traceparent", "Upgrade",    "Trailer"};
  return std::ranges::any_of(kOwn,
                             [&](std::string_view own) { return EqualIgnoringCase(own, name); });
}

void AppendTwoDigits(std::string& text, unsigned number, char behind) {
  text += static_cast<char>('0' + number / 10 % 10);
  text += static_cast<char>('0' + number % 10);
  text += behind;
}

// One second's, as it is asked for with every answer.
const std::string& Now() {
  static thread_local int64_t second = -1;
  static thread_local std::string text;
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  if (now != second) {
    second = now;
    text = HttpDate(now);
  }
  return text;
}

void AppendField(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) {
    head += (static_cast<uint8_t>(c) < ' ' && c != '\t') || c == 127 ? ' ' : c;
  }
  head += "\r\n";
}

const std::string& Version() {
  static const std::string version = "Peel/" + std::to_string(PEEL_VERSION_MAJOR) + "." +
                                     std::to_string(PEEL_VERSION_MINOR) + "." +
                                     std::to_string(PEEL_VERSION_PATCH);
  return version;
}

}  // namespace

std::string HttpDate(int64_t seconds_since_1970) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace)
  const sys_seconds time{seconds(seconds_since_1970)};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::string text(kDays[weekday(day).c_encoding()]);
  text += ", ";
  AppendTwoDigits(text, static_cast<unsigned>(date.day()), ' ');
  text += kMonths[static_cast<unsigned>(date.month()) - 1];
  text += ' ';
  text += std::to_string(static_cast<int>(date.year()));
  text += ' ';
  AppendTwoDigits(text, static_cast<unsigned>(clock.hours().count()), ':');
  AppendTwoDigits(text, static_cast<unsigned>(clock.minutes().count()), ':');
  AppendTwoDigits(text, static_cast<unsigned>(clock.seconds().count()), ' ');
  text += "GMT";
  return text;
}

std::string AnswerHead(const Response& response, const AnswerTraits& traits) {
  const int status = response.status >= 200 && response.status <= 999 ? response.status : 500;
  std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known != boost::beast::http::status::unknown) {
    head += std::string_view{boost::beast::http::obsolete_reason(known)};
  }
  head += "\r\n";
  AppendField(head, "Date", Now());
  AppendField(head, "Server", Version());
  for (const auto& [name, value] : response.headers.all()) {
    if (IsToken(name) && !IsOwn(name)) AppendField(head, name, value);
  }
  if (traits.end == BodyEnd::kLength) {
    AppendField(head, "Content-Length", std::to_string(traits.length));
  } else if (traits.end == BodyEnd::kChunked) {
    AppendField(head, "Transfer-Encoding", "chunked");
  }
  AppendField(head, "Connection", traits.keep_alive ? "keep-alive" : "close");
  AppendField(head, "X-Request-ID", traits.id);
  AppendField(head, "traceparent", traits.traceparent);
  return head + "\r\n";
}

}  // namespace peel::server
