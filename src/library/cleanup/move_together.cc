#include "src/library/cleanup/move_together.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

#include "src/base/os/file.h"
#include "src/library/cleanup/file_moves.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;

struct Move {
  std::string from, to;
  std::string_view what;  // "film", "sidecar"; "" of the picture
};

// All or none. kInvalidArgument where a name is taken.
Status MoveAll(const std::vector<Move>& moves, UndoScript& script) {
  for (size_t i = 0; i < moves.size(); ++i) {
    Status status = script.AddMove(moves[i].to, moves[i].from);
    if (status.ok()) status = MoveFile(moves[i].from, moves[i].to);
    if (status.ok()) continue;
    const std::string_view what = moves[i].what;
    std::string why = status.message();
    if (!what.empty()) why = "its " + std::string(what) + " " + moves[i].from + ": " + why;
    for (size_t done = i; done-- > 0;) {
      const Status back = MoveFile(moves[done].to, moves[done].from);
      if (!back.ok()) why += "; " + moves[done].to + " could not be put back: " + back.message();
    }
    return {status.code(), std::move(why)};
  }
  return OkStatus();
}

// The sidecar's name for a picture of this name: "b (2).jpg.xmp", "b (2).xmp".
std::string NameOfSidecar(const SidecarFile& sidecar, const std::string& picture) {
  const std::string_view whole = picture;
  const std::string_view stem = sidecar.is_short ? StemOf(picture) : whole;
  return std::string(stem) + sidecar.path.substr(WithoutXmp(sidecar.path).size());
}

}  // namespace

Result<std::vector<SidecarFile>> SidecarsToMove(Store& store, const std::string& picture) {
  std::vector<SidecarFile> sidecars;
  if (std::string path = FindSidecar(picture, /*is_short=*/false); !path.empty()) {
    sidecars.push_back({std::move(path), false});
  }
  std::string shared = FindSidecar(picture, /*is_short=*/true);
  if (shared.empty()) return sidecars;
  PEEL_ASSIGN_OR_RETURN(const std::vector<std::string> pictures, PicturesOfSidecar(store, shared));
  const bool stays = std::ranges::any_of(pictures, [&](const std::string& other) {
    return other != picture && InfoOfLink(other).has_value();
  });
  if (!stays) sidecars.push_back({std::move(shared), true});
  return sidecars;
}

Result<std::string> MoveTogether(const std::string& from, const std::string& to,
                                 std::span<const LiveFilm> films,
                                 std::span<const SidecarFile> sidecars, UndoScript& script) {
  const fs::path folder = fs::path(to).parent_path();
  for (int number = 1; number < 10000; ++number) {
    const std::string picture = NumberedName(to, number);
    std::vector<Move> moves;
    moves.reserve(films.size() + sidecars.size() + 1);
    for (const LiveFilm& film : films) {
      const std::string name = (folder / fs::path(film.path).filename()).string();
      moves.push_back({film.path, NumberedName(name, number), "film"});
    }
    for (const SidecarFile& sidecar : sidecars) {
      moves.push_back({sidecar.path, NameOfSidecar(sidecar, picture), "sidecar"});
    }
    moves.push_back({from, picture, ""});
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
