#include "src/library/search/sql_search.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "src/base/os/test_folder.h"
#include "src/library/store/store.h"

namespace peel::library {
namespace {

// tests/library/test_scan_find.py has what conditions find, and which are refused.
TEST(FindBySql, EndsWhatDoesNotEnd) {
  const TestFolder folder;
  const std::string path = folder / "l.db";
  Result<Store> store = Store::Open(path, Database::Mode::kCreate);
  ASSERT_TRUE(store.ok()) << store.status().message();
  ASSERT_TRUE(store->database()
                  .Execute("INSERT INTO files(path, size, mtime_ns, status, scanned_at) VALUES "
                           "('/a.jpg', 1, 1, 'ok', '')")
                  .ok());
  const Result<std::vector<int64_t>> all = FindBySql(path, "size = 1", 10);
  ASSERT_TRUE(all.ok()) << all.status().message();
  EXPECT_EQ(all->size(), 1U);
  const Result<std::vector<int64_t>> endless =
      FindBySql(path,
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) "
                "FROM n) = 1",
                10, std::chrono::milliseconds(50));
  ASSERT_FALSE(endless.ok());
  EXPECT_EQ(endless.status().code(), StatusCode::kLimit);
  EXPECT_NE(endless.status().message().find("too long"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
