#include "src/library/known_files.h"

#include <algorithm>
#include <compare>
#include <optional>
#include <string>

#include "src/base/hash.h"
#include "src/library/file_identity.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

constexpr uint64_t kSeeds[2] = {0x70656c6c, 0x7363616e};

bool IsBefore(const KnownFiles::Entry& a, const KnownFiles::Entry& b) {
  return a.name[0] != b.name[0] ? a.name[0] < b.name[0] : a.name[1] < b.name[1];
}

KnownFiles::Entry Named(std::string_view path) {
  KnownFiles::Entry entry;
  entry.name[0] = Hash64(path, kSeeds[0]);
  entry.name[1] = Hash64(path, kSeeds[1]);
  return entry;
}

constexpr std::string_view kColumns =
    "SELECT path, path_bytes, id, size, mtime_ns, edge_hash, content_hash, phases, status, "
    "error IS NOT NULL, models IS NOT ?1, sidecar_stamp FROM files";

KnownFiles::Entry EntryOf(const Statement& row, bool has_models) {
  KnownFiles::Entry entry = Named(PathOfRow(row.text(0), row.blob(1)));
  entry.id = row.integer(2);
  entry.size = static_cast<uint64_t>(row.integer(3));
  entry.mtime_ns = row.integer(4);
  const std::optional<uint64_t> edge = HashOfText(row.text(5));
  entry.has_edge = edge.has_value();
  entry.edge = edge.value_or(0);
  const std::optional<uint64_t> content = HashOfText(row.text(6));
  entry.has_content = content.has_value();
  entry.content = content.value_or(0);
  entry.phases = static_cast<uint8_t>(row.integer(7) & 7);
  entry.is_gone = row.text(8) == "gone";
  entry.has_error = row.integer(9) != 0;
  entry.other_models = has_models && row.integer(10) != 0;
  if (!row.is_null(11)) entry.sidecar = row.integer(11);
  return entry;
}

}  // namespace

Result<KnownFiles> KnownFiles::Load(Store& store, std::string_view models) {
  KnownFiles known;
  PEEL_ASSIGN_OR_RETURN(const int64_t count,
                        store.database().Integer("SELECT count(*) FROM files"));
  known.entries_.reserve(static_cast<size_t>(std::max<int64_t>(count, 0)));
  PEEL_ASSIGN_OR_RETURN(Statement row, store.database().Prepare(kColumns));
  row.Bind(1, models);
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    known.entries_.push_back(EntryOf(row, !models.empty()));
  }
  std::ranges::sort(known.entries_, IsBefore);
  return known;
}

Result<std::optional<KnownFiles::Entry>> FindKnown(Store& store, std::string_view path,
                                                   std::string_view models) {
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        store.database().Prepare(std::string(kColumns) + " WHERE path = ?2"));
  row.Bind(1, models).Bind(2, TextOfPath(path).text);
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return std::optional<KnownFiles::Entry>();
  KnownFiles::Entry entry = EntryOf(row, !models.empty());
  entry.is_seen = true;
  return std::optional<KnownFiles::Entry>(entry);
}

KnownFiles::Entry* KnownFiles::Find(std::string_view path) {
  const Entry wanted = Named(path);
  const auto found = std::ranges::lower_bound(entries_, wanted, IsBefore);
  return found != entries_.end() && !IsBefore(wanted, *found) ? &*found : nullptr;
}

}  // namespace peel::library
