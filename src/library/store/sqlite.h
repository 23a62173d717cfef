#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace peel::library {

// SQLite behind Status and owned handles. One thread at a time uses a Database and its Statements.

// One compiled statement. Parameters count from 1, columns from 0, as in SQLite. What is bound is
// copied. A statement must not outlive its Database.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  // nullopt is NULL. Returns the statement, to bind one after another.
  Statement& Bind(int at, std::optional<int64_t> value);
  Statement& BindReal(int at, std::optional<double> value);
  Statement& Bind(int at, std::string_view text);
  Statement& BindText(int at, const std::optional<std::string>& text);
  Statement& BindBlob(int at, std::span<const uint8_t> bytes);
  Statement& BindNull(int at);

  // True at a row, false at the end; kIo, kCorrupt, kCancelled … with what to do about it. A
  // statement that failed or ended can be bound and run again.
  Result<bool> Step();
  // Step for what gives no rows.
  Status Run();
  void Reset();

  int columns() const;
  std::string_view name(int column) const;
  bool is_null(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;          // until the next Step
  std::span<const uint8_t> blob(int column) const;  // until the next Step
  std::optional<int64_t> maybe_integer(int column) const;
  std::optional<double> maybe_real(int column) const;
  // SQLite's type of the value: SQLITE_INTEGER 1, SQLITE_FLOAT 2, SQLITE_TEXT 3, SQLITE_BLOB 4,
  // SQLITE_NULL 5.
  int type(int column) const;
  sqlite3_stmt* handle() const { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Mode {
    kRead,    // must be there; nothing is written, also not beside it where that cannot be
    kWrite,   // must be there
    kCreate,  // made where it is not there
  };

  Database() = default;
  // Opens the file and waits up to `busy_ms` for other writers in whatever follows. kNotFound, kIo,
  // kCorrupt (no SQLite file).
  static Result<Database> Open(const std::string& path, Mode mode, int busy_ms = 5000);

  Result<Statement> Prepare(std::string_view sql);
  // One statement or several, whose rows are dropped.
  Status Execute(const std::string& sql);
  // The first column of the first row.
  Result<int64_t> Integer(std::string_view sql);
  Result<std::string> Text(std::string_view sql);
  int64_t last_id() const;
  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const;

  // "ok" is a whole database; else what SQLite found, a line each.
  Result<std::string> CheckIntegrity();

  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_.get(); }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// A transaction that is undone unless Commit is called.
class Transaction {
 public:
  // Takes the right to write at once, so that nothing fails half-way for another writer.
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) {
    other.database_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

// What an SQLite result code means to the user, with the database's name.
Status SqliteFailure(sqlite3* handle, int code, const std::string& path);

}  // namespace peel::library
