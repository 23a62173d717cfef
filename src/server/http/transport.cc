#include "src/server/http/transport.h"

#include <array>
#include <boost/asio/error.hpp>

namespace peel::server {

namespace asio = boost::asio;
using Error = boost::system::error_code;

Transport::Step Transport::Read(asio::mutable_buffer into) {
  Error error;
  const size_t bytes = socket_.read_some(into, error);
  if (!error) return {.bytes = bytes};
  return {.want = error == asio::error::would_block ? Want::kRead : Want::kEnd};
}

Transport::Step Transport::Write(std::string_view first, std::string_view second) {
  Error error;
  const std::array<asio::const_buffer, 2> both = {asio::buffer(first.data(), first.size()),
                                                  asio::buffer(second.data(), second.size())};
  const size_t bytes = socket_.write_some(both, error);
  if (!error) return {.bytes = bytes};
  return {.want = error == asio::error::would_block ? Want::kWrite : Want::kEnd};
}

void Transport::Finish() {
  Error ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Transport::Close() {
  Error ignored;
  socket_.close(ignored);
}

}  // namespace peel::server
