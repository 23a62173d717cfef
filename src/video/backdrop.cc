#include "src/video/backdrop.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/image/image.h"
#include "src/pipeline/folder/film_files.h"

namespace peel::video {

Result<Behind> ParseBehind(const std::string& text) {
  Behind behind;
  if (IsFilmFile(text)) {
    behind.film = text;
    return behind;
  }
  PEEL_ASSIGN_OR_RETURN(behind.still, Background::Parse(text));
  if (behind.still.kind() == Background::Kind::kColour && behind.still.colour().a != 255) {
    return InvalidArgument("\"" + text +
                           "\": what is behind a film is opaque; leave the colour's alpha out");
  }
  return behind;
}

Result<Backdrop> BackdropFor(const Behind& behind, const FrameFormat& format, ThreadPool* pool) {
  Backdrop backdrop;
  if (!behind.film.empty()) {
    backdrop.kind = Backdrop::Kind::kFrames;
    return backdrop;
  }
  switch (behind.still.kind()) {
    case Background::Kind::kNone:
      break;
    case Background::Kind::kColour: {
      const Rgba colour = behind.still.colour();
      backdrop.colour = {colour.r, colour.g, colour.b};
      break;
    }
    case Background::Kind::kBlur:
      backdrop.kind = Backdrop::Kind::kBlur;
      backdrop.blur = behind.still.BlurSigma(std::max(format.width, format.height));
      break;
    case Background::Kind::kPicture: {
      // Behind nothing at all: the background alone.
      PEEL_ASSIGN_OR_RETURN(ImageU8 nothing, ImageU8::Allocate(format.width, format.height, 4));
      for (int y = 0; y < nothing.height(); ++y) {
        std::memset(nothing.row(y), 0, static_cast<size_t>(nothing.width()) * 4);
      }
      PEEL_ASSIGN_OR_RETURN(const Background srgb, behind.still.InProfile({}, pool));
      PEEL_ASSIGN_OR_RETURN(backdrop.picture, srgb.Apply(std::as_const(nothing).view(), {}, pool));
      if (backdrop.picture.channels() != 3) {
        return InvalidArgument(
            "the background picture is transparent in places; a film has "
            "nothing behind it");
      }
      backdrop.kind = Backdrop::Kind::kPicture;
      break;
    }
  }
  return backdrop;
}

Result<std::unique_ptr<BackdropFilm>> BackdropFilm::Open(const std::string& path,
                                                         const FrameFormat& format, bool tone_map,
                                                         const CancelToken* cancel) {
  PEEL_ASSIGN_OR_RETURN(MediaInfo info, Probe(path));
  ReadOptions read;
  read.tone_map = tone_map;
  read.cancel = cancel;
  read.cover = format;
  std::unique_ptr<BackdropFilm> film(new BackdropFilm(std::move(info), std::move(read)));
  PEEL_RETURN_IF_ERROR(film->Rewind());
  return film;
}

double BackdropFilm::TimeOf(const Frame& frame) const {
  return static_cast<double>(frame.pts) * reader_->format().time_base.value() - first_ + begin_;
}

Status BackdropFilm::Rewind() {
  PEEL_ASSIGN_OR_RETURN(reader_, FrameReader::Open(info_, read_));
  PEEL_ASSIGN_OR_RETURN(std::optional<Frame> frame, reader_->Next());
  if (!frame) return Corrupt("has no frame that could stand behind another film");
  now_ = *std::move(frame);
  first_ = static_cast<double>(now_.pts) * reader_->format().time_base.value();
  const double rate = reader_->format().rate.value();
  spacing_ = rate > 0 ? 1 / rate : 1.0 / 25;
  PEEL_ASSIGN_OR_RETURN(next_, reader_->Next());
  return OkStatus();
}

Result<const Frame*> BackdropFilm::At(double seconds) {
  // Half a millisecond is less than any frame, and more than what time bases round off.
  constexpr double kSame = 0.0005;
  for (;;) {
    if (next_) {
      const double next = TimeOf(*next_);
      if (seconds + kSame < next) break;
      spacing_ = std::max(next - TimeOf(now_), kSame);
      now_ = *std::move(next_);
      PEEL_ASSIGN_OR_RETURN(next_, reader_->Next());
      continue;
    }
    const double end = TimeOf(now_) + std::max(spacing_, 0.001);
    if (seconds + kSame < end) break;
    begin_ = end;
    PEEL_RETURN_IF_ERROR(Rewind());
  }
  return &now_;
}

}  // namespace peel::video
