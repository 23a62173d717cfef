#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/library/cleanup/undo_script.h"
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

// Gives the picture `from` the name `to` and its films their own names in the same folder, or all
// of them the first number that is free for each (NumberedName); returns the picture's new name.
// The films go first: stopped in between, the next attempt brings the picture behind them. Where
// one cannot be moved those before it are put back. kIo or kNotFound, with the film's name where it
// was that.
Result<std::string> MoveWithFilms(const std::string& from, const std::string& to,
                                  const std::vector<LiveFilm>& films, UndoScript& script);

}  // namespace peel::library
