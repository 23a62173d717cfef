#include <cerrno>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/os/unique_fd.h"
#include "src/video/media/complaints.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/media_info.h"
#include "src/video/media/media_json.h"

namespace peel::video {
namespace {

constexpr size_t kMaxDescription = size_t{32} << 20;

Status CheckFile(const std::string& path) {
  const auto info = InfoOf(path);
  if (!info) return NotFound("there is no such file");
  if (info->is_folder()) return InvalidArgument("is a folder, not a film");
  if (!info->is_file())
    return InvalidArgument("is no regular file; films are read from those only");
  if (info->size == 0) return Corrupt("is empty");
  const UniqueFd file(OpenFile(path, kOpenRead));
  if (!file) return IoError("cannot open it (" + std::generic_category().message(errno) + ")");
  return OkStatus();
}

// What ffprobe says of a format that is not on the list: "[png_pipe @ 0x…] Format not on
// whitelist".
Status Unlisted(const std::string& words) {
  const size_t open = words.find('[');
  std::string name = words.substr(open + 1, words.find_first_of("] ", open) - open - 1);
  if (name.ends_with("_pipe") || name.starts_with("image2")) {
    const size_t end = name.rfind("_pipe");
    if (end != std::string::npos) name.resize(end);
    return Unsupported("is a still picture (" + name + "), not a film; `peel cut` takes those");
  }
  return Unsupported("is of a kind (" + name + ") that is not read as a film");
}

Status ProbeFailure(const ToolRun& run, const std::string& path) {
  if (run.last_words.find("Format not on whitelist") != std::string::npos) {
    return Unlisted(run.last_words);
  }
  std::string words = PlainWords(run.last_words, path);
  if (words.empty()) words = "ffprobe ended with " + EndText(run.end);
  return Corrupt("cannot be read as a film (" + words + ")");
}

}  // namespace

Result<MediaInfo> Probe(const std::string& path) {
  PEEL_RETURN_IF_ERROR(CheckFile(path));
  PEEL_ASSIGN_OR_RETURN(const auto tools, FindFfmpeg());
  std::vector<std::string> arguments(std::begin(kProbeOptions), std::end(kProbeOptions));
  for (std::string& option : SafeInput()) arguments.push_back(std::move(option));
  arguments.insert(arguments.end(), {"-i", FfmpegName(path)});
  PEEL_ASSIGN_OR_RETURN(const ToolRun run, RunTool(tools->ffprobe, arguments, kMaxDescription));
  auto info = ParseMedia(run.output);
  // It ends with an error of its own where a packet among the first cannot be read; what it has
  // told of the streams counts all the same.
  if (!info.ok() || (!run.good() && info->container.empty())) return ProbeFailure(run, path);
  info->path = path;
  if (info->video && info->video->hdr == HdrKind::kHdr10) {
    std::vector<std::string> more = {"-v",
                                     "error",
                                     "-of",
                                     "json",
                                     "-select_streams",
                                     std::to_string(info->video->index),
                                     "-show_frames",
                                     "-show_entries",
                                     "frame=side_data_list",
                                     "-read_intervals",
                                     "%+#1"};
    for (std::string& option : SafeInput()) more.push_back(std::move(option));
    more.insert(more.end(), {"-i", FfmpegName(path)});
    PEEL_ASSIGN_OR_RETURN(const ToolRun frames, RunTool(tools->ffprobe, more, kMaxDescription));
    if (HasHdr10Plus(frames.output)) info->video->hdr = HdrKind::kHdr10Plus;
  }
  return info;
}

}  // namespace peel::video
