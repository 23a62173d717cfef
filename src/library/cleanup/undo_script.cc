#include "src/library/cleanup/undo_script.h"

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "src/base/os/file.h"
#include "src/library/cleanup/file_moves.h"

namespace peel::library {
namespace {

constexpr std::string_view kHead =
    "#!/bin/sh\n"
    "# Takes back what `peel scan duplicates` did: sh THIS_FILE. Writes over nothing.\n"
    "back() {\n"
    "  [ -e \"$1\" ] || return 0\n"
    "  if [ -e \"$2\" ]; then echo \"left: $2 is there\" >&2; return 0; fi\n"
    "  mkdir -p -- \"$(dirname -- \"$2\")\" && mv -n -- \"$1\" \"$2\"\n"
    "}\n"
    "again() {\n"
    "  [ -e \"$2\" ] || return 0\n"
    "  if [ -e \"$1\" ]; then\n"
    "    if [ -e \"$3\" ]; then echo \"left: $3 is there\" >&2; return 0; fi\n"
    "    mkdir -p -- \"$(dirname -- \"$3\")\" && mv -n -- \"$1\" \"$3\" || return 0\n"
    "  fi\n"
    "  mv -n -- \"$2\" \"$1\"\n"
    "}\n"
    "own() {\n"
    "  [ -e \"$1\" ] || return 0\n"
    "  cp -p -- \"$1\" \"$1.peel-undo\" && mv -f -- \"$1.peel-undo\" \"$1\"\n"
    "}\n";

}  // namespace

std::string ShellWord(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + '\'';
}

Result<UndoScript> UndoScript::Create(const std::string& folder) {
  for (int number = 1; number < 10000; ++number) {
    std::string path =
        NumberedName((folder.empty() ? "." : folder) + "/undo-duplicates.sh", number);
    UniqueFd fd(OpenFile(path, kOpenWrite | kOpenCreate | kOpenExclusive));
    if (!fd) {
      if (errno == EEXIST) continue;
      return IoError(path + ": " + std::generic_category().message(errno));
    }
    UndoScript script(std::move(path), std::move(fd));
    PEEL_RETURN_IF_ERROR(script.Add(kHead));
    return script;
  }
  return IoError(folder + ": ten thousand undo scripts are there already");
}

Status UndoScript::AddMove(const std::string& now, const std::string& before) {
  return Add("back " + ShellWord(now) + " " + ShellWord(before) + "\n");
}

Status UndoScript::AddReplaced(const std::string& now, const std::string& earlier,
                               const std::string& aside) {
  return Add("again " + ShellWord(now) + " " + ShellWord(earlier) + " " + ShellWord(aside) + "\n");
}

Status UndoScript::AddUnlink(const std::string& path) {
  return Add("own " + ShellWord(path) + "\n");
}

Status UndoScript::Add(std::string_view text) {
  while (!text.empty()) {
    const ptrdiff_t n = WriteOnce(fd_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return IoError(path_ + ": " + std::generic_category().message(errno));
    text.remove_prefix(static_cast<size_t>(n));
  }
  if (SyncFile(fd_.get()) != 0) {
    return IoError(path_ + ": " + std::generic_category().message(errno));
  }
  return OkStatus();
}

}  // namespace peel::library
