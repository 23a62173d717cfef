#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/matte/model/model_family.h"

namespace peel {

// A model that can be asked for by name.
struct CatalogueEntry {
  std::string_view name;
  Family family;
  std::string_view summary;  // one line for `peel models list`
  std::string_view licence;  // of the weights; users must check it for their purpose
};

// The model that needs no file and is used where none is asked for.
inline constexpr std::string_view kEmbeddedModel = "peel";

// All known models, the embedded one first, then by name.
std::span<const CatalogueEntry> Catalogue();
const CatalogueEntry* FindInCatalogue(std::string_view name);

// Reads an environment variable; nullopt where it is unset. Unset and empty are the same to Peel.
using Environment = std::function<std::optional<std::string>(const char*)>;
Environment ProcessEnvironment();

// The files that `name` may lie in, in the order in which they are tried:
//   $U2NET_HOME/N.onnx, $REMBG_HOME/models/N/N.onnx, $XDG_DATA_HOME/rembg/models/N/N.onnx,
//   ~/.rembg/models/N/N.onnx, ~/.u2net/N.onnx, ${XDG_DATA_HOME:-~/.local/share}/peel/models/N.onnx
// Folders whose variable is unset are left out.
std::vector<std::string> ModelCandidates(std::string_view name, const Environment& environment);

// Peel's own folder for models, where new ones belong; empty where there is no home folder.
std::string OwnModelFolder(const Environment& environment);

// Where a model was found.
struct LocatedModel {
  std::string name;              // the catalogue's, or the file's without folder and extension
  std::string path;              // empty for the embedded model
  std::optional<Family> family;  // by name; the file itself may know better (MakeProfile)
  bool embedded() const { return path.empty(); }
};

// NAME or FILE (anything with a slash or the extension .onnx is a file). kNotFound says where it
// looked, or which known names are close to an unknown one.
Result<LocatedModel> LocateModel(std::string_view name_or_file,
                                 const Environment& environment = ProcessEnvironment());

}  // namespace peel
