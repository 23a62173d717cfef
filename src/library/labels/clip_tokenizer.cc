#include "src/library/labels/clip_tokenizer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "src/library/labels/words.h"

namespace peel::library {
namespace {

constexpr size_t kLongestText = 2000;  // bytes; a word costs the square of its length
// openai/CLIP's vocabulary: as many ids, of which 512 are bytes and two mark the ends.
constexpr size_t kOpenAiMerges = 49152 - 512 - 2;
constexpr std::string_view kEndOfWord = "</w>";
constexpr std::string_view kStart = "<|startoftext|>", kEnd = "<|endoftext|>";

// Every byte as a character that shows: those of Latin-1 that do are themselves, the rest follow
// from U+0100 on. The characters in their order give the first ids.
std::array<char32_t, 256> ShownBytes() {
  std::array<char32_t, 256> shown{};
  char32_t next = 0x100;
  for (unsigned b = 0; b < shown.size(); ++b) {
    const bool itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    shown[b] = itself ? static_cast<char32_t>(b) : next++;
  }
  return shown;
}

// The bytes in the order of their ids: those that show themselves first.
std::vector<unsigned> BytesInOrder() {
  const std::array<char32_t, 256> shown = ShownBytes();
  std::vector<unsigned> order;
  for (unsigned b = 0; b < 256; ++b) order.push_back(b);
  std::sort(order.begin(), order.end(),
            [&](unsigned a, unsigned b) { return shown[a] < shown[b]; });
  return order;
}

using Ids = std::unordered_map<std::string, int32_t>;
using Pair = std::pair<std::string_view, std::string_view>;

Result<std::vector<Pair>> ReadMerges(std::string_view text) {
  std::vector<Pair> pairs;
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (++number == 1 || line.empty()) continue;  // the first says the version
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 == line.size() ||
        line.find(' ', space + 1) != std::string_view::npos) {
      return Corrupt("line " + std::to_string(number) + " of the merges is not two tokens");
    }
    pairs.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return pairs;
}

Ids OpenAiIds(const std::vector<Pair>& pairs) {
  Ids ids;
  const auto add = [&](std::string token) {
    ids.emplace(std::move(token), static_cast<int32_t>(ids.size()));
  };
  const std::array<char32_t, 256> shown = ShownBytes();
  const std::vector<unsigned> order = BytesInOrder();
  for (const unsigned b : order) add(ToUtf8(shown[b]));
  for (const unsigned b : order) add(ToUtf8(shown[b]) += kEndOfWord);
  for (const auto& [first, second] : pairs) add(std::string(first) += second);
  add(std::string(kStart));
  add(std::string(kEnd));
  return ids;
}

Result<Ids> ReadIds(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Corrupt("the vocabulary is no JSON object from tokens to numbers");
  Ids ids;
  for (const auto& [token, id] : json.items()) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 ||
        id.get<int64_t>() > std::numeric_limits<int32_t>::max()) {
      return Corrupt("the vocabulary's \"" + token + "\" has no number");
    }
    ids.emplace(token, static_cast<int32_t>(id.get<int64_t>()));
  }
  return ids;
}

uint64_t Key(int32_t first, int32_t second) {
  return uint64_t{static_cast<uint32_t>(first)} << 32 | static_cast<uint32_t>(second);
}

}  // namespace

Result<ClipTokenizer> ClipTokenizer::Make(std::string_view merges, std::string_view vocabulary) {
  PEEL_ASSIGN_OR_RETURN(std::vector<Pair> pairs, ReadMerges(merges));
  // openai/CLIP's file goes on with merges that its vocabulary has no ids for.
  if (pairs.size() > kOpenAiMerges) pairs.resize(kOpenAiMerges);
  Ids ids;
  if (vocabulary.empty()) {
    ids = OpenAiIds(pairs);
  } else {
    PEEL_ASSIGN_OR_RETURN(ids, ReadIds(vocabulary));
  }
  ClipTokenizer tokenizer;
  std::string missing;
  const auto id_of = [&](std::string token) {
    const auto found = ids.find(token);
    if (found != ids.end()) return found->second;
    if (missing.empty()) missing = std::move(token);
    return int32_t{0};
  };
  const std::array<char32_t, 256> shown = ShownBytes();
  for (size_t b = 0; b < shown.size(); ++b) {
    tokenizer.inner_[b] = id_of(ToUtf8(shown[b]));
    tokenizer.last_[b] = id_of(ToUtf8(shown[b]) += kEndOfWord);
  }
  tokenizer.start_ = id_of(std::string(kStart));
  tokenizer.end_ = id_of(std::string(kEnd));
  int32_t rank = 0;
  for (const auto& [first, second] : pairs) {
    const uint64_t key = Key(id_of(std::string(first)), id_of(std::string(second)));
    // Of a pair that is listed twice the later line counts, as in the dictionaries of the
    // originals.
    tokenizer.merges_[key] = {rank++, id_of(std::string(first) += second)};
  }
  if (!missing.empty()) {
    return Corrupt("the vocabulary has no \"" + missing +
                   "\"; merges and vocabulary must belong "
                   "together");
  }
  return tokenizer;
}

void ClipTokenizer::EncodeWord(std::string_view word, std::vector<int32_t>* ids) const {
  std::vector<int32_t> parts;
  for (const char c : word) parts.push_back(inner_[static_cast<unsigned char>(c)]);
  parts.back() = last_[static_cast<unsigned char>(word.back())];
  while (parts.size() > 1) {
    int32_t best_rank = std::numeric_limits<int32_t>::max();
    uint64_t best = 0;
    int32_t result = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto merge = merges_.find(Key(parts[i], parts[i + 1]));
      if (merge == merges_.end() || merge->second.rank >= best_rank) continue;
      best_rank = merge->second.rank;
      best = merge->first;
      result = merge->second.result;
    }
    if (best_rank == std::numeric_limits<int32_t>::max()) break;
    size_t to = 0;  // all places of that pair, from the left
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i + 1 < parts.size() && Key(parts[i], parts[i + 1]) == best) {
        parts[to++] = result;
        ++i;
      } else {
        parts[to++] = parts[i];
      }
    }
    parts.resize(to);
  }
  ids->insert(ids->end(), parts.begin(), parts.end());
}

std::vector<int32_t> ClipTokenizer::Encode(std::string_view text) const {
  std::vector<int32_t> ids;
  const std::u32string plain = LowercaseNfc(FromUtf8(text.substr(0, kLongestText)));
  const auto kind_at = [&](size_t i) { return KindOf(plain[i]); };
  for (size_t i = 0; i < plain.size();) {
    size_t end = i + 1;
    if (kind_at(i) == CharacterKind::kSpace) {
      i = end;
      continue;
    }
    const std::u32string_view rest(plain.data() + i, plain.size() - i);
    size_t ending = 0;  // of an English contraction, which is a word of its own
    for (const std::u32string_view e : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"}) {
      if (rest.starts_with(e)) ending = std::max(ending, e.size());
    }
    if (ending > 0) {
      end = i + ending;
    } else if (kind_at(i) != CharacterKind::kNumber) {  // each digit stands alone
      while (end < plain.size() && kind_at(end) == kind_at(i)) ++end;
    }
    std::string word;
    for (size_t k = i; k < end; ++k) word += ToUtf8(plain[k]);
    EncodeWord(word, &ids);
    i = end;
  }
  return ids;
}

std::vector<int32_t> ClipTokenizer::Sequence(std::string_view text, size_t length) const {
  std::vector<int32_t> sequence = {start_};
  std::vector<int32_t> ids = Encode(text);
  ids.resize(std::min(ids.size(), length - 2));
  sequence.insert(sequence.end(), ids.begin(), ids.end());
  sequence.push_back(end_);
  sequence.resize(length);
  return sequence;
}

}  // namespace peel::library
