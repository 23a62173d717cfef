#include "src/library/search/sql_search.h"

#include <sqlite3.h>

#include <string_view>

#include "src/library/store/store.h"

namespace peel::library {
namespace {

constexpr int kLargestValue = 10 << 20;
constexpr int kStepsBetweenLooks = 10000;

struct Guard {
  std::string refused;  // what the condition tried and may not
  std::chrono::steady_clock::time_point end;
  bool is_late = false;
};

const char* ActionName(int action) {
  switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return "other databases";
    case SQLITE_PRAGMA:
      return "PRAGMA";
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return "transactions";
    case SQLITE_FUNCTION:
      return "this function";
    default:
      return "changing the library";
  }
}

int Authorize(void* context, int action, const char* first, const char* second, const char*,
              const char*) {
  const auto is = [](const char* name, std::string_view what) {
    return name != nullptr && name == what;
  };
  const bool is_allowed =
      action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ||
      (action == SQLITE_FUNCTION && !is(second, "load_extension") && !is(second, "fts3_tokenizer"));
  static_cast<void>(first);
  if (is_allowed) return SQLITE_OK;
  static_cast<Guard*>(context)->refused = ActionName(action);
  return SQLITE_DENY;
}

int LookAtClock(void* context) {
  auto* const guard = static_cast<Guard*>(context);
  guard->is_late = std::chrono::steady_clock::now() > guard->end;
  return guard->is_late ? 1 : 0;
}

// A failure in the user's own terms.
Status Explain(const Status& status, const Guard& guard, sqlite3* handle) {
  if (guard.is_late) {
    return LimitExceeded("--where took too long; narrow it, or ask the database by sqlite3");
  }
  if (!guard.refused.empty()) {
    return InvalidArgument("--where only reads; " + guard.refused + " is not allowed there");
  }
  if (status.code() == StatusCode::kInvalidArgument || status.code() == StatusCode::kLimit) {
    std::string reason = sqlite3_errmsg(handle);
    if (reason.starts_with("no such column")) {
      reason +=
          "; the columns are those of the view photos (docs/scan.md), texts stand in single "
          "quotes";
    }
    return InvalidArgument("--where: " + reason);
  }
  return status;
}

}  // namespace

Result<std::vector<int64_t>> FindBySql(const std::string& database, const std::string& condition,
                                       size_t limit, std::chrono::milliseconds time) {
  PEEL_ASSIGN_OR_RETURN(Store store, Store::Open(database, Database::Mode::kRead));
  sqlite3* const handle = store.database().handle();
  Guard guard;
  guard.end = std::chrono::steady_clock::now() + time;
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kLargestValue);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_set_authorizer(handle, Authorize, &guard);
  sqlite3_progress_handler(handle, kStepsBetweenLooks, LookAtClock, &guard);
  // By the paths alone: a condition that smuggles in rows of its own gives paths that are none.
  const std::string sql = "SELECT id FROM files WHERE path IN (SELECT path FROM photos WHERE (" +
                          condition + "\n)) AND status <> 'gone' ORDER BY path LIMIT " +
                          std::to_string(limit);
  const char* rest = nullptr;
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v3(handle, sql.c_str(), static_cast<int>(sql.size()) + 1, 0, &raw, &rest);
  Statement rows(raw);
  if (code != SQLITE_OK) {
    return Explain(SqliteFailure(handle, code, database), guard, handle);
  }
  if (rest != nullptr && *rest != '\0') {
    return InvalidArgument("--where takes one condition, without a semicolon");
  }
  std::vector<int64_t> ids;
  while (true) {
    const Result<bool> has_row = rows.Step();
    if (!has_row.ok()) return Explain(has_row.status(), guard, handle);
    if (!*has_row) return ids;
    ids.push_back(rows.integer(0));
  }
}

}  // namespace peel::library
