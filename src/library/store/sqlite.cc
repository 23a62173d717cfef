#include "src/library/store/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "src/base/os/file.h"

namespace peel::library {
namespace {

// A file name in a URI: what has a meaning there as %XX.
std::string UriOf(const std::string& path, const char* parameters) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      const auto byte = static_cast<uint8_t>(c);
      uri += '%';
      uri += kDigits[byte >> 4];
      uri += kDigits[byte & 15];
    } else {
      uri += c;
    }
  }
  return uri + parameters;
}

std::string StatementPath(sqlite3* handle) {
  const char* const name = sqlite3_db_filename(handle, "main");
  return name != nullptr ? name : "the library";
}

}  // namespace

Status SqliteFailure(sqlite3* handle, int code, const std::string& path) {
  const std::string begin = path + ": ";
  const int system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  const auto reason = [&] {
    std::string text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    if (system != 0) text += " (" + std::generic_category().message(system) + ")";
    return text;
  };
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return OkStatus();
    case SQLITE_NOMEM:
      return OutOfMemory(begin + "there is not enough memory for the library");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return IoError(begin +
                     "another program holds the library locked; try again when it has finished");
    case SQLITE_FULL:
      return IoError(begin +
                     "the disk is full; make room there, or keep the library elsewhere by --db "
                     "FILE; what was written before is whole");
    case SQLITE_READONLY:
      return IoError(begin +
                     "the library cannot be written (a read-only disk or file); keep it elsewhere "
                     "by --db FILE");
    case SQLITE_IOERR:
      // By now the system's own reason is mostly lost: SQLite has undone the transaction since.
      if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_FSYNC ||
          code == SQLITE_IOERR_TRUNCATE || code == SQLITE_IOERR_SHMSIZE) {
        return IoError(begin +
                       "the library could not be written: the disk is full or failing, or a file "
                       "may not grow so large (ulimit -f); make room there, or keep the library "
                       "elsewhere by --db FILE; what was written before is whole");
      }
      return IoError(begin + "reading or writing the library failed: " + reason());
    case SQLITE_CANTOPEN:
      if (system == ENOENT) return NotFound(begin + "there is no such library");
      return IoError(begin + "the library cannot be opened: " + reason());
    case SQLITE_NOTADB:
      return Corrupt(
          begin + "this is no SQLite database; name another file by --db, or move this one away");
    case SQLITE_CORRUPT:
      return Corrupt(begin + "the library is damaged (" + reason() +
                     "); move it away and scan again, or get it back from a copy");
    case SQLITE_INTERRUPT:
      return Cancelled(begin + "stopped before it was done");
    case SQLITE_AUTH:
      return InvalidArgument(begin + reason());
    case SQLITE_TOOBIG:
      return LimitExceeded(begin + reason());
    default:
      return Status(code == SQLITE_ERROR ? StatusCode::kInvalidArgument : StatusCode::kInternal,
                    begin + reason());
  }
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

// Binding fails for want of memory or a wrong number alone; then Step gives it as an error too,
// for a parameter that could not be bound stays NULL where NOT NULL or the tests see it.
Statement& Statement::Bind(int at, std::optional<int64_t> value) {
  if (!value) return BindNull(at);
  sqlite3_bind_int64(statement_.get(), at, *value);
  return *this;
}

Statement& Statement::BindReal(int at, std::optional<double> value) {
  if (!value) return BindNull(at);
  sqlite3_bind_double(statement_.get(), at, *value);
  return *this;
}

Statement& Statement::Bind(int at, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), at, text.data() != nullptr ? text.data() : "", text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindText(int at, const std::optional<std::string>& text) {
  if (!text) return BindNull(at);
  return Bind(at, std::string_view{*text});
}

Statement& Statement::BindBlob(int at, std::span<const uint8_t> bytes) {
  if (bytes.empty()) {
    sqlite3_bind_zeroblob(statement_.get(), at, 0);
  } else {
    sqlite3_bind_blob64(statement_.get(), at, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  }
  return *this;
}

Statement& Statement::BindNull(int at) {
  sqlite3_bind_null(statement_.get(), at);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  sqlite3* const handle = sqlite3_db_handle(statement_.get());
  Status failure = SqliteFailure(handle, code, StatementPath(handle));
  sqlite3_reset(statement_.get());
  return failure;
}

Status Statement::Run() {
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return OkStatus();
  }
}

void Statement::Reset() { sqlite3_reset(statement_.get()); }
int Statement::columns() const { return sqlite3_column_count(statement_.get()); }
std::string_view Statement::name(int column) const {
  const char* const name = sqlite3_column_name(statement_.get(), column);
  return name != nullptr ? name : "";
}
bool Statement::is_null(int column) const { return type(column) == SQLITE_NULL; }
int Statement::type(int column) const { return sqlite3_column_type(statement_.get(), column); }
int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }
std::string_view Statement::text(int column) const {
  const auto* const text =
      reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}
std::span<const uint8_t> Statement::blob(int column) const {
  const auto* const bytes =
      static_cast<const uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}
std::optional<int64_t> Statement::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}
std::optional<double> Statement::maybe_real(int column) const {
  if (is_null(column)) return std::nullopt;
  return real(column);
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::Open(const std::string& path, Mode mode, int busy_ms) {
  const std::optional<FileInfo> info = InfoOf(path);
  if (info && !info->is_file()) return IoError(path + ": is no file");
  if (!info && errno != ENOENT) {
    return IoError(path + ": " + std::generic_category().message(errno));
  }
  if (!info && mode != Mode::kCreate) {
    return NotFound(path + ": there is no such library; `peel scan FOLDER` makes one");
  }
  const auto open = [&](const char* parameters, int rights) -> Result<Database> {
    constexpr int kAlways = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(UriOf(path, parameters).c_str(), &handle, kAlways | rights, nullptr);
    Database database;
    database.path_ = path;
    database.handle_.reset(handle);
    if (code != SQLITE_OK) return SqliteFailure(handle, code, path);
    sqlite3_busy_timeout(handle, busy_ms);
    if (mode == Mode::kRead) PEEL_RETURN_IF_ERROR(database.Execute("PRAGMA query_only = ON"));
    // Reads the file's first page: whether it is a database at all, and may be opened.
    PEEL_RETURN_IF_ERROR(database.Integer("PRAGMA schema_version").status());
    return database;
  };
  if (mode == Mode::kCreate) return open("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  // A reader, too, opens for writing where it may: only then the last one out takes the log and the
  // readers' file away.
  Result<Database> database = open("", SQLITE_OPEN_READWRITE);
  if (database.ok() || mode == Mode::kWrite) return database;
  database = open("", SQLITE_OPEN_READONLY);
  if (!database.ok() && database.status().code() == StatusCode::kIo && !InfoOf(path + "-wal")) {
    // On a read-only disk the files for readers cannot be made; without a log there is nothing to
    // read together with others either.
    Result<Database> alone = open("?immutable=1", SQLITE_OPEN_READONLY);
    if (alone.ok()) return alone;
  }
  return database;
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), 0,
                                      &statement, nullptr);
  Statement owned(statement);
  if (code != SQLITE_OK) return SqliteFailure(handle_.get(), code, path_);
  if (statement == nullptr) return InvalidArgument(path_ + ": there is no statement in the text");
  return owned;
}

Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return SqliteFailure(handle_.get(), code, path_);
}

Result<int64_t> Database::Integer(std::string_view sql) {
  PEEL_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  PEEL_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return NotFound(path_ + ": no row for " + std::string(sql));
  return statement.integer(0);
}

Result<std::string> Database::Text(std::string_view sql) {
  PEEL_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  PEEL_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return NotFound(path_ + ": no row for " + std::string(sql));
  return std::string(statement.text(0));
}

int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

Result<std::string> Database::CheckIntegrity() {
  PEEL_ASSIGN_OR_RETURN(Statement statement, Prepare("PRAGMA integrity_check"));
  std::string found;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return found;
    if (!found.empty()) found += '\n';
    found += statement.text(0);
  }
}

Result<Transaction> Transaction::Begin(Database& database) {
  PEEL_RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // SQLite itself has undone it after some errors; then there is nothing to undo.
  if (sqlite3_get_autocommit(database_->handle()) == 0) {
    sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Status Transaction::Commit() {
  PEEL_RETURN_IF_ERROR(database_->Execute("COMMIT"));
  database_ = nullptr;
  return OkStatus();
}

}  // namespace peel::library
