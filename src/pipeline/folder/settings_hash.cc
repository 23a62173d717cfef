#include "src/pipeline/folder/settings_hash.h"

#include <filesystem>
#include <span>
#include <system_error>

#include "src/base/hash.h"
#include "src/base/os/files.h"
#include "src/base/status.h"
#include "src/matte/model/catalogue.h"
#include "src/matte/model/embedded_model.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = uint64_t{4} << 30;

uint64_t FileHash(const std::string& path) {
  const auto bytes = ReadWholeFile(path, kMaxFileBytes);
  return bytes.ok() ? Hash64(bytes.value()) : 0;
}

Result<LocatedModel> Locate(const std::string& model) {
  return LocateModel(model.empty() ? kEmbeddedModel : std::string_view{model});
}

}  // namespace

uint64_t SettingsHash(std::string_view version, const TypedOptions& options,
                      const std::string& model) {
  std::string text(version);
  text += "\n";
  if (const auto where = Locate(model); where.ok()) {
    const uint64_t hash =
        where.value().embedded() ? Hash64(EmbeddedModel()) : FileHash(where.value().path);
    text += where.value().name + "=" + std::to_string(hash) + "\n";
  }
  for (const auto& [name, values] : options) {
    text += name;
    for (const std::string& value : values) {
      std::error_code error;
      const bool file = fs::is_regular_file(value, error);
      text.append(file ? "\t#" : "\t").append(file ? std::to_string(FileHash(value)) : value);
    }
    text += "\n";
  }
  return Hash64(text);
}

uint64_t ModelBytes(const std::string& model) {
  const auto where = Locate(model);
  if (!where.ok()) return 0;
  if (where.value().embedded()) return EmbeddedModel().size();
  std::error_code error;
  const uint64_t bytes = fs::file_size(where.value().path, error);
  return error ? 0 : bytes;
}

}  // namespace peel
