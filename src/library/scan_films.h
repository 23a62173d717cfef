#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/library/scan_roots.h"
#include "src/library/store/store.h"
#include "src/pipeline/folder/inputs.h"

namespace peel::library {

struct FilmChanges {
  size_t read = 0;     // headers of new and changed films
  size_t removed = 0;  // rows of films that are gone
  bool any() const { return read + removed > 0; }
};

// Brings the library's table of films up to those that were met in the folders: MOV and MP4, which
// live photos have. What has the size and time of modification that it had is not opened. Rows of
// other folders stay. A film that cannot be read has a row with the reason; `problem` is told of
// it. Fails as the database does; where it is stopped what was done is kept.
Result<FilmChanges> UpdateFilms(
    Store& store, const InputTable& films, const ScanRoots& roots, const CancelToken* stop,
    const std::function<void(const std::string& path, const std::string& problem)>& told);

}  // namespace peel::library
