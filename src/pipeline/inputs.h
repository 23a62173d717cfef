#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace peel {

// One picture to work on.
struct Input {
  std::string path;  // "-" for standard input
  // The sub-folder below the folder that was named, "" for none: kept below an output folder.
  std::string subfolder;
};

// A name that gives no picture, and why.
struct InputFailure {
  Input input;
  Status status;  // the name is in the message
};

// What became of the names on the command line.
struct InputList {
  std::vector<Input> inputs;  // in the order given; inside a folder sorted by name
  std::vector<InputFailure> errors;
  int own_outputs_skipped = 0;  // *.cut.png and the like met in folders
};

// Files stay as they are. A folder stands for the pictures in it: files with a picture's extension
// or with a picture's content, hidden ones and Peel's own outputs left out; those of its
// sub-folders too when `recursive` (links to folders are not followed). A name with * ? [ that is
// no file is a pattern as the shell has it, for those who quote it or have no shell. A file met
// twice is taken once. In a folder, a link that leads nowhere or in a circle is taken as well (who
// reads it says so), and a pipe or device with a picture's name is an error.
InputList ExpandInputs(const std::vector<std::string>& names, bool recursive);

// Whether a file met in a folder counts as a picture there, by the rules above. `path` exists.
bool IsPictureFile(const std::string& path);

// Whether this is a name that OutputPath gives ("x.cut.png", "x.mask.webp").
bool LooksLikeOutput(std::string_view file_name);

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
