#include "src/video/media/ffmpeg_tools.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "src/base/os/file.h"

namespace peel::video {
namespace {

namespace fs = std::filesystem;

constexpr size_t kListBytes = size_t{4} << 20;
constexpr auto kPatience = std::chrono::minutes(1);
// FFmpeg 4.4, of 2021: the oldest whose VP9 with alpha, time stamps and filters are as asked for.
constexpr int kOldestMajor = 56, kOldestMinor = 70;

// Programs by what they were asked, with the file as it was then.
template <typename T>
class Answers {
 public:
  std::shared_ptr<const T> Find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(key);
    return found == answers_.end() ? nullptr : found->second;
  }
  std::shared_ptr<const T> Keep(const std::string& key, T answer) {
    auto kept = std::make_shared<const T>(std::move(answer));
    const std::lock_guard lock(mutex_);
    answers_[key] = kept;
    return kept;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const T>> answers_;
};

std::string FileMark(const std::string& path) {
  const auto info = InfoOf(path);
  if (!info) return path;
  return path + "\n" + std::to_string(info->size) + "\n" + std::to_string(info->modified);
}

Result<std::string> FindTool(const char* variable, const std::string& name,
                             const std::string& beside) {
  const char* const chosen = std::getenv(variable);
  if (chosen != nullptr && *chosen != '\0') {
    std::string path = FindProgram(chosen);
    if (path.empty()) {
      return NotFound(std::string("$").append(variable) + " is " + chosen +
                      ", which is no program that can be run; correct or unset it");
    }
    return path;
  }
  if (!beside.empty()) {
    std::string path = FindProgram((fs::path(beside).parent_path() / name).string());
    if (!path.empty()) return path;
  }
  std::string path = FindProgram(name);
  if (path.empty()) {
    return NotFound("films need the program " + name + ", which is not there; " + FfmpegRemedy());
  }
  return path;
}

// "57. 28.100 / …" behind the library's name.
bool ParseLibrary(std::string_view text, FfmpegTools* tools) {
  const size_t at = text.find("libavutil ");
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + 10);
  const auto number = [&](int* to) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), *to);
    text.remove_prefix(static_cast<size_t>(rest - text.data()));
    return error == std::errc();
  };
  if (!number(&tools->libavutil_major) || !text.starts_with('.')) return false;
  text.remove_prefix(1);
  return number(&tools->libavutil_minor);
}

}  // namespace

const char* FfmpegTools::PassTimesOption() const {
  const bool named = libavutil_major > 57 || (libavutil_major == 57 && libavutil_minor >= 28);
  return named ? "-fps_mode" : "-vsync";
}

std::string FfmpegRemedy() {
  return "install it with `apt install ffmpeg` (dnf, brew and others have it too), or name it by "
         "$PEEL_FFMPEG and $PEEL_FFPROBE";
}

Result<FfmpegTools> ParseVersion(std::string_view text) {
  constexpr std::string_view kStart = "ffmpeg version ";
  FfmpegTools tools;
  if (!text.starts_with(kStart) || !ParseLibrary(text, &tools)) {
    return Unsupported("is no ffmpeg: it does not tell its version");
  }
  const std::string_view rest = text.substr(kStart.size());
  tools.version = std::string(rest.substr(0, std::min(rest.find_first_of(" \n"), size_t{80})));
  if (std::pair(tools.libavutil_major, tools.libavutil_minor) <
      std::pair(kOldestMajor, kOldestMinor)) {
    return Unsupported("is FFmpeg " + tools.version +
                       ", which is too old; version 4.4 or later is needed");
  }
  return tools;
}

std::set<std::string> ParseListing(std::string_view text) {
  std::set<std::string> names;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto word = [&] {
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      const std::string_view next = line.substr(0, line.find(' '));
      line.remove_prefix(next.size());
      return next;
    };
    // Flags, a name, what it is; the legend has "=" for a name.
    const std::string_view flags = word(), name = word();
    const bool listed =
        flags.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ.|") == std::string_view::npos;
    if (listed && !flags.empty() && !name.empty() && name != "=") names.emplace(name);
  }
  return names;
}

Result<PipedOptions> FfmpegOptions(std::chrono::milliseconds patience, const CancelToken* cancel) {
  constexpr double kLeast = 0.1, kMost = 1e6;
  PipedOptions options;
  options.cancel = cancel;
  options.patience = patience;
  options.patience_advice = "PEEL_FFMPEG_PATIENCE=SECONDS has it waited for longer";
  const char* const chosen = std::getenv("PEEL_FFMPEG_PATIENCE");
  const std::string_view text = chosen != nullptr ? chosen : "";
  if (text.empty()) return options;
  double seconds = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || rest != text.data() + text.size() ||
      !(seconds >= kLeast && seconds <= kMost)) {
    return InvalidArgument("PEEL_FFMPEG_PATIENCE is \"" + std::string(text) +
                           "\", which is no number of seconds from 0.1 to 1000000");
  }
  options.patience = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  return options;
}

Result<ToolRun> RunTool(const std::string& program, const std::vector<std::string>& arguments,
                        size_t max_bytes, const CancelToken* cancel) {
  PEEL_ASSIGN_OR_RETURN(PipedOptions options, FfmpegOptions(kPatience, cancel));
  PEEL_ASSIGN_OR_RETURN(auto process, PipedProcess::Start(program, arguments, std::move(options)));
  ToolRun run;
  std::vector<uint8_t> buffer(size_t{1} << 16);
  for (;;) {
    PEEL_ASSIGN_OR_RETURN(const size_t n, process->Read(buffer));
    if (n == 0) break;
    if (run.output.size() + n > max_bytes) {
      return LimitExceeded("its description is larger than " + std::to_string(max_bytes) +
                           " bytes");
    }
    run.output.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  PEEL_ASSIGN_OR_RETURN(run.end, process->Wait());
  run.last_words = process->LastWords();
  return run;
}

Result<std::shared_ptr<const FfmpegTools>> FindFfmpeg() {
  static Answers<FfmpegTools> known;
  PEEL_ASSIGN_OR_RETURN(const std::string ffmpeg, FindTool("PEEL_FFMPEG", "ffmpeg", ""));
  const char* const chosen = std::getenv("PEEL_FFMPEG");
  const bool is_chosen = chosen != nullptr && *chosen != '\0';
  PEEL_ASSIGN_OR_RETURN(const std::string ffprobe,
                        FindTool("PEEL_FFPROBE", "ffprobe", is_chosen ? ffmpeg : ""));
  const std::string key = FileMark(ffmpeg) + "\n" + ffprobe;
  if (auto tools = known.Find(key)) return tools;
  PEEL_ASSIGN_OR_RETURN(const ToolRun run, RunTool(ffmpeg, {"-version"}, kListBytes));
  auto tools = ParseVersion(run.output);
  if (!tools.ok()) {
    return Unsupported(ffmpeg + " " + tools.status().message() + "; " + FfmpegRemedy());
  }
  tools->ffmpeg = ffmpeg;
  tools->ffprobe = ffprobe;
  return known.Keep(key, *std::move(tools));
}

Result<std::shared_ptr<const std::set<std::string>>> ListFfmpeg(const FfmpegTools& tools,
                                                                const std::string& kind) {
  static Answers<std::set<std::string>> known;
  const std::string key = FileMark(tools.ffmpeg) + "\n" + kind;
  if (auto names = known.Find(key)) return names;
  PEEL_ASSIGN_OR_RETURN(const ToolRun run,
                        RunTool(tools.ffmpeg, {"-hide_banner", "-" + kind}, kListBytes));
  if (!run.good()) return IoError("cannot list ffmpeg's " + kind + ": " + run.last_words);
  return known.Keep(key, ParseListing(run.output));
}

std::string FfmpegName(const std::string& path) { return "file:" + path; }

std::vector<std::string> SafeInput() {
  // By the names of libavformat's demuxers; one of several suffices.
  return {
      "-protocol_whitelist", "file,pipe", "-format_whitelist",
      "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vvc,av1,obu,ivf,flv,live_flv,asf,ogg,"
      "nut,gif,apng,mxf,rm,dv,wtv,gxf,y4m,yuv4mpegpipe,mjpeg,mjpeg_2000,h263,h261,vc1,vc1test,"
      "cavsvideo,avs2,avs3,dirac,dnxhd,swf,roq,smk,bink,nsv,nuv,film_cpk,fli,flic,amv,avr,ipu,"
      "webp_anim,aac,ac3,eac3,aiff,amr,amrnb,amrwb,ape,caf,dts,flac,mp3,tta,w64,wav,wv,"
      "au,mka,loas,truehd"};
}

}  // namespace peel::video
