#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <string>

#include "src/base/status.h"

namespace peel::server {

// What the head of a server's answer means for a fetch.
struct AnswerHead {
  enum class Kind {
    kInterim,   // 1xx: another head follows
    kBody,      // the file follows
    kRedirect,  // to `location`
  };
  Kind kind = Kind::kBody;
  std::string location{};
};

// kIo for an answer that can be read in two ways (lengths that are there twice or beside chunks, a
// transfer coding other than chunked, two Locations), kUnsupported for a content coding, kNotFound
// for 404 and 410, kIo with the number for every other status.
Result<AnswerHead> CheckAnswer(const boost::beast::http::response_header<>& head);

}  // namespace peel::server
