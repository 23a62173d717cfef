#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/base/status.h"

namespace peel::library {

// Text as CLIP's text network reads it: byte pairs merged in the order of a vocabulary (Sennrich,
// Haddow, Birch, 2016; bytes as in GPT-2), in lower case. The ids are those of the tokenizers of
// openai/CLIP and of Hugging Face's transformers, but that texts are taken literally: neither
// "<|endoftext|>" nor HTML entities mean anything, and broken encodings are not guessed at.
class ClipTokenizer {
 public:
  // merges: a line "first second" each behind a first line that is skipped (merges.txt,
  // bpe_simple_vocab_16e6.txt). vocabulary: the JSON object of vocab.json from token to id, or ""
  // where the ids are those of openai/CLIP, in the order of the merges. kCorrupt says which line
  // or token is wrong.
  static Result<ClipTokenizer> Make(std::string_view merges, std::string_view vocabulary);

  // The ids of a text in UTF-8, without a start or an end. Bytes that are no UTF-8 become U+FFFD;
  // what is longer than 2,000 bytes is cut off there.
  std::vector<int32_t> Encode(std::string_view text) const;

  // `length` (at least 2) ids: start, the text's, cut where they are too many, end, and zeros.
  std::vector<int32_t> Sequence(std::string_view text, size_t length) const;

  int32_t start() const { return start_; }
  int32_t end() const { return end_; }

 private:
  struct Merge {
    int32_t rank = 0, result = 0;
  };
  using Merges = std::unordered_map<uint64_t, Merge>;

  ClipTokenizer() = default;
  void EncodeWord(std::string_view word, std::vector<int32_t>* ids) const;

  Merges merges_;  // by both ids
  std::vector<int32_t> inner_ = std::vector<int32_t>(256), last_ = std::vector<int32_t>(256);
  int32_t start_ = 0, end_ = 0;
};

}  // namespace peel::library
