#include "apps/peel/isolation.h"

#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>

#include "src/base/os/child_process.h"
#include "src/codec/isolated/helper.h"
#include "src/codec/isolated/isolated_decoder.h"

namespace peel {
namespace {

std::string_view Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

isolated::TimeLimit TimeLimitAsked(Console& console) {
  isolated::TimeLimit limit;
  const std::string_view text = Variable("PEEL_DECODE_TIMEOUT");
  if (text.empty()) return limit;
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 1 ||
      seconds > 1'000'000) {
    console.Warn("PEEL_DECODE_TIMEOUT is not a number of seconds and was ignored");
    return limit;
  }
  limit.base = std::chrono::seconds(seconds);
  return limit;
}

}  // namespace

std::unique_ptr<Decoder> MakeDecoder(size_t pictures, int jobs, Console& console) {
  const std::string_view wanted = Variable("PEEL_ISOLATE");
  if (!wanted.empty() && wanted != "always" && wanted != "never") {
    console.Warn("PEEL_ISOLATE is always or never; \"" + std::string(wanted) + "\" was left out");
  }
  if (wanted == "never" || (wanted != "always" && pictures < 2)) {
    return nullptr;
  }
  CareForChildren();
  IsolatedDecoder::Options options;
  options.helpers = jobs;
  options.limit = TimeLimitAsked(console);
  options.tell = [&console](const std::string& reason) {
    console.Warn("a file that crashes its decoder would end this run: " + reason +
                 ", so all files are decoded in this process");
  };
  return std::make_unique<IsolatedDecoder>(std::move(options));
}

int RunDecodeHelper() {
  const int code = isolated::RunHelper(ChildProcess::kDescriptor);
  if (code == 2) Console().Error("decode-helper is run by peel itself");
  return code == 2 ? kExitUsage : code;
}

}  // namespace peel
