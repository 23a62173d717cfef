#include "src/server/fetch/answer_check.h"

#include <boost/beast/core/string.hpp>
#include <utility>

namespace peel::server {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

}  // namespace

Result<AnswerHead> CheckAnswer(const http::response_header<>& head) {
  const auto broken = [](const char* why) {
    return IoError(std::string("the server's answer is broken: ") + why);
  };
  const size_t lengths = head.count(http::field::content_length);
  const size_t codings = head.count(http::field::transfer_encoding);
  const std::string length(head[http::field::content_length]);
  if (lengths > 1 || length.find_first_not_of("0123456789") != length.npos) {
    return broken("its length is not one number");
  }
  if (codings > 1 || (codings == 1 && lengths == 1)) return broken("it has several ends");
  if (codings == 1 &&
      (head.version() < 11 || !iequals(head[http::field::transfer_encoding], "chunked"))) {
    return broken("its transfer coding is not chunked");
  }
  const unsigned status = head.result_int();
  AnswerHead answer;
  if (status >= 100 && status < 200 && status != 101) {
    if (lengths + codings > 0) return broken("an interim one has a body");
    answer.kind = AnswerHead::Kind::kInterim;
    return answer;
  }
  if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) {
    if (head.count(http::field::location) != 1) return broken("a redirect without one Location");
    answer.kind = AnswerHead::Kind::kRedirect;
    answer.location = std::string(head[http::field::location]);
    return answer;
  }
  if (status == 404 || status == 410) {
    return NotFound("the server has no such file (" + std::to_string(status) + ")");
  }
  if (status != 200 && status != 203) {
    return IoError("the server answered " + std::to_string(status) + " instead of 200");
  }
  if (head.count(http::field::content_encoding) > 1 ||
      (head.count(http::field::content_encoding) == 1 &&
       !iequals(head[http::field::content_encoding], "identity"))) {
    return Unsupported("the server's answer is compressed, which was not asked for");
  }
  return answer;
}

}  // namespace peel::server
