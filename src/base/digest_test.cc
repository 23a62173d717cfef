#include "src/base/digest.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace peel {
namespace {

std::string Of(Digest::Kind kind, std::string_view text, size_t step) {
  Digest digest(kind);
  for (size_t at = 0; at < text.size(); at += step) {
    const std::string_view part = text.substr(at, step);
    digest.Update(std::span(reinterpret_cast<const uint8_t*>(part.data()), part.size()));
  }
  return digest.Finish();
}

struct Vector {
  std::string text;
  const char* md5;
  const char* sha256;
};

// From RFC 1321, FIPS 180-2 and (the lengths around a block's end) coreutils.
const Vector kVectors[] = {
    {"", "d41d8cd98f00b204e9800998ecf8427e",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "8215ef0796a20bcaaae116d3876c664a",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {std::string(55, 'x'), "04364420e25c512fd958a70738aa8f72",
     "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
    {std::string(56, 'x'), "668a72d5ba17f08e62dabcafad6db14b",
     "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e"},
    {std::string(64, 'x'), "c1bb4f81d892b2d57947682aeb252456",
     "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"},
    {std::string(1000000, 'a'), "7707d6ae4e027c70eea2a935c2296f21",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

TEST(Digest, KnownVectors) {
  for (const Vector& v : kVectors) {
    for (const size_t step : {size_t{1}, size_t{63}, size_t{64}, size_t{1000}}) {
      if (step == 1 && v.text.size() > 10000) continue;
      EXPECT_EQ(Of(Digest::Kind::kMd5, v.text, step), v.md5) << v.text.size();
      EXPECT_EQ(Of(Digest::Kind::kSha256, v.text, step), v.sha256) << v.text.size();
    }
  }
}

}  // namespace
}  // namespace peel
