#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "src/server/http/message.h"

namespace peel::server {

// Beast's parser, which keeps what it finds in Peel's own types. Beast's own message would reserve
// the whole of a body that is only announced, and mix a chunked body's trailers with its headers.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser();

  std::string method, target;
  int version = 11;  // 10 or 11
  Fields headers{Fields::Case::kIgnored};
  std::vector<uint8_t> body;

  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;

 private:
  void on_request_impl(boost::beast::http::verb verb, Text name, Text address, int number,
                       Error& error) override;
  void on_response_impl(int status, Text reason, int number, Error& error) override;
  void on_field_impl(boost::beast::http::field field, Text name, Text value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) override;
  std::size_t on_body_impl(Text bytes, Error& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Error& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, Text bytes, Error& error) override;
  void on_finish_impl(Error& error) override;

  void Append(Text bytes);

  bool has_head_ = false;
  uint64_t expected_ = 0;  // bytes of body as announced; 0: not known
};

}  // namespace peel::server
