#include "src/library/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "src/base/os/test_folder.h"
#include "src/library/store/embedding_bytes.h"
#include "src/library/store/hash_bytes.h"
#include "src/library/store/path_text.h"
#include "src/library/store/photo_reader.h"

namespace peel::library {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name = "library.db") const { return folder_ / name; }

  Store Make() {
    auto store = Store::Open(Path(), Database::Mode::kCreate);
    EXPECT_TRUE(store.ok()) << store.status().message();
    return *std::move(store);
  }

  static PhotoRecord Whole(const std::string& path) {
    PhotoRecord record;
    record.file.path = path;
    record.file.size = 1234;
    record.file.mtime_ns = 1'500'000'000'250'000'000;
    record.file.edge_hash = "00000000000000aa";
    record.file.content_hash = "00000000000000bb";
    record.file.format = "JPEG";
    record.file.models = R"({"scenes":"one"})";
    record.metadata.emplace();
    record.metadata->width = 4000;
    record.metadata->height = 3000;
    record.metadata->keywords = {"sea", "sand \"fine\""};
    record.metadata->flash = false;
    record.city = "Kyoto";
    record.content.emplace();
    record.content->quality.quality = 0.5F;
    record.content->quality.dominant_colours = {{{0xaa, 0xbb, 0xcc}, 0.25F}};
    record.content->thumbnail = {1, 2, 3};
    record.labels.emplace();
    record.labels->labels.scene = "seashore";
    record.labels->labels.embedding = {0.5F, -0.25F};
    record.labels->labels.objects = {
        {"dog", 0.5F, {0, 0, 1, 1}}, {"cat", 0.9F, {}}, {"dog", 0.4F, {}}};
    record.labels->labels.faces.resize(2);
    record.labels->subject.emplace();
    record.labels->subject->share = 0.75F;
    return record;
  }

  std::string Text(Store& store, const std::string& sql) {
    auto text = store.database().Text(sql);
    EXPECT_TRUE(text.ok()) << text.status().message();
    return text.ok() ? *text : "";
  }
  int64_t Count(Store& store, const std::string& table) {
    auto count = store.database().Integer("SELECT count(*) FROM " + table);
    EXPECT_TRUE(count.ok()) << count.status().message();
    return count.ok() ? *count : -1;
  }

  TestFolder folder_;
};

TEST_F(StoreTest, AnEmptyFileBecomesALibrary) {
  Store store = Make();
  EXPECT_EQ(*LibraryVersion(store.database()), kSchemaVersion);
  EXPECT_EQ(*store.database().Text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(*store.database().CheckIntegrity(), "ok");
}

TEST_F(StoreTest, EveryEarlierVersionIsMigrated) {
  // Version 0 is a file without tables, as an interrupted first scan may leave it.
  for (int version = 0; version < kSchemaVersion; ++version) {
    { auto made = Database::Open(Path(std::to_string(version)), Database::Mode::kCreate); }
    auto store = Store::Open(Path(std::to_string(version)), Database::Mode::kWrite);
    ASSERT_TRUE(store.ok()) << store.status().message();
    EXPECT_EQ(*LibraryVersion(store->database()), kSchemaVersion);
    EXPECT_EQ(*store->database().Integer("SELECT count(*) FROM photos"), 0);
  }
}

TEST_F(StoreTest, AVersionWithoutFilmsLearnsOfThem) {
  {
    auto old = Database::Open(Path(), Database::Mode::kCreate);
    ASSERT_TRUE(Migrate(*old, 1).ok());
    ASSERT_TRUE(old->Execute("INSERT INTO files(id, path, size, mtime_ns, status, phases, "
                             "scanned_at) VALUES (1, '/a.heic', 1, 1, 'ok', 7, ''), (2, '/b.jpg', "
                             "1, 1, 'ok', 7, ''); INSERT INTO metadata(file_id, make) VALUES (1, "
                             "'Apple'), (2, 'Canon'); INSERT INTO stack_members VALUES (3, "
                             "'burst', 1), (3, 'burst', 2)")
                    .ok());
    EXPECT_EQ(*LibraryVersion(*old), 1);
    EXPECT_EQ(Store::Open(Path(), Database::Mode::kRead).status().code(), StatusCode::kUnsupported);
  }
  auto store = Store::Open(Path(), Database::Mode::kWrite);
  ASSERT_TRUE(store.ok()) << store.status().message();
  // Headers are to be read once more, and nothing else.
  EXPECT_EQ(Text(*store, "SELECT group_concat(phases) FROM files"), "7,7");
  EXPECT_EQ(Text(*store, "SELECT count(*) FROM files WHERE sidecar_stamp IS NULL"), "2");
  EXPECT_EQ(Text(*store, "SELECT group_concat(kind || path || is_film) FROM stacks"),
            "burst/a.heic0,burst/b.jpg0");
  EXPECT_EQ(*store->database().CheckIntegrity(), "ok");
}

TEST_F(StoreTest, AVersionWithoutSidecarsKeepsWhatItKnows) {
  {
    auto old = Database::Open(Path(), Database::Mode::kCreate);
    ASSERT_TRUE(Migrate(*old, 3).ok());
    // Of the second one not even the headers could be read.
    ASSERT_TRUE(old->Execute("INSERT INTO files(id, path, size, mtime_ns, status, phases, models, "
                             "content_hash, scanned_at) VALUES (1, '/a', 1, 1, 'partial', 6, '{}', "
                             "'00', ''), (2, '/b', 1, 1, 'error', 0, NULL, NULL, ''); INSERT INTO "
                             "metadata(file_id, title) VALUES (1, 'Tram')")
                    .ok());
  }
  auto store = Store::Open(Path(), Database::Mode::kWrite);
  ASSERT_TRUE(store.ok()) << store.status().message();
  EXPECT_EQ(Text(*store, "SELECT group_concat(phases) FROM files"), "7,0");
  EXPECT_EQ(Text(*store,
                 "SELECT title || status || content_hash || model_versions FROM photos "
                 "WHERE sidecar IS NULL AND label IS NULL AND path = '/a'"),
            "Trampartial00{}");
  EXPECT_EQ(*store->database().CheckIntegrity(), "ok");
}

TEST_F(StoreTest, MarksOfAnOlderVersionAreThoseOfToday) {
  {
    auto old = Database::Open(Path(), Database::Mode::kCreate);
    ASSERT_TRUE(Migrate(*old, 2).ok());
    ASSERT_TRUE(
        old->Execute("INSERT INTO files(id, path, size, mtime_ns, status, scanned_at) "
                     "VALUES (1, '/a', 1, 1, 'ok', ''), (2, '/b', 1, 1, 'ok', ''); INSERT "
                     "INTO measures(file_id, sharpness, exposure, contrast, noise, quality, "
                     "subject_sharpness, subject_score) VALUES (1, 0.9375, 0.5, 0.75, 2, "
                     "0.65, 0.9375, 0.5), (2, 0.5, 0, 0.25, 0, 0.9, NULL, NULL)")
            .ok());
  }
  auto store = Store::Open(Path(), Database::Mode::kWrite);
  ASSERT_TRUE(store.ok()) << store.status().message();
  const auto real = [&](const std::string& sql) { return std::stod(Text(*store, sql)); };
  EXPECT_NEAR(real("SELECT quality FROM photos WHERE path = '/a'"),
              QualityMark(0.9375F, 0.5F, 0.75F, 2), 1e-9);
  EXPECT_NEAR(real("SELECT subject_score FROM photos WHERE path = '/a'"),
              0.5 * SharpnessMark(0.9375F), 1e-9);
  EXPECT_NEAR(real("SELECT quality FROM photos WHERE path = '/b'"), QualityMark(0.5F, 0, 0.25F, 0),
              1e-9);
  EXPECT_EQ(Text(*store, "SELECT subject_score IS NULL FROM photos WHERE path = '/b'"), "1");
}

TEST_F(StoreTest, FilmsOfStacks) {
  Store store = Make();
  const int64_t still = *store.Write(Whole("/a.heic"));
  ASSERT_TRUE(store.database()
                  .Execute("INSERT INTO films(id, path, size, mtime_ns) VALUES (5, '/a.mov', 1, 1)")
                  .ok());
  ASSERT_TRUE(store.WriteStacks({{1, "live", still}}, {{1, 5}}).ok());
  EXPECT_EQ(Text(store, "SELECT group_concat(stack_id || kind || path || is_film) FROM stacks"),
            "1live/a.heic0,1live/a.mov1");
  EXPECT_EQ(*store.database().CheckIntegrity(), "ok");
  ASSERT_TRUE(store.DeleteFilm(5).ok());
  EXPECT_EQ(Count(store, "stacks"), 1);
  ASSERT_TRUE(store.WriteStacks({}, {}).ok());
  EXPECT_EQ(Count(store, "stacks"), 0);
}

TEST_F(StoreTest, ANewerVersionIsRefusedInWords) {
  {
    Store store = Make();
    ASSERT_TRUE(store.database().Execute("PRAGMA user_version = 99").ok());
  }
  const auto store = Store::Open(Path(), Database::Mode::kCreate);
  EXPECT_EQ(store.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(store.status().message(), HasSubstr("newer version of Peel"));
  EXPECT_THAT(store.status().message(), HasSubstr("--db"));
}

TEST_F(StoreTest, AnotherProgramsDatabaseIsLeftAlone) {
  {
    auto other = Database::Open(Path(), Database::Mode::kCreate);
    ASSERT_TRUE(other->Execute("CREATE TABLE theirs(x)").ok());
  }
  EXPECT_THAT(Store::Open(Path(), Database::Mode::kCreate).status().message(),
              HasSubstr("another program's"));
  std::ofstream(Path("text.db")) << "this is no database, and it is long enough to be one: "
                                 << std::string(200, 'x');
  const auto text = Store::Open(Path("text.db"), Database::Mode::kCreate);
  EXPECT_EQ(text.status().code(), StatusCode::kCorrupt) << text.status().message();
}

TEST_F(StoreTest, ReadingMakesNothing) {
  EXPECT_EQ(Store::Open(Path(), Database::Mode::kRead).status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(Path()));
}

TEST_F(StoreTest, ALockedLibraryIsTold) {
  Store store = Make();
  ASSERT_TRUE(store.Begin().ok());
  auto second = Database::Open(Path(), Database::Mode::kWrite, /*busy_ms=*/1);
  ASSERT_TRUE(second.ok());
  const Status begun = second->Execute("BEGIN IMMEDIATE");
  EXPECT_EQ(begun.code(), StatusCode::kIo);
  EXPECT_THAT(begun.message(), HasSubstr("locked"));
  store.Rollback();
  EXPECT_TRUE(second->Execute("BEGIN IMMEDIATE").ok());
}

TEST_F(StoreTest, TheViewHasTheColumnsThatReadersCountOn) {
  Store store = Make();
  const auto id = store.Write(Whole("/a.jpg"));
  ASSERT_TRUE(id.ok()) << id.status().message();
  int rows = 0;
  const Status read = ForEachPhoto(store, [&](const Statement& row) {
    ++rows;
    EXPECT_EQ(row.columns(), static_cast<int>(PhotoColumns().size()));
    for (int i = 0; i < row.columns(); ++i) {
      EXPECT_EQ(row.name(i), PhotoColumns()[static_cast<size_t>(i)].name);
    }
    return OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(rows, 1);
  auto columns = store.database().Prepare("SELECT * FROM photos");
  ASSERT_TRUE(columns.ok());
  ASSERT_EQ(columns->columns(), static_cast<int>(PhotoColumns().size()));
  for (int i = 0; i < columns->columns(); ++i) {
    EXPECT_EQ(columns->name(i), PhotoColumns()[static_cast<size_t>(i)].name);
  }
}

TEST_F(StoreTest, WhatIsWrittenIsRead) {
  Store store = Make();
  ASSERT_TRUE(store.Write(Whole("/a.jpg")).ok());
  EXPECT_EQ(Text(store, "SELECT keywords FROM photos"), R"(["sea","sand \"fine\""])");
  EXPECT_EQ(Text(store, "SELECT objects FROM photos"), R"(["cat","dog"])");
  EXPECT_EQ(Text(store, "SELECT faces FROM photos"), "2");
  EXPECT_EQ(Text(store, "SELECT dominant_colors FROM photos"),
            R"([{"hex":"#aabbcc","share":0.25}])");
  EXPECT_EQ(Text(store, "SELECT mtime FROM photos"), "1500000000.25");
  EXPECT_EQ(Text(store, "SELECT subject_share FROM photos"), "0.75");
  EXPECT_EQ(Text(store, "SELECT flash FROM photos"), "0");
  EXPECT_EQ(Text(store, "SELECT iso IS NULL AND title IS NULL FROM photos"), "1");
  EXPECT_EQ(Text(store, "SELECT hex(embedding) FROM photos"), "003800B4");
  EXPECT_THAT(*ReadThumbnail(store, 1), ElementsAre(1, 2, 3));
}

TEST_F(StoreTest, ChangedContentLosesWhatIsNoLongerTrue) {
  Store store = Make();
  ASSERT_TRUE(store.Write(Whole("/a.jpg")).ok());
  PhotoRecord headers = Whole("/a.jpg");
  headers.content.reset();
  headers.labels.reset();
  ASSERT_TRUE(store.Write(headers).ok());
  EXPECT_EQ(Count(store, "files"), 1);
  EXPECT_EQ(Count(store, "metadata"), 1);
  for (const char* table : {"measures", "scenes", "faces", "detections"}) {
    EXPECT_EQ(Count(store, table), 0) << table;
  }
  EXPECT_EQ(Text(store, "SELECT faces IS NULL AND objects IS NULL FROM photos"), "1");
}

TEST_F(StoreTest, KeptPhasesStay) {
  Store store = Make();
  ASSERT_TRUE(store.Write(Whole("/a.jpg")).ok());
  PhotoRecord again = Whole("/a.jpg");
  again.kept_phases = kPhaseContent;
  again.content.reset();
  again.labels->labels.objects.clear();
  ASSERT_TRUE(store.Write(again).ok());
  EXPECT_EQ(Count(store, "measures"), 1);
  EXPECT_EQ(Count(store, "detections"), 0);
  EXPECT_EQ(Text(store, "SELECT phases FROM files"), "7");
}

TEST_F(StoreTest, MetadataAloneIsReplacedAndTheRestStays) {
  Store store = Make();
  PhotoRecord whole = Whole("/a.jpg");
  whole.file.status = FileStatus::kPartial;
  whole.file.error = "its end is damaged";
  const int64_t id = *store.Write(whole);
  PhotoRecord again;
  again.file.path = "/b.jpg";  // moved as well
  again.file.size = 1234;
  again.file.sidecar = "/b.jpg.xmp";
  again.file.sidecar_stamp = 77;
  again.metadata.emplace();
  again.metadata->title = "Tram";
  again.metadata->label = "Red";
  again.metadata->creator = "Ana";
  again.metadata->copyright = "Ana 2020";
  ASSERT_TRUE(store.WriteMetadataAlone(id, again).ok());
  EXPECT_EQ(Text(store,
                 "SELECT path || title || label || creator || copyright || sidecar FROM "
                 "photos WHERE keywords IS NULL"),
            "/b.jpgTramRedAnaAna 2020/b.jpg.xmp");
  EXPECT_EQ(Text(store, "SELECT status || error || content_hash || scene || faces FROM photos"),
            "partialits end is damaged00000000000000bbseashore2");
  EXPECT_EQ(Text(store, "SELECT phases || edge_hash || sidecar_stamp FROM files"),
            "700000000000000aa77");
  EXPECT_THAT(Text(store, "SELECT model_versions FROM photos"), HasSubstr("scenes"));
  EXPECT_EQ(Count(store, "files"), 1);
}

TEST_F(StoreTest, ASidecarIsOfTheNameThatTheFileHas) {
  Store store = Make();
  PhotoRecord record = Whole("/a.jpg");
  record.file.sidecar = "/caf\xe9.xmp";  // whatever its bytes
  record.file.sidecar_stamp = -5;
  const int64_t id = *store.Write(record);
  EXPECT_EQ(Text(store, "SELECT sidecar || sidecar_stamp FROM files"), "/caf\\xE9.xmp-5");
  FileRecord now = Whole("/c.jpg").file;
  now.sidecar_stamp = 0;
  ASSERT_TRUE(store.Move(id, now).ok());
  EXPECT_EQ(Text(store, "SELECT sidecar IS NULL AND sidecar_stamp = 0 FROM files"), "1");
}

TEST_F(StoreTest, ARowGoesWithAllThatBelongsToIt) {
  Store store = Make();
  const int64_t id = *store.Write(Whole("/a.jpg"));
  ASSERT_TRUE(store.WriteDuplicates({{1, "exact", id, 0, true, "first"}}).ok());
  ASSERT_TRUE(store.WriteStacks({{1, "burst", id}}, {}).ok());
  EXPECT_EQ(ReadDuplicates(store)->size(), 1U);
  EXPECT_EQ(ReadDuplicates(store, "same")->size(), 0U);
  EXPECT_EQ(ReadStacks(store)->size(), 1U);
  ASSERT_TRUE(store.Delete(id).ok());
  for (const char* table : {"files", "metadata", "measures", "scenes", "faces", "detections",
                            "duplicate_members", "stack_members"}) {
    EXPECT_EQ(Count(store, table), 0) << table;
  }
}

TEST_F(StoreTest, AMovedFileIsItself) {
  Store store = Make();
  const int64_t id = *store.Write(Whole("/a.jpg"));
  ASSERT_TRUE(store.SetGone(id).ok());
  EXPECT_EQ(Text(store, "SELECT status FROM photos"), "gone");
  FileRecord now = Whole("/b/c.jpg").file;
  now.mtime_ns = 7;
  ASSERT_TRUE(store.Move(id, now).ok());
  EXPECT_EQ(Text(store, "SELECT path || status || scene FROM photos"), "/b/c.jpgokseashore");
}

TEST_F(StoreTest, NamesThatAreNoTextKeepTheirBytes) {
  Store store = Make();
  const std::string odd = "/caf\xe9.jpg";
  ASSERT_TRUE(store.Write(Whole(odd)).ok());
  ASSERT_TRUE(store.Write(Whole("/caf\\xE9.jpg")).ok());  // looks like what the other is shown as
  EXPECT_EQ(Count(store, "files"), 2);
  EXPECT_EQ(Text(store, "SELECT count(*) FROM files WHERE path = '/caf\\xE9.jpg'"), "1");
  EXPECT_EQ(Text(store, "SELECT hex(path_bytes) FROM files WHERE path = '/caf\\xE9.jpg'"),
            "2F636166E92E6A7067");
}

TEST(PathText, IsReversibleForAnyBytes) {
  const PathText plain = TextOfPath("/süß/日本.jpg");
  EXPECT_TRUE(plain.is_exact);
  EXPECT_EQ(plain.text, "/süß/日本.jpg");
  EXPECT_EQ(TextOfPath("a\\b").text, "a\\b");
  EXPECT_EQ(TextOfPath("a\\xzz").text, "a\\xzz");
  EXPECT_EQ(TextOfPath("a\\xE4").text, "a\\x5CxE4");
  EXPECT_EQ(TextOfPath("\xed\xa0\x80").text, "\\xED\\xA0\\x80");           // a surrogate
  EXPECT_EQ(TextOfPath("\xc0\xaf").text, "\\xC0\\xAF");                    // not the shortest form
  EXPECT_EQ(TextOfPath("\xf4\x90\x80\x80").text, "\\xF4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(TextOfPath("x\xe4\xb8").text, "x\\xE4\\xB8");                  // cut off
}

TEST(HashBytes, ThereAndBack) {
  PdqHashes hashes;
  uint64_t word = 1;
  for (PdqHash& hash : hashes.orientations) hash.words = {word++, word++, word++, word++};
  for (PdqHash& hash : hashes.crops) hash.words = {word++, word++, word++, ~word};
  const auto back = HashesOfBytes(BytesOfHashes(hashes), 77);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->orientations, hashes.orientations);
  EXPECT_EQ(back->crops, hashes.crops);
  EXPECT_EQ(back->quality, 77);
  EXPECT_EQ(HashesOfBytes(std::vector<uint8_t>(33), 1).status().code(), StatusCode::kCorrupt);
}

TEST(EmbeddingBytes, ThereAndBack) {
  const std::vector<float> embedding = {0, 1, -0.5F, 0.333251953125F};
  EXPECT_EQ(EmbeddingOf(EmbeddingBytes(embedding)), embedding);
  EXPECT_TRUE(EmbeddingOf(std::vector<uint8_t>(3)).empty());
}

}  // namespace
}  // namespace peel::library
