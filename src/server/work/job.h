#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/image/geometry.h"
#include "src/server/http/message.h"

// One picture's work, as an API asks for it, a worker process does it and an API answers it.
namespace peel::server {

// How a picture is straightened: the options of `peel rectify` as text where the program takes
// text;
// "" is the default.
struct RectifyJob {
  std::string kind{};     // auto, document, product, screen
  std::string corners{};  // "x1,y1,…,x4,y4" in pixels of the upright picture
  std::string ratio{};    // auto, free, W:H, a4, letter, id1
  std::string size{};     // "WxH", "Wx" or "xH"
  std::string enhance{};  // none, auto, color, gray, bw
  std::string turn{};     // auto, 0, 90, 180, 270
  std::string margin{};   // pixels or %
  double dpi = 0;
  bool cutout = false;  // cut out as well
  bool all = false;     // every sheet: the result is a ZIP archive of 001.png, 002.png …
  bool keep = false;    // what cannot be straightened comes back as it is; else there is no result
  bool draw = false;    // the picture with what was found drawn on
};

// What to make of a picture: the program's options of `peel cut` as text where the program takes
// text, checked by Check() before anything is queued. Written to a worker as JSON.
struct CutJob {
  std::string model{};         // "" : the server's own
  std::string format = "png";  // png, jpg, webp, avif, tiff, or zip: color.jpg and alpha.png (grey)
  int quality = 0;             // 1 to 100; 0: the format's own
  bool lossless = false;
  bool mask_only = false;
  bool keep_metadata = true;
  std::string background{};  // a colour or "blur[:R]"; a picture comes in attachments["background"]
  std::string background_fit = "cover";
  std::string edges = "auto";
  bool alpha_matting = false;
  int matting_foreground = 240, matting_background = 10, matting_erode = 10;
  bool compat_rembg = false;  // with rembg's steps:
  bool post_process_mask = false, putalpha = false, decontaminate = false;
  bool keep_largest = false, fill_holes = false;
  std::optional<std::string> shadow{};  // as --shadow
  // Crop to the subject with a margin: one length, or top, right, bottom, left, each "20px" or
  // "5%".
  std::vector<std::string> crop{};
  bool crops = false;
  std::string size{};  // "WxH": canvas
  // As --position; "original": where it was in the input. Without a canvas the subject stands on
  // one of the input's size.
  std::string position{};
  double scale = 0;                // of the subject to the canvas or image, 0 to 1; 0: as it comes
  int max_size = 0;                // longer side of the result; 0: as the input
  uint64_t output_pixels = 0;      // the result has no more than so many; 0: as the input
  std::vector<std::string> roi{};  // left, top, right, bottom in px or %: the rest is background
  bool semitransparency = true;    // false: the matte is made hard
  // Of the picture's own transparency: "keep", "enough" (one that has any is not cut out) or
  // "discard".
  std::string own_alpha = "keep";
  std::optional<RectifyJob> rectify{};
  bool matte_too = false;            // CutDone::matte as well (a grey PNG)
  uint64_t max_pixels = UINT64_MAX;  // refuse inputs with more

  std::chrono::milliseconds deadline{0};  // from its queueing; 0: the pool's

  // kInvalidArgument with the option's name and what is possible, before any picture is looked at.
  Status Check() const;
};

// The bytes of a job: views that `keeper` keeps alive.
struct JobFiles {
  std::span<const uint8_t> picture;
  // "background", "hints" (matte/hints.h), "trimap", or "matte": one that there is already, instead
  // of the model's; with hints it is corrected without the model.
  std::map<std::string, std::span<const uint8_t>> attachments;
  Keeper keeper;
};

// What became of the quad of a picture that was to be straightened.
struct RectifyDone {
  bool ok = false;  // else none was certain enough, and of the rest `reason`, `confidence` and the
  std::string reason;  // sheets alone count
  std::string kind;    // document, product, screen
  std::array<double, 8>
      corners{};  // x, y in the upright input, clockwise from the result's top left
  double ratio = 0, focal_px = 0;
  std::array<double, 9> homography{};  // row by row: from the upright input to the result
  double confidence = 0;
  int turn = 0;
  double dpi_x = 0, dpi_y = 0;
  int sheet = 1, sheets = 1;
};

struct CutDone {
  std::span<const uint8_t> bytes;         // the file asked for
  std::span<const uint8_t> matte;         // where matte_too; else empty
  Keeper keeper;                          // keeps both
  std::string type;                       // "image/png", "application/zip" …
  int width = 0, height = 0;              // of the result
  int input_width = 0, input_height = 0;  // of the upright input
  int max_width = 0, max_height = 0;      // that the result could have with no limit of size
  Box subject{};                          // in the result, pixels
  bool has_subject = true;
  double subject_score = 0, coverage = 0;
  // Nothing was certain enough to be straightened, and there is no result: no bytes, no size.
  bool abstained() const { return bytes.empty() && !rectify.empty() && !rectify.front().ok; }
  std::string model, device, precision;  // what ran in fact
  std::string warning;
  std::vector<RectifyDone> rectify;  // one for each sheet; none where it was not asked for
  std::vector<std::pair<std::string, double>> stages;  // in order, milliseconds; "queue" first
};

struct Failure {
  enum class Kind {
    kRefused,   // by the picture or the options: `code` and `message` are the Status's
    kNoModel,   // there is no such model: 400, message names near ones
    kBusy,      // the queue is full: 503 or 429 at once, retry_after
    kDraining,  // the server ends: 503
    kDeadline,  // too slow: 504 or what the API has
    kGone,      // the client has gone; nobody reads the answer
    kWorker,    // the worker crashed, hung or ran out of memory over it: 500
  };
  Kind kind = Kind::kRefused;
  StatusCode code = StatusCode::kInternal;
  std::string message;
  int retry_after = 0;  // seconds
};

// Either done or failed.
struct Outcome {
  std::optional<CutDone> done;
  Failure failure;
  bool ok() const { return done.has_value(); }
};

}  // namespace peel::server
