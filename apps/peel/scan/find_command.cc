#include "apps/peel/scan/find_command.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/output.h"
#include "src/base/os/file.h"
#include "src/base/os/terminal.h"
#include "src/library/find.h"
#include "src/library/search/sql_search.h"
#include "src/library/store/path_text.h"
#include "src/library/store/store.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

struct FindArguments {
  std::string db = ".peel/library.db", like, where, clip;
  std::vector<std::string> text;
  int limit = 50;
  bool json = false;
};

constexpr char kFooter[] = R"(
One way at a time. Prints a path a line, the best first; with --json also what fits and what is known of it.
  peel scan find --db photos/.peel/library.db lisbon tram
  peel scan find --db photos/.peel/library.db --like holiday.jpg
  peel scan find --db photos/.peel/library.db --where "faces > 2 AND quality > 0.7 AND taken_at > '2023'")";

int Fail(const Status& status) {
  Console().Error(status.message());
  return ExitCodeFor(status);
}

Status CheckArguments(const FindArguments& a) {
  const int ways = int{!a.text.empty()} + int{!a.like.empty()} + int{!a.where.empty()};
  if (ways == 0) return InvalidArgument("give words, --like PICTURE or --where SQL");
  if (ways > 1) return InvalidArgument("words, --like and --where are three ways; choose one");
  if (!a.where.empty() && !a.clip.empty()) {
    return InvalidArgument("--clip is for words and --like; --where looks at no pictures");
  }
  return OkStatus();
}

Result<std::vector<library::FoundPhoto>> Find(library::Store& store, const FindArguments& a) {
  if (!a.where.empty()) {
    PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> ids,
                          library::FindBySql(a.db, a.where, static_cast<size_t>(a.limit)));
    std::vector<library::FoundPhoto> found;
    found.reserve(ids.size());
    for (const int64_t id : ids) found.push_back({id, 0, ""});
    return found;
  }
  library::FindOptions options;
  options.limit = static_cast<size_t>(a.limit);
  options.clip = a.clip;
  if (!a.like.empty()) return library::FindLike(store, a.like, options);
  std::string text;
  for (const std::string& word : a.text) text += (text.empty() ? "" : " ") + word;
  return library::FindWords(store, text, options);
}

// What is worth knowing of a picture that was found, as the view `photos` has it.
constexpr const char* kShown[] = {"taken_at", "width", "height", "city",    "country",
                                  "title",    "scene", "faces",  "objects", "quality"};

Result<Json> Describe(const library::Statement& row, const library::FoundPhoto& photo,
                      bool has_score) {
  Json entry;
  entry["path"] = row.text(0);
  if (has_score) {
    entry["score"] = photo.score;
    entry["why"] = photo.why;
  }
  int column = 2;
  for (const char* const name : kShown) {
    const int at = column++;
    if (row.is_null(at)) {
      entry[name] = nullptr;
    } else if (row.type(at) == 1) {
      entry[name] = row.integer(at);
    } else if (row.type(at) == 2) {
      entry[name] = row.real(at);
    } else {
      const Json parsed = Json::parse(row.text(at), nullptr, false);
      entry[name] =
          std::string_view(name) == "objects" && parsed.is_array() ? parsed : Json(row.text(at));
    }
  }
  return entry;
}

Status PrintFound(library::Store& store, const std::vector<library::FoundPhoto>& found,
                  const FindArguments& a) {
  std::string columns;
  for (const char* const name : kShown) columns += std::string(", p.") + name;
  PEEL_ASSIGN_OR_RETURN(
      library::Statement row,
      store.database().Prepare(
          "SELECT f.path, f.path_bytes" + (a.json ? columns : "") + " FROM files f" +
          (a.json ? " JOIN photos p ON p.path = f.path" : "") + " WHERE f.id = ?1"));
  const bool is_read = IsTerminal(kStandardOutput);
  Json list = Json::array();
  for (const library::FoundPhoto& photo : found) {
    row.Reset();
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, photo.file_id).Step());
    if (!has_row) continue;
    if (a.json) {
      PEEL_ASSIGN_OR_RETURN(Json entry, Describe(row, photo, a.where.empty()));
      list.push_back(std::move(entry));
      continue;
    }
    // A program that reads the names needs them as they are.
    const std::string path = library::PathOfRow(row.text(0), row.blob(1));
    Print("{}\n", is_read ? OneLine(path) : path);
  }
  if (a.json) Print("{}\n", list.dump(2, ' ', false, Json::error_handler_t::replace));
  return OkStatus();
}

int Run(const FindArguments& a) {
  if (const Status status = CheckArguments(a); !status.ok()) return Fail(status);
  Result<library::Store> store = library::Store::Open(a.db, library::Database::Mode::kRead);
  if (!store.ok()) return Fail(store.status());
  const Result<std::vector<library::FoundPhoto>> found = Find(*store, a);
  if (!found.ok()) return Fail(found.status());
  if (const Status status = PrintFound(*store, *found, a); !status.ok()) return Fail(status);
  if (found->empty() && !a.json) Console().Note("nothing was found");
  return kExitDone;
}

}  // namespace

void AddScanFindCommand(Command& scan, int* exit_code) {
  Command command =
      scan.AddCommand("find", "Find pictures of a library by words, by a picture or by SQL");
  command.Footer(kFooter);
  auto a = std::make_shared<FindArguments>();
  command.AddOption("TEXT", a->text, "Words: what is seen, places, dates, cameras, names …");
  command.AddOption("--db", a->db, "The library's file; default: .peel/library.db")
      .TypeName("FILE");
  command.AddOption("--like", a->like, "Pictures like this one, of the library or any other")
      .TypeName("PICTURE");
  command
      .AddOption("--where", a->where,
                 "Pictures that a condition over the columns of the view photos is true of; reads "
                 "alone, and no longer than 30 seconds")
      .TypeName("SQL");
  command
      .AddOption("--clip", a->clip,
                 "The CLIP that the library was scanned with: words find what pictures show")
      .TypeName("FOLDER");
  command.AddOption("--limit", a->limit, "How many at most; default 50").Range(1, 1000000);
  command.AddFlag("--json", a->json, "Print JSON, with what fits and what is known");
  command.OnParsed([a, exit_code] { *exit_code = Run(*a); });
}

}  // namespace peel
