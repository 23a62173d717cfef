#pragma once

#include <string>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// What an export's name asks for: .csv, .json, .jsonl or .parquet, in either case.
// kInvalidArgument for another, and says which there are.
Status CheckExportName(const std::string& path);

// Writes all rows of the view `photos`, its columns in their order, sorted by path:
//   .csv      RFC 4180 with a line of names; NULL is empty, an empty text is "", yes and no are 1
//             and 0, lists are JSON, the embedding is base64 of float16 in little endian.
//   .json     one array, an object a row with every column; lists are lists, the embedding numbers.
//   .jsonl    the same objects, a line each.
//   .parquet  (parquet_writer.h); keywords and objects are list<string>, the embedding list<float>.
// `path` holds all of it or what it held before (WriteFileAtomically); "-" is not taken. Memory
// does not grow with the rows.
Status Export(Store& store, const std::string& path);

}  // namespace peel::library
