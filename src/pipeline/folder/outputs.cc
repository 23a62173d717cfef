#include "src/pipeline/folder/outputs.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "src/base/hash.h"
#include "src/base/lower.h"
#include "src/base/os/file.h"
#include "src/base/os/process.h"
#include "src/pipeline/folder/folder_listing.h"
#include "src/pipeline/folder/numbered_name.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr char kSameNameAdvice[] = "cut each out by itself with -o, or into its own folder";

bool IsThere(const std::string& path) { return InfoOfLink(path).has_value(); }

std::string FileName(const Input& input) { return fs::path(input.path).filename().string(); }

// Whether another picture of this name but for the extension lies beside it.
bool HasSibling(const std::string& path) {
  const fs::path place(path);
  const std::string stem = place.stem().string();
  const FolderListing near =
      FolderListing::Read(place.has_parent_path() ? place.parent_path().string() : ".", stem + ".");
  for (size_t i = 0; i < near.size(); ++i) {
    const fs::path name = near.Name(i);
    if (name != place.filename() && name.stem() == stem && HasPictureExtension(near.Name(i))) {
      return true;
    }
  }
  return false;
}

// Whether one file can lie under two spellings of its name in this folder, or where it is going to
// be made: found out with a file that is made for it.
bool ProbeCase(std::string folder) {
  std::error_code error;
  while (!folder.empty() && !fs::is_directory(folder, error)) {
    folder = fs::path(folder).parent_path().string();
  }
  const std::string name = ".peel-case-" + std::to_string(ProcessId());
  const std::string path = (fs::path(folder) / name).string();
  const int fd = OpenFile(path, kOpenWrite | kOpenCreate | kOpenExclusive, 0600);
  if (fd < 0) return false;
  CloseFile(fd);
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const bool folds = IsThere((fs::path(folder) / upper).string());
  RemoveFile(path);
  return folds;
}

}  // namespace

Result<Format> ParseOutputFormat(const std::string& name) {
  const std::string lower = LowerAscii(name);
  if (lower == "png") return Format::kPng;
  if (lower == "jpg" || lower == "jpeg") return Format::kJpeg;
  if (lower == "webp") return Format::kWebp;
  if (lower == "tiff" || lower == "tif") return Format::kTiff;
  if (lower == "avif") return Format::kAvif;
  if (lower == "gif") return Format::kGif;
  return InvalidArgument(
      "\"" + name + "\" is not a format that Peel writes; use png, webp, jpg, avif, tiff or gif");
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

void OutputPlanner::Protect(const Input& source) { NumberOf(source); }

size_t OutputPlanner::NumberOf(const Input& source) {
  const auto info = source.path != "-" ? InfoOf(source.path) : std::nullopt;
  const uint64_t inode = info ? info->number : 0;
  const auto device = static_cast<uint32_t>(info ? info->device : 0);
  Source* const known =
      !info ? nullptr
            : sources_.Find(inode, [&](const Source& other) { return other.device == device; });
  if (known != nullptr && known_[known->number] == source) return known->number;
  const size_t number = known_.Add(source.path, source.subfolder);
  place_.push_back(Place::kNone);
  if (known != nullptr) {
    known->number = static_cast<uint32_t>(number);
  } else if (inode != 0) {
    sources_.Insert({inode, device, static_cast<uint32_t>(number)});
  }
  return number;
}

// A file that was a source and is gone may have left its inode to a result.
bool OutputPlanner::IsSource(const FileInfo& file) const {
  const Source* const known = sources_.Find(file.number, [&](const Source& other) {
    return other.device == static_cast<uint32_t>(file.device);
  });
  if (known == nullptr) return false;
  const auto is_it = [&](const Input& input) {
    const auto info = InfoOf(input.path);
    return info && info->is_same(file);
  };
  if (is_it(known_[known->number])) return true;
  for (const Input& input : known_) {  // other names, by hard links
    if (is_it(input)) return true;
  }
  return false;
}

std::string OutputPlanner::OutputOf(const Input& input, Place place) const {
  if (!options_.file.empty()) return options_.file;
  if (input.path == "-" && options_.folder.empty()) return "-";
  const fs::path path(input.path == "-" ? "stdin" : input.path);
  const std::string stem = (place == Place::kLong ? path.filename() : path.stem()).string();
  const std::string suffix = (options_.mask        ? ".mask."
                              : options_.rectified ? ".rect."
                                                   : ".cut.") +
                             std::string(FormatExtension(format_));
  const std::string name = stem + options_.suffix.value_or(suffix);
  if (options_.folder.empty()) return (path.parent_path() / name).string();
  return (fs::path(options_.folder) / input.subfolder / name).string();
}

// One name for a file however its folder is spelled, and whose link it is.
std::string OutputPlanner::KeyOf(const std::string& output) {
  std::error_code error;
  fs::path path(output);
  if (const auto info = InfoOfLink(output); info && info->kind == FileKind::kLink) {
    const fs::path behind = fs::weakly_canonical(fs::absolute(path, error), error);
    if (!error) path = behind;
  }
  const fs::path folder = path.parent_path();
  const auto [known, is_new] = canonical_.try_emplace(folder.string());
  if (is_new) {
    // weakly_canonical leaves relative names alone of which nothing exists yet.
    const fs::path whole = fs::weakly_canonical(fs::absolute(folder / ".", error), error);
    known->second = (error ? folder : whole.has_filename() ? whole : whole.parent_path()).string();
  }
  return known->second + "/" + path.filename().string();
}

bool OutputPlanner::FoldsCase(const std::string& folder) {
  const auto [known, is_new] = folds_case_.try_emplace(folder);
  if (is_new) known->second = options_.folds_case || ProbeCase(folder);
  return known->second;
}

bool OutputPlanner::SameKey(const std::string& key, const std::string& other) {
  return key == other ||
         (LowerAscii(key) == LowerAscii(other) && FoldsCase(fs::path(key).parent_path().string()));
}

// The number of the input that has this place.
std::optional<size_t> OutputPlanner::OwnerOf(const std::string& output) {
  const std::string key = KeyOf(output);
  const auto* const taken =
      taken_.Find(static_cast<uint32_t>(Hash64(LowerAscii(key))), [&](const Taken& t) {
        const size_t number = t.number - 1;
        return place_[number] != Place::kNone &&
               SameKey(key, KeyOf(OutputOf(known_[number], place_[number])));
      });
  return taken == nullptr ? std::nullopt : std::optional<size_t>(taken->number - 1);
}

void OutputPlanner::Give(size_t number, Place place) {
  place_[number] = place;
  const std::string key = KeyOf(OutputOf(known_[number], place));
  taken_.Insert(
      {static_cast<uint32_t>(Hash64(LowerAscii(key))), static_cast<uint32_t>(number + 1)});
}

bool OutputPlanner::Has(const std::string& output) {
  return OwnerOf(output).has_value() || frames_.contains(KeyOf(output));
}

void OutputPlanner::Vacate(const Input& input) {
  const auto owner = OwnerOf(OutputOf(input, Place::kShort));
  if (owner && !IsThere(known_[*owner].path)) place_[*owner] = Place::kNone;
}

bool OutputPlanner::IsInput(const std::string& path) const {
  const auto info = InfoOf(path);
  return info && IsSource(*info);
}

Status OutputPlanner::CheckNoSource(const Input& input, const std::string& output) const {
  const auto info = InfoOf(output);
  if (!info || !info->is_file() || !IsSource(*info)) return OkStatus();
  return InvalidArgument(input.path + ": its cut-out would overwrite the input " + output +
                         "; choose another name with -o or -O");
}

Status OutputPlanner::SameName(const Input& input, const std::string& output,
                               const Input& other) const {
  return InvalidArgument(input.path + ": its cut-out would have the same name as that of " +
                         other.path + " (" + output + "); " + kSameNameAdvice);
}

Result<Job> OutputPlanner::Plan(const Input& input) {
  const size_t number = NumberOf(input);
  const std::array<std::string, 2> outputs = {OutputOf(input, Place::kShort),
                                              OutputOf(input, Place::kLong)};
  if (outputs[0] == "-") return Job{input, outputs[0]};
  std::array<std::optional<size_t>, 2> owners;
  for (size_t i = 0; i < 2; ++i) {
    owners[i] = OwnerOf(outputs[i]);
    if (owners[i] && known_[*owners[i]].path == input.path) {
      PEEL_RETURN_IF_ERROR(CheckNoSource(input, outputs[i]));
      return Job{input, outputs[i]};
    }
  }
  Place place = Place::kShort;
  if (owners[0]) {
    const Input other = known_[*owners[0]];
    if (FileName(input) == FileName(other) || outputs[0] == outputs[1]) {
      return SameName(input, outputs[0], other);
    }
    place = Place::kLong;
  } else if (!owners[1] && outputs[0] != outputs[1] && IsThere(outputs[1]) &&
             HasSibling(input.path)) {
    place = Place::kLong;  // as in an earlier run
  }
  const std::string& output = outputs[place == Place::kLong ? 1 : 0];
  if (place == Place::kLong && owners[1]) return SameName(input, output, known_[*owners[1]]);
  if (const auto frame = frames_.find(KeyOf(output)); frame != frames_.end()) {
    if (frame->second != input.path) return SameName(input, output, {frame->second, ""});
  }
  PEEL_RETURN_IF_ERROR(CheckNoSource(input, output));
  Give(number, place);
  return Job{input, output};
}

Result<std::string> OutputPlanner::PlanFrame(const Job& job, int frame) {
  const std::string output = FrameName(job.output, static_cast<uint64_t>(frame));
  if (output == "-") return output;
  PEEL_RETURN_IF_ERROR(CheckNoSource(job.input, output));
  const auto owner = OwnerOf(output);
  std::string other = owner ? known_[*owner].path : "";
  if (!owner) other = frames_.emplace(KeyOf(output), job.input.path).first->second;
  if (other == job.input.path) return output;
  return InvalidArgument(job.input.path + ": its frame " + std::to_string(frame) +
                         " would have the same name as the cut-out of " + other + " (" + output +
                         "); " + kSameNameAdvice);
}

// Gives a whole list its places.
class ListPlanner {
 public:
  ListPlanner(const InputTable& inputs, OutputPlanner planner)
      : inputs_(inputs), planner_(std::make_shared<OutputPlanner>(std::move(planner))) {}

  JobList Run() {
    for (const Input& input : inputs_) planner_->NumberOf(input);  // its number in the list
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Input input = inputs_[i];
      const std::string output = planner_->OutputOf(input, Place::kShort);
      if (output == "-") {
        planner_->place_[i] = Place::kShort;
        list_.to_standard_output = true;
      } else if (Status status = planner_->CheckNoSource(input, output); !status.ok()) {
        list_.errors.push_back({input, std::move(status)});
      } else if (planner_->options_.gathered) {
        planner_->place_[i] = Place::kShort;
      } else if (const auto owner = planner_->OwnerOf(output)) {
        groups_.emplace_back(*owner, i);
      } else {
        planner_->Give(i, Place::kShort);
      }
    }
    Settle();
    list_.jobs.planner_ = list_.planner = planner_;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (planner_->place_[i] != Place::kNone) {
        list_.jobs.numbers_.push_back(static_cast<uint32_t>(i));
      }
    }
    return std::move(list_);
  }

 private:
  using Place = OutputPlanner::Place;

  void Refuse(size_t number, const std::string& output, size_t other) {
    const Input input = inputs_[number];
    list_.errors.push_back({input, planner_->SameName(input, output, inputs_[other])});
  }

  // Inputs that share a place, all groups of them. The first one of a group has the place so far.
  void Settle() {
    std::ranges::sort(groups_);
    std::vector<uint32_t> longs;
    for (size_t at = 0; at < groups_.size();) {
      const uint32_t first = groups_[at].first;
      std::vector<uint32_t> group = {first};
      for (; at < groups_.size() && groups_[at].first == first; ++at) {
        group.push_back(groups_[at].second);
      }
      SettleGroup(std::move(group), longs);
    }
    // When all short places are given.
    for (const uint32_t number : longs) {
      const Input input = inputs_[number];
      const std::string output = planner_->OutputOf(input, Place::kLong);
      if (const auto owner = planner_->OwnerOf(output)) {
        Refuse(number, output, *owner);
      } else if (Status status = planner_->CheckNoSource(input, output); !status.ok()) {
        list_.errors.push_back({input, std::move(status)});
      } else {
        planner_->Give(number, Place::kLong);
      }
    }
  }

  void SettleGroup(std::vector<uint32_t> group, std::vector<uint32_t>& longs) {
    planner_->place_[group[0]] = Place::kNone;
    const std::string output = planner_->OutputOf(inputs_[group[0]], Place::kShort);
    std::ranges::sort(group, {}, [&](uint32_t number) {
      const Input input = inputs_[number];
      return std::pair(FileName(input), input.path);
    });
    // Those of one file name are told apart by no extension.
    std::map<std::string, std::vector<uint32_t>> named;
    for (const uint32_t number : group) named[FileName(inputs_[number])].push_back(number);
    // One without an extension has no other name.
    const auto bare = std::ranges::find_if(group, [&](uint32_t number) {
      const Input input = inputs_[number];
      return named[FileName(input)].size() == 1 &&
             planner_->OutputOf(input, Place::kLong) == output;
    });
    bool given = bare != group.end();
    if (given) planner_->Give(*bare, Place::kShort);
    for (const uint32_t number : group) {
      if (bare != group.end() && number == *bare) continue;
      const Input input = inputs_[number];
      const std::vector<uint32_t>& same = named[FileName(input)];
      if (same.size() > 1) {
        Refuse(number, output, same[0] == number ? same[1] : same[0]);
      } else if (given || IsThere(planner_->OutputOf(input, Place::kLong))) {
        longs.push_back(number);
      } else {
        given = true;
        planner_->Give(number, Place::kShort);
      }
    }
  }

  const InputTable& inputs_;
  std::shared_ptr<OutputPlanner> planner_;
  std::vector<std::pair<uint32_t, uint32_t>> groups_;  // who has the place, and who wants it too
  JobList list_;
};

Result<JobList> PlanOutputs(const InputTable& inputs, const OutputOptions& options) {
  PEEL_ASSIGN_OR_RETURN(OutputPlanner planner, OutputPlanner::Create(options));
  if (!options.file.empty() && !options.gathered && inputs.size() > 1) {
    return InvalidArgument("-o names one file, but there are " + std::to_string(inputs.size()) +
                           " inputs; give a folder with -O instead");
  }
  return ListPlanner(inputs, std::move(planner)).Run();
}

}  // namespace peel
