#include "src/library/cleanup/live_films.h"

#include <utility>

#include "src/base/os/file.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

// Whether the stack has a still besides this one whose file is there.
Result<bool> HasOtherStill(Store& store, int64_t stack_id, int64_t file_id) {
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        store.database().Prepare(
                            "SELECT f.path, f.path_bytes FROM stack_members s JOIN files f ON f.id "
                            "= s.file_id WHERE s.stack_id = ?1 AND f.id <> ?2"));
  row.Bind(1, stack_id).Bind(2, file_id);
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return false;
    if (InfoOfLink(PathOfRow(row.text(0), row.blob(1)))) return true;
  }
}

}  // namespace

Result<std::vector<LiveFilm>> FilmsOfPicture(Store& store, int64_t file_id) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT s.stack_id, f.id, f.path, f.path_bytes, f.size, f.mtime_ns FROM stack_members s "
          "JOIN stack_films l ON l.stack_id = s.stack_id JOIN films f ON f.id = l.film_id WHERE "
          "s.file_id = ?1 AND s.kind = 'live' ORDER BY f.path"));
  row.Bind(1, file_id);
  std::vector<LiveFilm> films;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return films;
    PEEL_ASSIGN_OR_RETURN(const bool stays, HasOtherStill(store, row.integer(0), file_id));
    LiveFilm film{row.integer(1), PathOfRow(row.text(2), row.blob(3)),
                  static_cast<uint64_t>(row.integer(4)), row.integer(5)};
    if (!stays && InfoOfLink(film.path)) films.push_back(std::move(film));
  }
}

}  // namespace peel::library
