// The vocabulary of a CLIP from files, and texts in it: the merges, the JSON of ids and the text
// are what lies between bytes of zero.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "src/library/labels/clip_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto next = [&] {
    const size_t end = rest.find('\0');
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
  };
  const std::string_view merges = next(), ids = next();
  // Also with the ids that need no file, so that more than the JSON's reader is met.
  for (const std::string_view vocabulary : {ids, std::string_view()}) {
    const auto tokenizer = peel::library::ClipTokenizer::Make(merges, vocabulary);
    if (tokenizer.ok() && tokenizer->Sequence(rest, 77).size() != 77) std::abort();
  }
  return 0;
}
