#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/codec/decoder.h"
#include "src/library/search/text_search.h"
#include "src/library/store/store.h"

namespace peel::library {

struct FindOptions {
  size_t limit = 50;
  std::string clip;            // a folder with the CLIP that the library was scanned with, or ""
  Decoder* decoder = nullptr;  // null: this process
};

// Pictures that fit a text: by its words and what the labels' lists know of them
// (search/text_search.h), or with a CLIP by what the pictures show.
Result<std::vector<FoundPhoto>> FindWords(Store& store, std::string_view text,
                                          const FindOptions& options);

// Pictures like this one: first those that are the same shot by their hashes, then those with the
// nearest embeddings, as far as the library has them. A picture of the library is known already
// (and is not among the results); any other file is looked at as a scan would. Errors name it.
Result<std::vector<FoundPhoto>> FindLike(Store& store, const std::string& picture,
                                         const FindOptions& options);

}  // namespace peel::library
