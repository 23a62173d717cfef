#include "src/library/scan_films.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "src/base/lower.h"
#include "src/base/os/file.h"
#include "src/base/os/source_file.h"
#include "src/library/metadata/film_facts.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

struct Row {
  int64_t id = 0;
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  bool is_seen = false;
};
using Rows = std::unordered_map<std::string, Row>;  // by the name itself

// What cameras write beside a still.
bool MayBeLive(std::string_view name) {
  const std::string extension = LowerAscii(name.substr(std::min(name.rfind('.'), name.size())));
  constexpr std::array<std::string_view, 4> kExtensions = {".mov", ".mp4", ".m4v", ".qt"};
  return std::ranges::find(kExtensions, extension) != kExtensions.end();
}

Result<Rows> ReadRows(Store& store) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare("SELECT id, path, path_bytes, size, mtime_ns FROM films"));
  Rows rows;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return rows;
    rows[PathOfRow(row.text(1), row.blob(2))] = {
        row.integer(0), static_cast<uint64_t>(row.integer(3)), row.integer(4), false};
  }
}

Result<FilmFacts> FactsOf(const std::string& path) {
  PEEL_ASSIGN_OR_RETURN(const std::shared_ptr<const SourceFile> file, SourceFile::Open(path));
  return ReadFilmFacts(*file);
}

Status Write(Statement& statement, const std::string& path, const FileInfo& info,
             const Result<FilmFacts>& facts) {
  const PathText text = TextOfPath(path);
  statement.Bind(1, text.text);
  if (text.is_exact) {
    statement.BindNull(2);
  } else {
    statement.BindBlob(2, {reinterpret_cast<const uint8_t*>(path.data()), path.size()});
  }
  statement.Bind(3, static_cast<int64_t>(info.size)).Bind(4, info.modified);
  const auto maybe = [](const std::string& words) {
    return words.empty() ? std::nullopt : std::optional(words);
  };
  if (facts.ok()) {
    statement.BindText(5, maybe(facts->content_identifier)).BindReal(6, facts->duration_s);
    statement.BindText(7, maybe(facts->warning));
  } else {
    statement.BindNull(5).BindNull(6).Bind(7, facts.status().message());
  }
  return statement.Run();
}

// Those that were not met are gone where their folder was looked into and has them no longer.
Status RemoveGone(Store& store, const Rows& rows, const ScanRoots& roots, size_t* removed) {
  PEEL_ASSIGN_OR_RETURN(Statement remove,
                        store.database().Prepare("DELETE FROM films WHERE id = ?1"));
  for (const auto& [path, row] : rows) {
    if (row.is_seen || !roots.Contain(path) || InfoOfLink(path)) continue;
    if (errno != ENOENT && errno != ENOTDIR) continue;
    PEEL_RETURN_IF_ERROR(remove.Bind(1, row.id).Run());
    ++*removed;
  }
  return OkStatus();
}

}  // namespace

Result<FilmChanges> UpdateFilms(
    Store& store, const InputTable& films, const ScanRoots& roots, const CancelToken* stop,
    const std::function<void(const std::string& path, const std::string& problem)>& told) {
  FilmChanges changes;
  PEEL_ASSIGN_OR_RETURN(Rows rows, ReadRows(store));
  if (films.empty() && rows.empty()) return changes;
  PEEL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(store.database()));
  PEEL_ASSIGN_OR_RETURN(
      Statement write,
      store.database().Prepare(
          "INSERT INTO films(path, path_bytes, size, mtime_ns, content_identifier, duration_s, "
          "error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(path) DO UPDATE SET path_bytes = "
          "?2, size = ?3, mtime_ns = ?4, content_identifier = ?5, duration_s = ?6, error = ?7"));
  for (size_t i = 0; i < films.size(); ++i) {
    if (stop != nullptr && stop->cancelled()) break;
    if (!MayBeLive(films.NameOf(i))) continue;
    const std::string path = films[i].path;
    const auto known = rows.find(path);
    const std::optional<FileInfo> info = InfoOf(path);
    if (!info) continue;  // gone again
    if (known != rows.end()) {
      known->second.is_seen = true;
      if (known->second.size == info->size && known->second.mtime_ns == info->modified) continue;
    }
    const Result<FilmFacts> facts = FactsOf(path);
    const std::string problem = facts.ok() ? facts->warning : facts.status().message();
    if (!problem.empty()) told(path, problem);
    PEEL_RETURN_IF_ERROR(Write(write, path, *info, facts));
    ++changes.read;
  }
  if (stop == nullptr || !stop->cancelled()) {
    PEEL_RETURN_IF_ERROR(RemoveGone(store, rows, roots, &changes.removed));
  }
  PEEL_RETURN_IF_ERROR(transaction.Commit());
  return changes;
}

}  // namespace peel::library
