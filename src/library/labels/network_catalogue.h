#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace peel::library {

// A network that looks at pictures of a library, as `peel models` tells of it.
struct CataloguedNetwork {
  std::string_view name;     // as NetworkInfo and a library's model_versions have it
  std::string_view role;     // "objects", "faces", "scenes"; "text search" for CLIP
  std::string_view summary;  // what it finds, and what it was trained on
  std::string_view licence;
  std::string_view origin;  // where it comes from: an address
  std::span<const uint8_t>
      onnx;  // that the program carries; empty: it comes by files of the user's
};

// All that there are. They live as long as the process.
std::span<const CataloguedNetwork> NetworkCatalogue();
// Null where none has the name.
const CataloguedNetwork* FindNetwork(std::string_view name);

}  // namespace peel::library
