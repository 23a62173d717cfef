#include "apps/peel/settings_hash.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "src/base/hash.h"
#include "src/base/os/files.h"
#include "src/matte/catalogue.h"
#include "src/matte/embedded_model.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

// -m counts by the model's content.
constexpr std::array<std::string_view, 20> kWithoutEffect = {
    "INPUT",    "-o",        "-O",         "--skip-existing", "--report",     "--threads", "--jobs",
    "--memory", "--watch",   "--shard",    "--recursive",     "--max-pixels", "--strict",  "-m",
    "--model",  "--verbose", "--progress", "--quiet",         "--help",       "-h"};

constexpr uint64_t kMaxFileBytes = uint64_t{4} << 30;

uint64_t FileHash(const std::string& path) {
  const auto bytes = ReadWholeFile(path, kMaxFileBytes);
  return bytes.ok() ? Hash64(bytes.value()) : 0;
}

Result<LocatedModel> Locate(const std::string& model) {
  return LocateModel(model.empty() ? kEmbeddedModel : std::string_view{model});
}

}  // namespace

TypedOptions OptionsThatCount(const Command& command) {
  TypedOptions typed;
  for (auto& [name, values] : command.GivenOptions()) {
    if (std::ranges::count(kWithoutEffect, name) > 0) continue;
    typed.emplace_back(std::move(name), std::move(values));
  }
  std::ranges::sort(typed);
  return typed;
}

uint64_t SettingsHash(const TypedOptions& options, const std::string& model) {
  std::string text = PEEL_VERSION "\n";
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
