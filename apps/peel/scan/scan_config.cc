#include "apps/peel/scan/scan_config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <span>
#include <system_error>

#include "src/base/os/files.h"
#include "src/pipeline/model/model_options.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxBytes = 1 << 20;
constexpr int kMostJobs = 256, kMostInBatch = 24;

Result<int> Number(const std::string& key, const std::string& text, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= most) {
    return number;
  }
  return InvalidArgument(fmt::format("{} is a number from 1 to {}, not \"{}\"", key, most, text));
}

Status Set(const std::string& key, const std::string& value, TunedScan* tuned) {
  if (key == "jobs") {
    PEEL_ASSIGN_OR_RETURN(tuned->jobs, Number(key, value, kMostJobs));
  } else if (key == "batch") {
    PEEL_ASSIGN_OR_RETURN(tuned->batch, Number(key, value, kMostInBatch));
  } else if (key == "precision") {
    PEEL_RETURN_IF_ERROR(ParsePrecision(value).status());
    tuned->precision = value;
  } else {
    return InvalidArgument("there is no key \"" + key + "\"; there are jobs, batch and precision");
  }
  return OkStatus();
}

}  // namespace

std::string TunedScanPath(const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code error;
    if (fs::is_directory(input, error)) {
      return (fs::path(input) / ".peel" / "optimized_config.yaml").string();
    }
  }
  return "";
}

Result<TunedScan> ReadTunedScan(const std::string& path) {
  TunedScan tuned;
  std::error_code error;
  if (path.empty() || !fs::exists(path, error)) return tuned;
  const auto at = [&](const YAML::Mark& mark, const std::string& what) {
    const std::string advice = "; correct it, or delete it and run `peel scan tune` again";
    return mark.is_null() ? path + ": " + what + advice
                          : fmt::format("{}:{}: {}{}", path, mark.line + 1, what, advice);
  };
  const auto bytes = ReadWholeFile(path, kMaxBytes);
  if (!bytes.ok()) return Status(bytes.status()).WithContext(path);
  try {
    const YAML::Node root = YAML::Load(std::string(bytes->begin(), bytes->end()));
    if (!root.IsNull() && !root.IsMap()) {
      return InvalidArgument(at(root.Mark(), "this is not a list of \"key: value\""));
    }
    for (const auto& entry : root) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
        return InvalidArgument(at(entry.first.Mark(), "each key wants one value"));
      }
      const Status set = Set(entry.first.as<std::string>(), entry.second.as<std::string>(), &tuned);
      if (!set.ok()) return InvalidArgument(at(entry.first.Mark(), set.message()));
    }
  } catch (const YAML::Exception& failure) {
    return Corrupt(at(failure.mark, "this is not YAML: " + failure.msg));
  }
  tuned.path = path;
  return tuned;
}

Status WriteTunedScan(const TunedScan& tuned, const std::vector<std::string>& figures) {
  std::string text =
      "# What `peel scan tune` found fastest for this folder on this machine. Scans of the folder\n"
      "# take it where their command line says nothing; delete the file to do without.\n";
  for (const std::string& line : figures) text += "#   " + line + "\n";
  if (tuned.jobs) text += fmt::format("jobs: {}\n", *tuned.jobs);
  if (tuned.batch) text += fmt::format("batch: {}\n", *tuned.batch);
  if (!tuned.precision.empty()) text += fmt::format("precision: {}\n", tuned.precision);
  std::error_code error;
  fs::create_directory(fs::path(tuned.path).parent_path(), error);  // a failure shows when writing
  const Status written = WriteFileAtomically(
      tuned.path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  return written.ok() ? written : Status(written).WithContext(tuned.path);
}

}  // namespace peel
