// Films: see include/peel/peel.h.
#include <peel/peel.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "src/base/caught.h"
#include "src/capi/handles.h"
#include "src/capi/options.h"
#include "src/video/frame_picture.h"
#include "src/video/media/media_info.h"
#include "src/video/video_cutter.h"

namespace peel {

const video::VideoCutter* EngineFilms::With(const Cutter& engine) {
  const std::lock_guard lock(mutex_);
  if (cutter_ == nullptr) {
    ModelOptions options = options_;
    options.jobs = 0;  // as many frames at a time as keep the threads busy
    cutter_ = video::VideoCutter::Around(engine.matting(), engine.info(), options);
  }
  return cutter_.get();
}

namespace {

Result<const video::VideoCutter*> FilmsOf(const peel_engine* engine) {
  if (engine == nullptr || engine->cutter == nullptr || engine->films == nullptr) {
    return InvalidArgument("the engine was not created; look at peel_engine_error");
  }
  return engine->films->With(*engine->cutter);
}

bool Good(const peel_video_result* result) {
  return result != nullptr && result->status == PEEL_OK;
}

peel_pixels PixelsOf(const ImageU8& image) {
  return {image.row(0), image.width(), image.height(), image.channels(),
          static_cast<size_t>(image.stride())};
}

// False after the last.
Result<bool> NextFrame(peel_video_frames& frames) {
  PEEL_ASSIGN_OR_RETURN(std::optional<video::MattedFrame> frame, frames.frames->Next());
  if (!frame) {
    frames.warning = frames.frames->warning();
    return false;
  }
  const video::FrameFormat& format = frames.frames->format();
  frames.seconds = frames.from + static_cast<double>(frame->frame.pts) * format.time_base.value();
  PEEL_ASSIGN_OR_RETURN(frames.picture, video::RgbOf(frame->frame, format, nullptr));
  frames.matte = std::move(frame->alpha);
  return true;
}

}  // namespace
}  // namespace peel

extern "C" {

void peel_video_options_init(peel_video_options* options, size_t size) {
  peel::InitOptions(options, size, peel::DefaultVideoOptions());
}

peel_video_result* peel_video(const peel_engine* engine, const char* input, const char* output,
                              const peel_video_options* options) {
  return peel::Guarded<peel_video_result>([&](peel_video_result& result) -> peel::Status {
    if (input == nullptr || output == nullptr) {
      return peel::InvalidArgument("a film needs an input and an output");
    }
    PEEL_ASSIGN_OR_RETURN(const peel::video::VideoOptions choices, peel::ToVideoOptions(options));
    PEEL_ASSIGN_OR_RETURN(const peel::video::VideoCutter* cutter, peel::FilmsOf(engine));
    PEEL_ASSIGN_OR_RETURN(result.film, cutter->Cut(input, output, choices));
    return peel::OkStatus();
  });
}

void peel_video_result_free(peel_video_result* result) { delete result; }

peel_status peel_video_result_status(const peel_video_result* result) {
  return result != nullptr ? result->status : PEEL_OUT_OF_MEMORY;
}
const char* peel_video_result_error(const peel_video_result* result) {
  return result != nullptr ? result->error.c_str() : "out of memory";
}
const char* peel_video_result_warning(const peel_video_result* result) {
  return result != nullptr ? result->film.warning.c_str() : "";
}
int64_t peel_video_result_frames(const peel_video_result* result) {
  return peel::Good(result) ? result->film.frames : 0;
}
double peel_video_result_seconds(const peel_video_result* result) {
  return peel::Good(result) ? result->film.seconds : 0;
}
int peel_video_result_width(const peel_video_result* result) {
  return peel::Good(result) ? result->film.width : 0;
}
int peel_video_result_height(const peel_video_result* result) {
  return peel::Good(result) ? result->film.height : 0;
}
uint64_t peel_video_result_bytes(const peel_video_result* result) {
  return peel::Good(result) ? result->film.output_bytes : 0;
}
const char* peel_video_result_format(const peel_video_result* result) {
  return peel::Good(result) ? peel::video::ContainerWord(result->film.container) : "";
}
const char* peel_video_result_codec(const peel_video_result* result) {
  return peel::Good(result) ? peel::video::VideoCodecName(result->film.codec) : "";
}
int peel_video_result_has_alpha(const peel_video_result* result) {
  return peel::Good(result) && result->film.has_alpha ? 1 : 0;
}
int peel_video_result_has_audio(const peel_video_result* result) {
  return peel::Good(result) && result->film.has_sound ? 1 : 0;
}
int peel_video_result_has_subject(const peel_video_result* result) {
  return peel::Good(result) && result->film.has_subject ? 1 : 0;
}
double peel_video_result_subject_score(const peel_video_result* result) {
  return peel::Good(result) ? result->film.subject_score : 0;
}
double peel_video_result_coverage(const peel_video_result* result) {
  return peel::Good(result) ? result->film.coverage : 0;
}

peel_video_frames* peel_video_frames_open(const peel_engine* engine, const char* input,
                                          const peel_video_options* options) {
  return peel::Guarded<peel_video_frames>([&](peel_video_frames& frames) -> peel::Status {
    if (input == nullptr) return peel::InvalidArgument("frames need a film");
    PEEL_ASSIGN_OR_RETURN(const peel::video::VideoOptions choices, peel::ToVideoOptions(options));
    PEEL_ASSIGN_OR_RETURN(const peel::video::VideoCutter* cutter, peel::FilmsOf(engine));
    PEEL_ASSIGN_OR_RETURN(frames.frames, cutter->Open(input, choices));
    frames.from = choices.frames.from.value_or(0);
    return peel::OkStatus();
  });
}

void peel_video_frames_free(peel_video_frames* frames) { delete frames; }

peel_status peel_video_frames_status(const peel_video_frames* frames) {
  return frames != nullptr ? frames->status : PEEL_OUT_OF_MEMORY;
}
const char* peel_video_frames_error(const peel_video_frames* frames) {
  return frames != nullptr ? frames->error.c_str() : "out of memory";
}
const char* peel_video_frames_warning(const peel_video_frames* frames) {
  return frames != nullptr ? frames->warning.c_str() : "";
}
int peel_video_frames_width(const peel_video_frames* frames) {
  return frames != nullptr && frames->frames != nullptr ? frames->frames->format().width : 0;
}
int peel_video_frames_height(const peel_video_frames* frames) {
  return frames != nullptr && frames->frames != nullptr ? frames->frames->format().height : 0;
}

int peel_video_frames_next(peel_video_frames* frames, peel_pixels* picture, peel_pixels* matte,
                           double* seconds) {
  if (frames == nullptr || frames->frames == nullptr || frames->status != PEEL_OK) return 0;
  bool there = false;
  const peel::Status status = peel::Caught("", [&]() -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(there, peel::NextFrame(*frames));
    return peel::OkStatus();
  });
  if (!status.ok()) {
    frames->status = peel::ToC(status.code());
    try {
      frames->error = status.message();
    } catch (...) {  // no memory for the text: the status has to do
    }
  }
  if (!there) return 0;
  if (picture != nullptr) *picture = peel::PixelsOf(frames->picture);
  if (matte != nullptr) *matte = peel::PixelsOf(frames->matte);
  if (seconds != nullptr) *seconds = frames->seconds;
  return 1;
}

peel_video_info* peel_video_probe(const char* path) {
  return peel::Guarded<peel_video_info>([&](peel_video_info& info) -> peel::Status {
    if (path == nullptr) return peel::InvalidArgument("there is no path");
    auto media = peel::video::Probe(path);
    if (!media.ok()) return std::move(media).status().WithContext(path);
    info.json = peel::video::InfoJson(*media);
    return peel::OkStatus();
  });
}

void peel_video_info_free(peel_video_info* info) { delete info; }

peel_status peel_video_info_status(const peel_video_info* info) {
  return info != nullptr ? info->status : PEEL_OUT_OF_MEMORY;
}
const char* peel_video_info_error(const peel_video_info* info) {
  return info != nullptr ? info->error.c_str() : "out of memory";
}
const char* peel_video_info_json(const peel_video_info* info) {
  return info != nullptr ? info->json.c_str() : "";
}

}  // extern "C"
