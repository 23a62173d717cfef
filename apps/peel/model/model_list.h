#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace peel {

// A known model as `models` and `doctor` show it.
struct ListedModel {
  std::string name, family, summary, licence;
  std::string path;       // "(embedded)", a file, or "" where it is not on this machine
  std::string int8_path;  // of its 8-bit version; "" where there is none
  uint64_t bytes = 0;
};

// The catalogue with what this machine has of it.
std::vector<ListedModel> ListModels();

// The folders and files that models are looked for in, NAME standing for the model's name, in
// order.
std::vector<std::string> ModelFolders();

}  // namespace peel
