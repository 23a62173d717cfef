#include "apps/peel/config.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#include "src/base/os/files.h"
#include "src/base/os/process.h"
#include "src/pipeline/cut/cutter.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxBytes = 1 << 20;
constexpr std::string_view kKeys[] = {"model",   "device", "backend", "precision",
                                      "threads", "jobs",   "ort"};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Status CheckNumber(const std::string& key, const std::string& value, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number >= 1 && number <= most) {
    return OkStatus();
  }
  return InvalidArgument(fmt::format("{} is a number from 1 to {}, not \"{}\"", key, most, value));
}

Status Check(const std::string& key, const std::string& value) {
  if (key == "device") return ParseDevice(value).status();
  if (key == "backend") return ParseBackend(value).status();
  if (key == "precision") return ParsePrecision(value).status();
  if (key == "threads") return CheckNumber(key, value, 1024);
  if (key == "jobs") return CheckNumber(key, value, 256);
  if (key == "ort") return ParseRuntime(value).status();
  return OkStatus();
}

Result<Config> Parse(const std::string& path, const std::string& text) {
  Config config;
  const auto at = [&](const YAML::Mark& mark, const std::string& what) {
    return mark.is_null() ? path + ": " + what
                          : fmt::format("{}:{}: {}", path, mark.line + 1, what);
  };
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return config;
    if (!root.IsMap())
      return InvalidArgument(at(root.Mark(), "this is not a list of \"key: value\""));
    for (const auto& entry : root) {
      const std::string key = entry.first.as<std::string>();
      if (std::ranges::find(kKeys, key) == std::end(kKeys)) {
        return InvalidArgument(
            at(entry.first.Mark(), "there is no key \"" + key + "\"; there are " +
                                       "model, device, backend, precision, threads, jobs and ort"));
      }
      if (!entry.second.IsScalar()) {
        return InvalidArgument(at(entry.second.Mark(), key + " wants one value"));
      }
      const std::string value = entry.second.as<std::string>();
      if (const Status status = Check(key, value); !status.ok()) {
        return InvalidArgument(at(entry.second.Mark(), status.message()));
      }
      config[key] = value;
    }
  } catch (const YAML::Exception& error) {
    return Corrupt(at(error.mark, "this is not YAML: " + error.msg));
  }
  return config;
}

}  // namespace

std::string ConfigPath() {
  if (const std::string forced = Variable("PEEL_CONFIG"); !forced.empty()) {
    return forced == "off" ? "" : forced;
  }
  const std::string folder = UserConfigFolder();
  return folder.empty() ? "" : folder + "/peel/config.yaml";
}

Result<Config> ReadConfig() {
  const std::string path = ConfigPath();
  std::error_code error;
  if (path.empty() || !fs::exists(path, error)) return Config{};
  auto bytes = ReadWholeFile(path, kMaxBytes);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
  return Parse(path, std::string(bytes->begin(), bytes->end()));
}

Result<std::string> UpdateConfig(const Config& changes) {
  const std::string path = ConfigPath();
  if (path.empty()) {
    return NotFound(
        "there is no place for the configuration; set HOME, XDG_CONFIG_HOME or "
        "PEEL_CONFIG");
  }
  PEEL_ASSIGN_OR_RETURN(Config config, ReadConfig());
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      config.erase(key);
    } else {
      config[key] = value;
    }
  }
  YAML::Emitter out;
  out << YAML::Comment(
             "Defaults of `peel cut`, `peel stream` and `peel serve`; their own options "
             "win. See docs/configuration.md.")
      << YAML::BeginMap;
  for (const std::string_view key : kKeys) {
    const auto it = config.find(std::string(key));
    if (it != config.end()) out << YAML::Key << it->first << YAML::Value << it->second;
  }
  out << YAML::EndMap;
  const std::string text = std::string(out.c_str()) + "\n";
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);  // a failure shows when writing
  const Status written = WriteFileAtomically(
      path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  if (!written.ok()) return Status(written).WithContext(path);
  return path;
}

}  // namespace peel
