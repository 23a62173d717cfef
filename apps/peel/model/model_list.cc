#include "apps/peel/model/model_list.h"

#include <filesystem>
#include <system_error>

#include "src/matte/model/catalogue.h"
#include "src/matte/model/embedded_model.h"
#include "src/pipeline/model/int8_model.h"
#include "src/pipeline/model/precision.h"

namespace peel {

std::vector<ListedModel> ListModels() {
  std::vector<ListedModel> models;
  for (const CatalogueEntry& entry : Catalogue()) {
    ListedModel model;
    model.name = entry.name;
    model.family = FamilyName(entry.family);
    model.summary = entry.summary;
    model.licence = entry.licence;
    const auto where = LocateModel(entry.name);
    if (where.ok() && where.value().embedded()) {
      model.path = "(embedded)";
      model.bytes = EmbeddedModel().size();
    } else if (where.ok()) {
      std::error_code error;
      model.path = where.value().path;
      model.bytes = std::filesystem::file_size(model.path, error);
      if (error) model.bytes = 0;
    }
    if (where.ok()) {
      const auto bytes = ReadModel(where.value());
      const auto int8 = bytes.ok() ? FindInt8Model(where.value(), bytes->bytes)
                                   : Result<Int8Model>(bytes.status());
      if (int8.ok()) model.int8_path = int8->path;
    }
    models.push_back(std::move(model));
  }
  return models;
}

std::vector<std::string> ModelFolders() { return ModelCandidates("NAME", ProcessEnvironment()); }

}  // namespace peel
