#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace peel::library {

// A label as labellers write it, and how well a text fits it, 0 to 1.
struct LabelMatch {
  std::string label;
  bool is_object = false;  // a detection's label; else a scene's
  float weight = 0;
};

// Search by text where no network understands it: from words to the labels that mean them. A word
// fits a label that is called so (1), of whose name it is the last word, "cat" of "tabby cat" (.9),
// whose kind it names, "bird" for "robin" (.8), or in whose name it stands (.6). The names are the
// synonyms that ImageNet's and COCO's lists give, the kinds a table of common English words. Case,
// accents written apart, and the plural do not matter.
class LabelSearch {
 public:
  // scene_lists: the classifier's metadata `labels`, a class each with its synonyms and commas
  // between them; object_labels: the detector's.
  LabelSearch(const std::vector<std::string>& scene_lists,
              const std::vector<std::string>& object_labels);

  // The labels that the whole text names, and for other texts those that any of its words does.
  // Best first; none where no word is known.
  std::vector<LabelMatch> Find(std::string_view text) const;

 private:
  using Words = std::vector<std::string>;
  struct Name {
    Words words;
    size_t label = 0;  // place in labels_
    bool is_kind = false;
  };

  void AddKinds();
  void Match(const Words& phrase, std::vector<float>* weights) const;

  std::vector<LabelMatch> labels_;
  std::vector<Name> names_;
};

// The labels that the networks inside the program can give.
LabelSearch EmbeddedLabelSearch();

}  // namespace peel::library
