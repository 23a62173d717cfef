#pragma once

#include "src/base/status.h"
#include "src/library/store/sqlite.h"

namespace peel::library {

// The layout of a library (SQLite's `PRAGMA user_version`); docs/scan.md describes the views, which
// other programs may rely on.
inline constexpr int kSchemaVersion = 4;
// SQLite's `PRAGMA application_id`: "Peel" in ASCII.
inline constexpr int kApplicationId = 0x5065656C;

// What has been done to a file (files.phases), any of them together.
enum Phase : unsigned {
  kPhaseMetadata = 1,  // its headers
  kPhaseContent = 2,   // its pixels: hash, measures, duplicates
  kPhaseLabels = 4,    // networks: objects, faces, scene, embedding, subject
};

// The version, once it is clear that the file is a library of Peel's: kUnsupported for a newer one
// and for another program's database; 0 for an empty file.
Result<int> LibraryVersion(Database& database);

// Brings a library of any earlier version, or an empty file, to kSchemaVersion, each step whole or
// not at all. last: where tests stop on the way.
Status Migrate(Database& database, int last = kSchemaVersion);

}  // namespace peel::library
