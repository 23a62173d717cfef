#include "src/pipeline/outputs.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "src/pipeline/files.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

std::string NameBeside(const Input& input, const OutputOptions& options, Format format) {
  const fs::path path(input.path == "-" ? "stdin" : input.path);
  const std::string name = path.stem().string() + (options.mask ? ".mask." : ".cut.") +
                           std::string(FormatExtension(format));
  if (options.folder.empty()) return (path.parent_path() / name).string();
  return (fs::path(options.folder) / input.subfolder / name).string();
}

}  // namespace

Result<Format> ParseOutputFormat(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "png") return Format::kPng;
  if (lower == "jpg" || lower == "jpeg") return Format::kJpeg;
  if (lower == "webp") return Format::kWebp;
  if (lower == "avif" || lower == "tiff" || lower == "tif") {
    return Unsupported("this version does not write " + lower + " yet; use png, webp or jpg");
  }
  return InvalidArgument("\"" + name + "\" is no format that Peel writes; use png, webp or jpg");
}

Result<Format> OutputFormat(const OutputOptions& options) {
  if (options.format != Format::kUnknown) return options.format;
  std::error_code error;
  if (options.file.empty() || options.file == "-") return Format::kPng;
  // A device or pipe has no format in its name.
  if (fs::exists(options.file, error) && !fs::is_regular_file(options.file, error)) {
    return Format::kPng;
  }
  const std::string extension = fs::path(options.file).extension().string();
  if (extension.empty()) {
    return InvalidArgument(options.file +
                           ": has no extension to tell the format by; add one or give --format");
  }
  auto format = ParseOutputFormat(extension.substr(1));
  if (!format.ok()) return std::move(format).status().WithContext(options.file);
  return format;
}

Result<JobList> PlanOutputs(const std::vector<Input>& inputs, const OutputOptions& options) {
  if (!options.file.empty() && !options.folder.empty()) {
    return InvalidArgument("-o and -O exclude each other; give one of them");
  }
  if (!options.file.empty() && inputs.size() > 1) {
    return InvalidArgument("-o names one file, but there are " + std::to_string(inputs.size()) +
                           " inputs; give a folder with -O instead");
  }
  PEEL_ASSIGN_OR_RETURN(const Format format, OutputFormat(options));

  std::set<std::string> sources;
  for (const Input& input : inputs) {
    std::error_code error;
    sources.insert(fs::weakly_canonical(input.path, error).string());
  }
  JobList list;
  std::map<std::string, std::string> taken;  // canonical output to the input that has it
  for (const Input& input : inputs) {
    std::string output = options.file;
    if (output.empty()) {
      output =
          input.path == "-" && options.folder.empty() ? "-" : NameBeside(input, options, format);
    }
    if (output == "-") {
      list.jobs.push_back({input, output});
      continue;
    }
    std::error_code error;
    const std::string canonical = fs::weakly_canonical(output, error).string();
    if (sources.count(canonical) > 0 || IsSameFile(input.path, output)) {
      list.errors.push_back(InvalidArgument(input.path +
                                            ": its cut-out would overwrite the input " + output +
                                            "; choose another name with -o or -O"));
      continue;
    }
    const auto [other, is_new] = taken.emplace(canonical, input.path);
    if (!is_new) {
      list.errors.push_back(
          InvalidArgument(input.path + ": its cut-out would have the same name as that of " +
                          other->second + " (" + output + "); cut it out by itself with -o"));
      continue;
    }
    list.jobs.push_back({input, output});
  }
  return list;
}

}  // namespace peel
