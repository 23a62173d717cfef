#pragma once

#include <string_view>

#include "src/base/status.h"
#include "src/video/media/media_info.h"

namespace peel::video {

// What ffprobe printed as JSON (-show_format -show_streams, and the first packets' time stamps) in
// Peel's terms. Nothing in it is trusted: what makes no sense counts as untold. kCorrupt where it
// is no such JSON. `path` is left to the caller.
Result<MediaInfo> ParseMedia(std::string_view json);

// How ffprobe is asked for that.
inline constexpr const char* kProbeOptions[] = {"-v",
                                                "error",
                                                "-of",
                                                "json",
                                                "-show_format",
                                                "-show_streams",
                                                "-show_entries",
                                                "packet=stream_index,pts,flags",
                                                "-read_intervals",
                                                "%+#300"};

// Whether a frame's side data (-show_frames) has HDR10+.
bool HasHdr10Plus(std::string_view json);

}  // namespace peel::video
