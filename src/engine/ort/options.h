#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"

namespace peel::engine {

// How ONNX Runtime is found and set up; it does the work only where the native engine does not.
struct RuntimeOptions {
  // Folders in which Python packages lie (site-packages) that are searched first, separated by ':'.
  std::string folders;
  int graph_optimization = 99;   // 0 off, 1 basic, 2 extended, 99 all
  int inter_threads = 1;         // between operators; more than 1 only with `parallel`
  bool arena = true;             // keep freed CPU memory for the next run
  bool parallel = false;         // independent branches of the graph at the same time
  int gpu = 0;                   // number of the GPU
  std::string openvino = "CPU";  // OpenVINO's name of the device: CPU, GPU, NPU, AUTO
  // Somebody asked for these and is to be told where another engine runs.
  bool asked = false;
};

// Sets what the text says: "KEY=VALUE" with commas between, KEY one of graph (off, basic, extended,
// all), inter (threads), arena (on, off), execution (sequential, parallel), gpu (number), openvino
// (device). kInvalidArgument names the key and its values.
Status ParseRuntimeOptions(std::string_view text, RuntimeOptions* options);

}  // namespace peel::engine
