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

// What became of the names on the command line.
struct InputList {
  std::vector<Input> inputs;  // in the order given; inside a folder sorted by name
  // Names that gave nothing, each with its reason (the name is in the message).
  std::vector<Status> errors;
  int own_outputs_skipped = 0;  // *.cut.png and the like met in folders
};

// Files stay as they are. A folder stands for the pictures in it: files with a picture's extension
// or with a picture's content, hidden ones and Peel's own outputs left out; those of its
// sub-folders too when `recursive` (links to folders are not followed). A name with * ? [ that is
// no file is a pattern as the shell has it, for those who quote it or have no shell. A file met
// twice is taken once.
InputList ExpandInputs(const std::vector<std::string>& names, bool recursive);

// Whether this is a name that OutputPath gives ("x.cut.png", "x.mask.webp").
bool LooksLikeOutput(std::string_view file_name);

}  // namespace peel
