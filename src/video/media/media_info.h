#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel::video {

struct Rational {
  int64_t num = 0, den = 1;
  double value() const {
    return den == 0 ? 0 : static_cast<double>(num) / static_cast<double>(den);
  }
  bool operator==(const Rational&) const = default;
};

// What a film's samples mean, in ffmpeg's words ("bt709", "tv", "smpte2084" …); "" where untold.
struct ColourTags {
  std::string range, matrix, primaries, transfer;
};

enum class HdrKind { kNone, kHdr10, kHdr10Plus, kHlg, kDolbyVision };

struct VideoStream {
  int index = 0;  // among all streams of the file
  std::string codec, profile, pixel_format;
  int width = 0, height = 0;              // as stored
  int shown_width = 0, shown_height = 0;  // upright and with square pixels: what frames come out as
  Rational sample_aspect{1, 1};
  int rotation = 0;       // degrees clockwise that make it upright: 0, 90, 180, 270
  bool mirrored = false;  // and then left for right
  Rational time_base;
  Rational rate;  // mean frames a second; 0: unknown
  bool variable_rate = false;
  std::optional<int64_t> frames;   // where the container tells
  std::optional<double> duration;  // seconds
  int64_t bit_rate = 0;            // 0: untold
  bool alpha = false;
  int depth = 8;
  ColourTags colour;
  HdrKind hdr = HdrKind::kNone;
  bool interlaced = false;
};

struct AudioStream {
  int index = 0;
  std::string codec, language;
  int sample_rate = 0, channels = 0;
  std::string channel_layout;
  int64_t bit_rate = 0;
};

// Where it was taken: degrees, north and east positive; metres above the sea.
struct Place {
  double latitude = 0, longitude = 0;
  std::optional<double> altitude;
};

// What a film's container and headers tell.
struct MediaInfo {
  std::string path, container;  // ffprobe's format name: "mov,mp4,m4a,3gp,3g2,mj2"
  uint64_t bytes = 0;
  std::optional<double> duration;  // seconds
  std::optional<double> start;
  int64_t bit_rate = 0;
  std::string created;  // ISO 8601; "" untold
  std::string make, model, title;
  std::optional<Place> place;
  std::optional<VideoStream>
      video;  // the one that is shown; covers and stills beside sound are none
  std::vector<AudioStream> audio;
  int subtitles = 0, other = 0;  // how many streams of other kinds
};

// Asks ffprobe. kNotFound: no such file, or no ffprobe (the message says how to install it);
// kCorrupt: not a film, or one whose header cannot be read, with ffprobe's own last words; kIo.
Result<MediaInfo> Probe(const std::string& path);

// `peel video --info`: one JSON object, keys in this order for every film.
std::string InfoJson(const MediaInfo& info);

}  // namespace peel::video
