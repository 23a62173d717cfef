#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// A live photo's film, which goes where its picture goes, so that the two are never torn apart.
struct LiveFilm {
  int64_t id = 0;    // in the library's films
  std::string path;  // the name itself
  uint64_t size = 0;
  int64_t modified = 0;
};

// The films that have no other picture than this file: where a live photo has several stills (a
// HEIC and a JPEG of it) its film stays as long as one of them does. Films that are no longer there
// are left out.
Result<std::vector<LiveFilm>> FilmsOfPicture(Store& store, int64_t file_id);

}  // namespace peel::library
