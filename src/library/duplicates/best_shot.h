#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace peel::library {

// What speaks for one shot against another.
struct ShotFacts {
  int width = 0;
  int height = 0;
  uint64_t bytes = 0;
  // How much of the camera's data the format keeps: 3 raw, 2 without loss or HEIF, AVIF, JPEG XL,
  // 1 JPEG and others, 0 not known.
  int format_rank = 0;
  bool camera_metadata = false;  // make or model, and when it was taken
  bool edited = false;           // its metadata name a program that edits pictures
  bool has_film = false;         // a live photo's
  int rating = 0;                // somebody's stars, -1 to 5
  float sharpness = -1;          // the subject's, else the picture's; negative: not measured
  float exposure = 0;            // -1 to 1
  float quality = -1;            // all of the picture in one mark; negative: not measured
  bool cut_off = false;
  int faces = 0;
};

struct BestShot {
  size_t index = 0;
  std::string reason;  // in plain words: "largest: 4000×3000, the next 2000×1500"
};

// Of files that show one and the same capture: the original. By stars, the camera's own metadata,
// not edited, with its film, pixels, format, bytes; the first at which one file is ahead of all
// others decides. Where nothing does, the first one. shots: at least one.
BestShot BestOfSameCapture(std::span<const ShotFacts> shots);

// Of different shots of the same thing: the one worth keeping. By stars, sharpness, faces,
// exposure, the subject whole, pixels, the mark for quality. Whether eyes are open is not judged,
// which the reason says where there are faces.
BestShot BestOfShots(std::span<const ShotFacts> shots);

}  // namespace peel::library
