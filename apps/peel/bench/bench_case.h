#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>
#include "apps/peel/command_line.h"

#include "src/base/status.h"

namespace peel {

// One cell of `peel bench`'s matrix: a model on a device with a precision, at all sizes. Runs in a
// process of its own, so that its memory is its own and a driver that crashes takes nobody along.
struct BenchCase {
  std::string model;               // NAME or FILE; "" is the embedded one
  std::string device = "cpu";      // as --device
  std::string backend = "auto";    // as --backend
  std::string precision = "fp32";  // as --precision
  std::vector<int> sizes;          // longest sides; 0: as the pictures are
  std::vector<std::string> pictures;
  int rounds = 5, warmup = 1, threads = 0;
  std::string ort;        // as --ort
  bool pipeline = false;  // what is timed is cutting out and straightening
  std::string folder;     // gets mask-SIZE-N.png, cut-SIZE-N.png and thumb-N.png
};

// "onnxruntime" for ONNX Runtime's CPU, else the device.
std::string DeviceLabel(const BenchCase& bench);

// Runs the case in a child process and returns what it measured:
//   {"status": "ok" | "refused" | "failed", "reason", "device", "backend", "precision",
//    "precision_detail", "nodes", "threads", "load_ms", "peak_bytes", "sizes": [{"size",
//    "median_ms", "low_ms", "high_ms", "network_ms", "images_per_s", "runs"}]}
// With pipeline each size also has "quads": for every picture null where it was not straightened,
// else its corners [[x, y] * 4], and "diagonals" of the pictures in pixels.
// Never fails itself: what goes wrong is a status with its reason.
nlohmann::ordered_json RunBenchCase(const BenchCase& bench);

// The hidden command that such a child is: a case as JSON on standard input, the above on standard
// output.
void AddBenchCaseCommand(Command& app, int* exit_code);

}  // namespace peel
