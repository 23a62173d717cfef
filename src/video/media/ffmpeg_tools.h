#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/os/child_process.h"
#include "src/base/os/piped_process.h"
#include "src/base/status.h"

namespace peel::video {

// The programs that films are read and written with.
struct FfmpegTools {
  std::string ffmpeg, ffprobe;  // their paths
  std::string version;          // "5.1.9-0+deb12u1", "N-109542-gd3e9c7fc15" of one built from git
  int libavutil_major = 0, libavutil_minor = 0;  // 57.28 is FFmpeg 5.1's

  // FFmpeg 5.1 has a new name for it, and 7.1 lost the old one.
  const char* PassTimesOption() const;
};

// $PEEL_FFMPEG and $PEEL_FFPROBE, or those of PATH; where only the first is set, the ffprobe beside
// it before that of PATH. kNotFound: missing, with the command that installs them; kUnsupported:
// older than 4.4. Asks a program once for as long as its file stays the same.
Result<std::shared_ptr<const FfmpegTools>> FindFfmpeg();

// The names that `ffmpeg -encoders`, -decoders or -filters lists; `kind` without its dash.
Result<std::shared_ptr<const std::set<std::string>>> ListFfmpeg(const FfmpegTools& tools,
                                                                const std::string& kind);

// In words of the user's: what to install.
std::string FfmpegRemedy();

// What such a program is started with. It is taken for hung after $PEEL_FFMPEG_PATIENCE seconds
// without a sign of life, or where that is not set after `patience`. kInvalidArgument: that is
// none.
Result<PipedOptions> FfmpegOptions(std::chrono::milliseconds patience, const CancelToken* cancel);

// Runs one of them to its end. Its output goes no further than max_bytes (kLimit).
struct ToolRun {
  std::string output;
  ProcessEnd end;
  std::string last_words;
  bool good() const { return end.code == 0; }
};
Result<ToolRun> RunTool(const std::string& program, const std::vector<std::string>& arguments,
                        size_t max_bytes, const CancelToken* cancel = nullptr);

// The name of a file so that ffmpeg takes it for nothing else: a protocol, an option, a pattern.
std::string FfmpegName(const std::string& path);
// Options before each -i: files alone, and only formats of films and sound, so that no list of
// other files (HLS, concat …) makes ffmpeg open what somebody else chose.
std::vector<std::string> SafeInput();

// Parts of the above, for tests: what -version and -encoders print.
Result<FfmpegTools> ParseVersion(std::string_view text);
std::set<std::string> ParseListing(std::string_view text);

}  // namespace peel::video
