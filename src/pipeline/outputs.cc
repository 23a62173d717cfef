#include "src/pipeline/outputs.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "src/pipeline/numbered_name.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr char kSameNameAdvice[] = "cut each out by itself with -o, or into its own folder";

std::string NameBeside(const Input& input, const OutputOptions& options, Format format) {
  const fs::path path(input.path == "-" ? "stdin" : input.path);
  const std::string name = path.stem().string() + (options.mask ? ".mask." : ".cut.") +
                           std::string(FormatExtension(format));
  if (options.folder.empty()) return (path.parent_path() / name).string();
  return (fs::path(options.folder) / input.subfolder / name).string();
}

// One name for a file however it is spelled (weakly_canonical leaves relative names alone of which
// nothing exists yet); the name itself where the links go in a circle.
std::string Canonical(const std::string& path) {
  std::error_code error;
  std::string canonical = fs::weakly_canonical(fs::absolute(path, error), error).string();
  return error ? path : canonical;
}

}  // namespace

Result<Format> ParseOutputFormat(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "png") return Format::kPng;
  if (lower == "jpg" || lower == "jpeg") return Format::kJpeg;
  if (lower == "webp") return Format::kWebp;
  if (lower == "tiff" || lower == "tif") return Format::kTiff;
  if (lower == "avif") return Format::kAvif;
  return InvalidArgument("\"" + name +
                         "\" is no format that Peel writes; use png, webp, jpg, avif or tiff");
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

Result<OutputPlanner> OutputPlanner::Create(const OutputOptions& options) {
  if (!options.file.empty() && !options.folder.empty()) {
    return InvalidArgument("-o and -O exclude each other; give one of them");
  }
  PEEL_ASSIGN_OR_RETURN(const Format format, OutputFormat(options));
  return OutputPlanner(options, format);
}

void OutputPlanner::Protect(const std::string& source) {
  if (source == "-") return;
  sources_.insert(Canonical(source));
  struct stat info = {};
  if (stat(source.c_str(), &info) == 0) inodes_.emplace(info.st_dev, info.st_ino);
}

std::string OutputPlanner::PlaceOf(const Input& input) const {
  if (!options_.file.empty()) return options_.file;
  if (input.path == "-" && options_.folder.empty()) return "-";
  return NameBeside(input, options_, format_);
}

std::string OutputPlanner::OwnerOf(const std::string& output) const {
  const auto owner = taken_.find(Canonical(output));
  return owner == taken_.end() ? "" : owner->second;
}

void OutputPlanner::Vacate(const Input& input) {
  const auto owner = taken_.find(Canonical(PlaceOf(input)));
  struct stat info = {};
  if (owner != taken_.end() && lstat(owner->second.c_str(), &info) != 0) taken_.erase(owner);
}

Status OutputPlanner::CheckNoSource(const Input& input, const std::string& output,
                                    const std::string& canonical) const {
  struct stat info = {};
  const bool other_name = stat(output.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
                          inodes_.contains({info.st_dev, info.st_ino});
  if (!other_name && !sources_.contains(canonical)) return OkStatus();
  return InvalidArgument(input.path + ": its cut-out would overwrite the input " + output +
                         "; choose another name with -o or -O");
}

Result<Job> OutputPlanner::Plan(const Input& input) {
  Job job = {input, PlaceOf(input)};
  if (job.output == "-") return job;
  const std::string canonical = Canonical(job.output);
  PEEL_RETURN_IF_ERROR(CheckNoSource(input, job.output, canonical));
  const auto [other, is_new] = taken_.emplace(canonical, input.path);
  if (!is_new && other->second != input.path) {
    return InvalidArgument(input.path + ": its cut-out would have the same name as that of " +
                           other->second + " (" + job.output + "); " + kSameNameAdvice);
  }
  return job;
}

Result<std::string> OutputPlanner::PlanFrame(const Job& job, int frame) {
  const std::string output = FrameName(job.output, static_cast<uint64_t>(frame));
  if (output == "-") return output;
  const std::string canonical = Canonical(output);
  PEEL_RETURN_IF_ERROR(CheckNoSource(job.input, output, canonical));
  const auto [other, is_new] = taken_.emplace(canonical, job.input.path);
  if (!is_new && other->second != job.input.path) {
    return InvalidArgument(job.input.path + ": its frame " + std::to_string(frame) +
                           " would have the same name as the cut-out of " + other->second + " (" +
                           output + "); " + kSameNameAdvice);
  }
  return output;
}

Result<JobList> PlanOutputs(const std::vector<Input>& inputs, const OutputOptions& options) {
  PEEL_ASSIGN_OR_RETURN(OutputPlanner planner, OutputPlanner::Create(options));
  if (!options.file.empty() && inputs.size() > 1) {
    return InvalidArgument("-o names one file, but there are " + std::to_string(inputs.size()) +
                           " inputs; give a folder with -O instead");
  }
  for (const Input& input : inputs) planner.Protect(input.path);
  JobList list;
  std::map<std::string, size_t> accepted;  // input to its place in list.jobs
  std::set<size_t> refused;
  const auto refuse = [&](const Job& job, const Job& other) {
    list.errors.push_back(
        {job.input,
         InvalidArgument(job.input.path + ": its cut-out would have the same name as that of " +
                         other.input.path + " (" + job.output + "); " + kSameNameAdvice)});
  };
  for (const Input& input : inputs) {
    auto job = planner.Plan(input);
    if (job.ok()) {
      accepted.emplace(input.path, list.jobs.size());
      list.jobs.push_back(*std::move(job));
      continue;
    }
    const auto other = accepted.find(planner.OwnerOf(planner.PlaceOf(input)));
    if (other == accepted.end()) {
      list.errors.push_back({input, std::move(job).status()});
      continue;
    }
    const Job& first = list.jobs[other->second];
    const Job second = {input, planner.PlaceOf(input)};
    if (refused.insert(other->second).second) refuse(first, second);
    refuse(second, first);
  }
  std::vector<Job> kept;
  for (size_t i = 0; i < list.jobs.size(); ++i) {
    if (!refused.contains(i)) kept.push_back(std::move(list.jobs[i]));
  }
  list.jobs = std::move(kept);
  list.planner = std::make_shared<OutputPlanner>(std::move(planner));
  return list;
}

}  // namespace peel
