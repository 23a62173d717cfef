#include "src/engine/ort/options.h"

#include <charconv>

namespace peel::engine {
namespace {

Status NoSuch(std::string_view key, std::string_view value, std::string_view choices) {
  return InvalidArgument("ONNX Runtime's option " + std::string(key) + " is " +
                         std::string(choices) + ", not \"" + std::string(value) + "\"");
}

bool ParseNumber(std::string_view text, int least, int most, int* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && *number >= least &&
         *number <= most;
}

Status Set(std::string_view key, std::string_view value, RuntimeOptions* options) {
  if (key == "graph") {
    if (value == "off") {
      options->graph_optimization = 0;
    } else if (value == "basic") {
      options->graph_optimization = 1;
    } else if (value == "extended") {
      options->graph_optimization = 2;
    } else if (value == "all") {
      options->graph_optimization = 99;
    } else {
      return NoSuch(key, value, "off, basic, extended or all");
    }
  } else if (key == "inter") {
    if (!ParseNumber(value, 1, 1024, &options->inter_threads)) {
      return NoSuch(key, value, "a number of threads from 1 to 1024");
    }
  } else if (key == "arena") {
    if (value != "on" && value != "off") return NoSuch(key, value, "on or off");
    options->arena = value == "on";
  } else if (key == "execution") {
    if (value != "sequential" && value != "parallel") {
      return NoSuch(key, value, "sequential or parallel");
    }
    options->parallel = value == "parallel";
  } else if (key == "gpu") {
    if (!ParseNumber(value, 0, 255, &options->gpu)) {
      return NoSuch(key, value, "the number of a GPU, from 0");
    }
  } else if (key == "openvino") {
    if (value.empty()) return NoSuch(key, value, "CPU, GPU, NPU or AUTO");
    options->openvino = value;
  } else {
    return InvalidArgument("ONNX Runtime has no option \"" + std::string(key) +
                           "\" here; there are graph, inter, arena, execution, gpu and openvino");
  }
  return OkStatus();
}

}  // namespace

Status ParseRuntimeOptions(std::string_view text, RuntimeOptions* options) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      return InvalidArgument("ONNX Runtime's options are KEY=VALUE, not \"" + std::string(item) +
                             "\"");
    }
    PEEL_RETURN_IF_ERROR(Set(item.substr(0, equals), item.substr(equals + 1), options));
  }
  return OkStatus();
}

}  // namespace peel::engine
