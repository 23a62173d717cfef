#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/frame_writer.h"

namespace peel::video {

const char* ContainerName(Container container);
const char* CodecName(VideoCodec codec);

// Sound that goes along: streams of the film it is of, copied or encoded anew.
struct SoundPlan {
  struct Stream {
    int index = 0;
    std::string encoder;  // "copy", "libopus", "aac"
  };
  std::vector<Stream> streams;
  std::string warning;  // of streams that are left out
};
SoundPlan PlanSound(Container container, const MediaInfo& film);

// How a film is written: the encoder, and ffmpeg's arguments but for the output's name.
struct WritePlan {
  std::string encoder;
  Rational time_base;  // of the frames that go in
  std::vector<std::string> arguments;
};

// Without a look at any file. kInvalidArgument: sizes or a quality that the codec does not take.
// `encoders` as ListFfmpeg gives them: kNotFound where none for the codec is among them.
Result<WritePlan> PlanWrite(const FrameFormat& format, const WriteOptions& options,
                            const SoundPlan& sound, const FfmpegTools& tools,
                            const std::set<std::string>& encoders);

}  // namespace peel::video
