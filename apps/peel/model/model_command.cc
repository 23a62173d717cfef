#include "apps/peel/model/model_command.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "apps/peel/console.h"

namespace peel {

void AddModelCommand(Command& app, int* exit_code) {
  Command model = app.AddCommand("model", "Run or inspect any ONNX model");
  model.RequireCommand(1, 1);
  AddModelRun(model, exit_code);
  AddModelInfo(model, exit_code);
  AddModelTune(model, exit_code);
}

Result<std::vector<int64_t>> ParseShape(const std::string& text) {
  std::vector<int64_t> shape;
  if (text.empty()) return shape;  // a scalar
  const char* p = text.data();
  const char* end = p + text.size();
  for (;;) {
    int64_t extent = 0;
    const auto [next, error] = std::from_chars(p, end, extent);
    if (error != std::errc() || extent < 0) break;
    shape.push_back(extent);
    if (next == end) return shape;
    if (*next != ',' && *next != 'x') break;
    p = next + 1;
  }
  return InvalidArgument("'" + text + "' is not a shape; write it like 1,3,320,320");
}

Result<std::pair<std::string, std::string>> SplitPair(const char* option, const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0) {
    return InvalidArgument(fmt::format("{} wants NAME=VALUE, not '{}'", option, text));
  }
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

int ReportFailure(const Status& status) {
  Console().Error(status.message());
  return ExitCodeFor(status);
}

}  // namespace peel
