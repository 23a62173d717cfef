#include "src/pipeline/model/tuning_record.h"

#include <sstream>
#include <string_view>

#include "src/base/cache_file.h"
#include "src/base/hash.h"

namespace peel {
namespace {

using engine::Precision;

constexpr std::string_view kKind = "tuning";

std::string Key(std::span<const uint8_t> model) {
  return CacheMachine() + "\nmodel " + HashText(Hash64(model));
}

const char* Name(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : precision == Precision::kInt8 ? "int8" : "fp32";
}

}  // namespace

std::string TuningPath(std::span<const uint8_t> model) { return CacheFilePath(kKind, Key(model)); }

std::optional<Tuning> ReadTuning(std::span<const uint8_t> model) {
  if (!AnyCacheFile(kKind)) return std::nullopt;  // hashing 170 MB takes its time
  const auto text = ReadCacheFile(kKind, Key(model));
  if (!text) return std::nullopt;
  Tuning tuning;
  bool known = false;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.find(' ');
    if (space == std::string::npos) return std::nullopt;
    const std::string key = line.substr(0, space), value = line.substr(space + 1);
    if (key == "choice") {
      known = value == "fp32" || value == "bf16" || value == "int8";
      tuning.choice = value == "bf16"   ? Precision::kBf16
                      : value == "int8" ? Precision::kInt8
                                        : Precision::kFp32;
    } else if (key == "bf16") {
      tuning.bf16_nodes.push_back(value);
    } else if (key == "int8") {
      tuning.int8_hash = value;
    } else if (key == "ms") {
      std::istringstream(value) >> tuning.fp32_ms >> tuning.narrow_ms;
    } else if (key == "error") {
      std::istringstream(value) >> tuning.error.mean_difference >> tuning.error.worst_difference >>
          tuning.error.iou >> tuning.error.worst_iou;
    }
  }
  if (!known) return std::nullopt;
  return tuning;
}

Status WriteTuning(std::span<const uint8_t> model, const Tuning& tuning) {
  std::ostringstream text;
  text << "choice " << Name(tuning.choice) << "\n";
  // A name with a line break could not be told from two; such a node just stays in float32.
  for (const std::string& node : tuning.bf16_nodes) {
    if (node.find('\n') == std::string::npos) text << "bf16 " << node << "\n";
  }
  if (!tuning.int8_hash.empty()) text << "int8 " << tuning.int8_hash << "\n";
  const engine::MaskError& e = tuning.error;
  text << "ms " << tuning.fp32_ms << " " << tuning.narrow_ms << "\n";
  text << "error " << e.mean_difference << " " << e.worst_difference << " " << e.iou << " "
       << e.worst_iou << "\n";
  return WriteCacheFile(kKind, Key(model), text.str());
}

}  // namespace peel
