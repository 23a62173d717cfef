#include "src/library/store/sidecar_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "src/base/hash.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

constexpr size_t kExtension = 4;  // ".xmp"

// In the order in which they count: what is usual, then by their bytes.
constexpr std::array<std::string_view, 8> kSpellings = {".xmp", ".XMP", ".XMp", ".XmP",
                                                        ".Xmp", ".xMP", ".xMp", ".xmP"};

}  // namespace

std::string_view StemOf(std::string_view picture) {
  const size_t name = picture.rfind('/') + 1;  // npos + 1 is 0
  const size_t dot = picture.rfind('.');
  // ".jpg" is a name without an extension.
  return dot == std::string_view::npos || dot <= name ? picture : picture.substr(0, dot);
}

std::string_view WithoutXmp(std::string_view sidecar) {
  return sidecar.substr(0, sidecar.size() - std::min(kExtension, sidecar.size()));
}

size_t SidecarRank(std::string_view sidecar) {
  const std::string_view extension = sidecar.substr(WithoutXmp(sidecar).size());
  return static_cast<size_t>(std::ranges::find(kSpellings, extension) - kSpellings.begin());
}

std::string FindSidecar(const std::string& picture, bool is_short) {
  const std::string_view stem = is_short ? StemOf(picture) : std::string_view(picture);
  if (is_short && stem.size() == picture.size()) return {};
  for (const std::string_view spelling : kSpellings) {
    std::string path = std::string(stem) + std::string(spelling);
    if (const std::optional<FileInfo> info = InfoOf(path); info && info->is_file()) return path;
  }
  return {};
}

SidecarFile FindSidecar(const std::string& picture) {
  for (const bool is_short : {false, true}) {
    if (std::string path = FindSidecar(picture, is_short); !path.empty()) {
      return {std::move(path), is_short};
    }
  }
  return {};
}

int64_t SidecarStamp(bool is_short, const FileInfo& info) {
  // The first part changes where sidecars come to be read in another way.
  const std::string text = std::string(is_short ? "1 short " : "1 long ") +
                           std::to_string(info.size) + " " + std::to_string(info.modified);
  const auto stamp = static_cast<int64_t>(Hash64(text));
  return stamp != 0 ? stamp : 1;
}

int64_t SidecarStamp(const SidecarFile& sidecar) {
  if (!sidecar.exists()) return 0;
  const std::optional<FileInfo> info = InfoOf(sidecar.path);
  return info && info->is_file() ? SidecarStamp(sidecar.is_short, *info) : 0;
}

// The names that begin with the sidecar's stand side by side in the table's order; which of them
// are its pictures the bytes decide.
Result<std::vector<std::string>> PicturesOfSidecar(Store& store, const std::string& sidecar) {
  const std::string_view stem = WithoutXmp(sidecar);
  const std::string text = TextOfPath(stem).text;
  PEEL_ASSIGN_OR_RETURN(
      Statement row, store.database().Prepare(
                         "SELECT path, path_bytes FROM files WHERE (path = ?1 OR (path >= ?2 AND "
                         "path < ?3)) AND status <> 'gone' ORDER BY path"));
  row.Bind(1, std::string_view(text));
  const std::string from = text + ".", to = text + "/";  // '/' is the next after '.'
  row.Bind(2, std::string_view(from)).Bind(3, std::string_view(to));
  std::vector<std::string> pictures;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return pictures;
    std::string path = PathOfRow(row.text(0), row.blob(1));
    if (path == stem || StemOf(path) == stem) pictures.push_back(std::move(path));
  }
}

}  // namespace peel::library
