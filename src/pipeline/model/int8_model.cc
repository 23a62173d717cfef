#include "src/pipeline/model/int8_model.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "src/base/cache_file.h"
#include "src/base/hash.h"
#include "src/base/os/source_file.h"
#include "src/engine/onnx/reader.h"
#include "src/engine/quantize/quantize.h"
#include "src/matte/model/embedded_model.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

bool IsFile(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string FolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<engine::ModelBytes> ReadFile(const std::string& path) {
  auto file = SourceFile::Open(path);
  if (!file.ok()) return std::move(file).status().WithContext(path);
  auto bytes = (*file)->ReadAll();
  if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
  return engine::ModelBytes{(*bytes)->span(), *bytes, path, FolderOf(path), *std::move(file)};
}

// Without looking at the graph more than the reader does; "" where the file does not say.
std::string MadeFrom(const engine::ModelBytes& file) {
  const auto graph = engine::ReadOnnx(file.bytes, file.owner, file.name, file.directory, file.file);
  if (!graph.ok()) return "";  // loading it will say what is wrong
  const auto it = graph->metadata.find(engine::kSourceHashKey);
  return it == graph->metadata.end() ? "" : it->second;
}

std::string HowToQuantize(const LocatedModel& model) {
  return "`peel quantize" + (model.embedded() ? "" : " " + model.path) +
         " --images DIR` makes it from pictures like yours";
}

}  // namespace

Result<engine::ModelBytes> ReadModel(const LocatedModel& where) {
  if (where.embedded()) {
    return engine::ModelBytes{EmbeddedModel(), nullptr, "the embedded model", ""};
  }
  return ReadFile(where.path);
}

std::string Int8ModelPath(const LocatedModel& model) {
  if (model.embedded()) {
    const std::string folder = OwnModelFolder(ProcessEnvironment());
    return folder.empty() ? "" : folder + "/" + model.name + "_int8.onnx";
  }
  std::string path = model.path;
  if (path.ends_with(".onnx")) path.resize(path.size() - 5);
  return path + "_int8.onnx";
}

Result<Int8Model> FindInt8Model(const LocatedModel& model, std::span<const uint8_t> bytes) {
  std::vector<std::string> candidates;
  if (!model.embedded()) candidates.push_back(Int8ModelPath(model));
  for (std::string& path : ModelCandidates(model.name + "_int8", ProcessEnvironment())) {
    candidates.push_back(std::move(path));
  }
  for (const std::string& path : candidates) {
    if (!IsFile(path)) continue;
    Int8Model found;
    found.path = path;
    PEEL_ASSIGN_OR_RETURN(found.file, ReadFile(path));
    const std::string from = MadeFrom(found.file);
    if (!from.empty() && from != HashText(Hash64(bytes))) {
      return InvalidArgument(path + " was made from another version of this model; " +
                             HowToQuantize(model) + " anew");
    }
    return found;
  }
  return NotFound("there is no 8-bit version of " + model.name + " (" + candidates.front() + "); " +
                  HowToQuantize(model));
}

}  // namespace peel
