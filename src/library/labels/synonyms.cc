#include "src/library/labels/synonyms.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "src/engine/onnx/reader.h"
#include "src/library/labels/kinds.h"
#include "src/library/labels/network.h"
#include "src/library/labels/scan_models.h"
#include "src/library/labels/scenes.h"
#include "src/library/labels/words.h"

namespace peel::library {
namespace {

constexpr float kWhole = 1.0f, kLastWord = 0.9f, kKind = 0.8f, kSomeWord = 0.6f;

// The singular of a regular English plural; anything else as it is.
std::string Singular(std::string word) {
  const auto ends = [&](std::string_view end) {
    return word.size() > end.size() + 1 && word.ends_with(end);
  };
  if (ends("ies")) return word.replace(word.size() - 3, 3, "y");
  if (ends("sses") || ends("shes") || ends("ches") || ends("xes")) {
    word.resize(word.size() - 2);
  } else if (ends("s") && !ends("ss") && !ends("us") && !ends("is")) {
    word.resize(word.size() - 1);
  }
  return word;
}

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(Singular(std::exchange(word, {})));
  };
  for (const char32_t c : LowercaseNfc(FromUtf8(text))) {
    const CharacterKind kind = KindOf(c);
    if (kind == CharacterKind::kLetter || kind == CharacterKind::kNumber) {
      word += ToUtf8(c);
    } else if (c != U'\'' && c != U'\u2019') {
      finish();
    }
  }
  finish();
  return words;
}

std::vector<std::string> LabelsIn(std::span<const uint8_t> model) {
  const auto graph = engine::ReadOnnx(model, nullptr, "(embedded)", "");
  if (!graph.ok()) return {};
  const auto found = graph->metadata.find("labels");
  return found == graph->metadata.end() ? std::vector<std::string>{} : SplitLines(found->second);
}

}  // namespace

LabelSearch::LabelSearch(const std::vector<std::string>& scene_lists,
                         const std::vector<std::string>& object_labels) {
  const std::vector<std::string> readable = ReadableLabels(scene_lists);
  for (size_t i = 0; i < scene_lists.size(); ++i) {
    labels_.push_back({readable[i], false, 0});
    std::string_view list = scene_lists[i];
    while (!list.empty()) {
      const size_t end = std::min(list.find(','), list.size());
      names_.push_back({WordsOf(list.substr(0, end)), labels_.size() - 1, false});
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  }
  for (const std::string& label : object_labels) {
    labels_.push_back({label, true, 0});
    names_.push_back({WordsOf(label), labels_.size() - 1, false});
  }
  AddKinds();
}

void LabelSearch::AddKinds() {
  std::map<std::string, size_t, std::less<>> scenes, objects;
  for (size_t i = 0; i < labels_.size(); ++i) {
    (labels_[i].is_object ? objects : scenes).emplace(labels_[i].label, i);
  }
  const auto add = [&](std::string_view word, size_t first, size_t last) {
    for (size_t i = first; i <= last; ++i) names_.push_back({WordsOf(word), i, true});
  };
  for (const SceneKind& kind : SceneKinds()) {
    const auto first = scenes.find(kind.first), last = scenes.find(kind.last);
    // Lists of other classes than ImageNet's lack one of them, or have another order.
    if (first == scenes.end() || last == scenes.end() || first->second > last->second) continue;
    add(kind.word, first->second, last->second);
  }
  for (const ObjectKind& kind : ObjectKinds()) {
    if (const auto found = objects.find(kind.label); found != objects.end()) {
      add(kind.word, found->second, found->second);
    }
  }
}

void LabelSearch::Match(const Words& phrase, std::vector<float>* weights) const {
  for (const Name& name : names_) {
    if (name.words.empty() || name.words.size() < phrase.size()) continue;
    float weight = 0;
    if (name.words == phrase) {
      weight = name.is_kind ? kKind : kWhole;
    } else if (!name.is_kind) {
      const auto at =
          std::search(name.words.begin(), name.words.end(), phrase.begin(), phrase.end());
      if (at == name.words.end()) continue;
      const bool last = name.words.end() - at == static_cast<ptrdiff_t>(phrase.size());
      weight = last ? kLastWord : kSomeWord;
    }
    float& best = (*weights)[name.label];
    best = std::max(best, weight);
  }
}

std::vector<LabelMatch> LabelSearch::Find(std::string_view text) const {
  const Words words = WordsOf(text);
  if (words.empty()) return {};
  std::vector<float> weights(labels_.size());
  const auto found_any = [&] {
    return std::ranges::any_of(weights, [](float w) { return w > 0; });
  };
  Match(words, &weights);
  if (!found_any() && words.size() > 1) {
    for (const std::string& word : words) Match({word}, &weights);
  }
  std::vector<LabelMatch> matches;
  for (size_t i = 0; i < labels_.size(); ++i) {
    if (weights[i] <= 0) continue;
    matches.push_back(labels_[i]);
    matches.back().weight = weights[i];
  }
  std::ranges::stable_sort(
      matches, [](const LabelMatch& a, const LabelMatch& b) { return a.weight > b.weight; });
  return matches;
}

LabelSearch EmbeddedLabelSearch() {
  return {LabelsIn(EmbeddedScenes()), LabelsIn(EmbeddedObjects())};
}

}  // namespace peel::library
