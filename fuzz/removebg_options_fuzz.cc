// remove.bg's parameters as a client may send them: read without a crash, and what is taken makes a
// job that Check has an opinion on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "src/server/api/parameters.h"
#include "src/server/api/removebg_options.h"
#include "src/server/http/message.h"

namespace {

constexpr const char* kNames[] = {
    "size",     "type",       "type_level",  "format",         "channels",
    "roi",      "crop",       "crop_margin", "scale",          "position",
    "bg_color", "add_shadow", "shadow_type", "shadow_opacity", "semitransparency"};

}  // namespace

// The first byte: whether there is a background picture. Then lines: a byte that names the
// parameter, and its value.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const bool has_background = (data[0] & 1) != 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  peel::server::Fields form, query;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const auto which = static_cast<uint8_t>(rest[0]);
    peel::server::Fields& to = (which & 0x80) != 0 ? query : form;
    if (end > 0) {
      to.Add(kNames[(which & 0x7f) % std::size(kNames)], std::string(rest.substr(1, end - 1)));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  peel::server::RemoveBgOptions options;
  const peel::server::RemoveBgRefusal refusal = peel::server::ReadRemoveBgOptions(
      peel::server::Parameters(form, query), has_background, options);
  if (!refusal.code.empty()) return 0;
  // Whatever is taken is a job that can be done: nothing is left for a worker to fail at.
  if (!options.job.Check().ok()) std::abort();
  if (options.job.output_pixels == 0 || options.job.output_pixels > 50'000'000) std::abort();
  return 0;
}
