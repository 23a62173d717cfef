#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/library/cleanup/live_films.h"
#include "src/library/cleanup/undo_script.h"
#include "src/library/store/sidecar_file.h"
#include "src/library/store/store.h"

namespace peel::library {

// The sidecars that go where the picture goes, as they lie there now: "a.jpg.xmp", and "a.xmp"
// unless another picture of the library shares it that is still there.
Result<std::vector<SidecarFile>> SidecarsToMove(Store& store, const std::string& picture);

// Gives the picture `from` the name `to`, its films their own names in the same folder and its
// sidecars names after the picture's new one; or all of them the first number that is free for each
// (NumberedName). Returns the picture's new name. The picture goes last: stopped in between, the
// next attempt brings it behind the others. Where one cannot be moved those before it are put back.
// kIo or kNotFound, with the film's or sidecar's name where it was that.
Result<std::string> MoveTogether(const std::string& from, const std::string& to,
                                 std::span<const LiveFilm> films,
                                 std::span<const SidecarFile> sidecars, UndoScript& script);

}  // namespace peel::library
