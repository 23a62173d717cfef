#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

struct FoundPhoto {
  int64_t file_id = 0;
  double score = 0;  // the more the better; comparable within one search alone
  std::string why;   // "scene: tabby; place: Lisbon"
};

// Other labels that a word of the query stands for, with how surely (0 to 1): "kitten" for "tabby".
using WordLabels = std::function<std::vector<std::pair<std::string, float>>(std::string_view word)>;

// Pictures that have all words of the text somewhere: in title, keywords, objects, scene, place,
// description, date ("2019", "july"), camera, lens, file name, folders, in falling weight of this
// order; a word also stands for longer ones that begin with it, for its singular, and for what
// `labels` gives. Best first, the better picture of two that fit alike; at most `limit`. One pass
// over the rows, memory by `limit`. kInvalidArgument where the text has no words.
Result<std::vector<FoundPhoto>> FindByText(Store& store, std::string_view text, size_t limit,
                                           const WordLabels& labels);

}  // namespace peel::library
