#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/pipeline/folder/input_table.h"

namespace peel {

// A name that gives no picture, and why.
struct InputFailure {
  Input input;
  Status status;  // the name is in the message
};

// A name that is passed over though one may expect a picture of it, and why: a sentence's end.
struct PassedOver {
  Input input;
  std::string reason;
};

// What became of the names on the command line.
struct InputList {
  InputTable inputs;  // in the order given; inside a folder sorted by name
  std::vector<InputFailure> errors;
  std::vector<PassedOver> passed_over;
  // *.cut.png and the like met in folders that are Peel's own results (pipeline/own_results.h): so
  // many that their reasons are found out again when they are asked for.
  InputTable own_results;
  // Where pictures are looked for: files met in folders that have a film's extension, and are no
  // pictures by their content.
  InputTable films;
  // Where pictures are looked for: XMP sidecars met in folders (HasSidecarExtension). None is
  // opened.
  InputTable sidecars;
};

// What is looked for in folders: pictures, or films (film_files.h).
enum class InputKind : uint8_t { kPictures, kFilms };

// Files stay as they are. A folder stands for the pictures in it: files with a picture's extension
// or with a picture's content, hidden ones and Peel's own results left out; those of its
// sub-folders too when `recursive`. A name with * ? [ that is no file is a pattern as the shell has
// it, for those who quote it or have no shell. A name met twice is taken once; two names of one
// file, by links, are two pictures.
//
// Links to folders are followed when `recursive`, after all that lies in the named folders
// themselves, each folder once: one that leads to where its pictures are taken already, or up to a
// folder that it lies in itself, is passed over. In a folder, a link that leads nowhere or in a
// circle is taken as well (who reads it says so), and a pipe or device with a picture's name is an
// error.
InputList ExpandInputs(const std::vector<std::string>& names, bool recursive,
                       InputKind kind = InputKind::kPictures);

// Why a link to a folder is not followed that leads to a folder which it lies in itself; "" where
// that is not so.
std::string LeadsUp(const std::string& link);

// Whether a file met in a folder is a picture, by the rules above. `path` exists.
bool IsPictureFile(const std::string& path);
bool HasPictureExtension(std::string_view file_name);
// .xmp in any case: what stands beside a picture, and is none whatever is in it.
bool HasSidecarExtension(std::string_view file_name);

// Names that editors, browsers and copying programs give to what is not finished: "x.jpg~",
// "x.jpg.part", "x.jpg.crdownload" …
bool LooksTemporary(std::string_view file_name);

// The input's name below the folder that was named on the command line: the same on every machine
// that sees the folder, wherever it is mounted there.
std::string RelativeName(const Input& input);

// A part of a list that is split without coordination: number `index` (from 1) of `count`.
struct Shard {
  int index = 1, count = 1;
  bool Has(const Input& input) const;  // by the hash of RelativeName
};

// "i/N" with 1 <= i <= N <= 65536.
Result<Shard> ParseShard(std::string_view text);

}  // namespace peel
