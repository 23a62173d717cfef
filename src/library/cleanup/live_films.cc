#include "src/library/cleanup/live_films.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <utility>

#include "src/base/os/file.h"
#include "src/library/cleanup/file_moves.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;

struct Move {
  std::string from, to;
};

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

// All or none. kInvalidArgument where a name is taken.
Status MoveAll(const std::vector<Move>& moves, UndoScript& script) {
  for (size_t i = 0; i < moves.size(); ++i) {
    Status status = script.AddMove(moves[i].to, moves[i].from);
    if (status.ok()) status = MoveFile(moves[i].from, moves[i].to);
    if (status.ok()) continue;
    const bool is_film = i + 1 < moves.size();
    std::string why = (is_film ? "its film " + moves[i].from + ": " : "") + status.message();
    for (size_t done = i; done-- > 0;) {
      const Status back = MoveFile(moves[done].to, moves[done].from);
      if (!back.ok()) why += "; " + moves[done].to + " could not be put back: " + back.message();
    }
    return {status.code(), std::move(why)};
  }
  return OkStatus();
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

Result<std::string> MoveWithFilms(const std::string& from, const std::string& to,
                                  const std::vector<LiveFilm>& films, UndoScript& script) {
  const fs::path folder = fs::path(to).parent_path();
  for (int number = 1; number < 10000; ++number) {
    std::vector<Move> moves;
    moves.reserve(films.size() + 1);
    for (const LiveFilm& film : films) {
      const std::string name = (folder / fs::path(film.path).filename()).string();
      moves.push_back({film.path, NumberedName(name, number)});
    }
    moves.push_back({from, NumberedName(to, number)});
    // A name that is taken must not be what the script moves back.
    if (std::ranges::any_of(moves,
                            [](const Move& move) { return InfoOfLink(move.to).has_value(); }))
      continue;
    Status moved = MoveAll(moves, script);
    if (moved.ok()) return moves.back().to;
    if (moved.code() != StatusCode::kInvalidArgument) return moved;
  }
  return IoError("ten thousand files have that name there");
}

}  // namespace peel::library
