#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/peel/settings_hash.h"
#include "src/pipeline/cut/cut_options.h"

namespace peel {

// What the command line of `rectify` has beside that of `cut`; the size is cut's --size.
struct RectifyArguments {
  RectifyChoices choices{};
  std::string kind, corners, ratio, enhance, turn, margin, pdf;
};

// The command line of `cut` as typed: what is taken as it stands in `options`, the rest as text,
// which MakePlan (cut_plan.h) reads.
struct CutArguments {
  CutOptions options{};
  std::vector<std::string> inputs;
  std::string output_file, output_folder, format, report;
  std::string background, edges = "auto", compat;
  std::string memory, shard;
  std::string model, device = "auto", backend = "auto", ort, precision = "auto", progress = "auto";
  int threads = 0, jobs = 0, shards = 0;
  std::optional<std::string> crop, shadow;
  std::string animation;  // "" is auto
  std::string trimap, hints, roi, scale, keep = "all", background_fit, size, position;
  std::optional<int> matting_foreground, matting_background, matting_erode;
  bool alpha_matting = false;
  bool rectify = false;                          // of `cut`
  std::optional<RectifyArguments> straighten{};  // the command is `rectify`
  bool ort_typed = false;                        // and not from the configuration
  bool strict = false, recursive = false, skip_existing = false;
  bool all_frames = false, watch = false, quiet = false, verbose = false;
  TypedOptions settings{};  // those typed that results depend on
};

// Does what `cut` or `rectify` says and returns the program's exit code.
int RunCut(const CutArguments& arguments);

}  // namespace peel
