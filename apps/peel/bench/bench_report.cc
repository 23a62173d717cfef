#include "apps/peel/bench/bench_report.h"

#include <fmt/core.h>

#include "apps/peel/console.h"
#include "apps/peel/output.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

std::string SizeText(int size) { return size == 0 ? "full" : std::to_string(size); }

std::string Verdict(const Json& size) {
  std::string text;
  if (size.contains("quads")) {
    text = fmt::format("  {} of {} straightened, corners {:.5f}", size["straightened"].get<int>(),
                       size["quads"].size(), size["corner_difference"].get<double>());
  }
  if (size.value("faithful", false)) return text;
  return text + (size.contains("quads") ? "  WRONG: not the CPU's results"
                                        : "  WRONG: not the CPU's mattes");
}

// A field of a CSV as RFC 4180 has it.
std::string Field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

void PrintBench(const Json& document) {
  Print("{} pictures, {} rounds after {}, {}\n\n", document["pictures"].size(),
        document["rounds"].get<int>(), document["warmup"].get<int>(),
        document["machine"].get<std::string>());
  Print("{:<16} {:<12} {:<5} {:>5} {:>10} {:>17} {:>10} {:>9} {:>8}  {:>9} {:>7}\n", "model",
        "device", "num.", "size", "median ms", "80 % within", "network", "images/s", "MB",
        "mean diff", "IoU");
  for (const Json& entry : document["cases"]) {
    const std::string head =
        fmt::format("{:<16} {:<12} {:<5}", entry["model"].get<std::string>(),
                    entry["label"].get<std::string>(), entry["asked_precision"].get<std::string>());
    if (entry["status"] != "ok") {
      Print("{} {}: {}\n", head, entry["status"].get<std::string>(),
            OneLine(entry["reason"].get<std::string>()));
      continue;
    }
    for (const Json& size : entry["sizes"]) {
      Print(
          "{} {:>5} {:>10.1f} {:>17} {:>10.1f} {:>9.2f} {:>8.0f}  {:>9.5f} {:>7.4f}{}\n", head,
          SizeText(size["size"].get<int>()), size["median_ms"].get<double>(),
          fmt::format("{:.1f}-{:.1f}", size["low_ms"].get<double>(), size["high_ms"].get<double>()),
          size["network_ms"].get<double>(), size["images_per_s"].get<double>(),
          entry["peak_bytes"].get<double>() * 1e-6, size["mean_difference"].get<double>(),
          size["iou"].get<double>(), Verdict(size));
    }
  }
  Print("\nBest here\n");
  for (const Json& line : document["recommendations"]) {
    Print("  {}\n", line["text"].get<std::string>());
  }
}

std::string BenchCsv(const Json& document) {
  std::string text =
      "model,device,precision,status,reason,size,median_ms,low_ms,high_ms,network_ms,images_per_s,"
      "runs,load_ms,peak_bytes,mean_difference,worst_difference,iou,worst_iou,faithful,"
      "straightened,same_decisions,corner_difference\n";
  for (const Json& entry : document["cases"]) {
    const std::string head =
        Field(entry["model"].get<std::string>()) + "," + entry["label"].get<std::string>() + "," +
        entry["asked_precision"].get<std::string>() + "," + entry["status"].get<std::string>() +
        "," + Field(OneLine(entry.value("reason", "")));
    if (entry["status"] != "ok") {
      text += head + ",,,,,,,,,,,,,,,,,\n";
      continue;
    }
    for (const Json& size : entry["sizes"]) {
      text += fmt::format(
          "{},{},{:.3f},{:.3f},{:.3f},{:.3f},{:.4f},{},{:.3f},{},{:.6f},{:.6f},"
          "{:.6f},{:.6f},{}",
          head, size["size"].get<int>(), size["median_ms"].get<double>(),
          size["low_ms"].get<double>(), size["high_ms"].get<double>(),
          size["network_ms"].get<double>(), size["images_per_s"].get<double>(),
          size["runs"].get<int>(), entry["load_ms"].get<double>(),
          entry["peak_bytes"].get<uint64_t>(), size["mean_difference"].get<double>(),
          size["worst_difference"].get<double>(), size["iou"].get<double>(),
          size["worst_iou"].get<double>(), size["faithful"].get<bool>());
      if (size.contains("quads")) {
        text +=
            fmt::format(",{},{},{:.6f}\n", size["straightened"].get<int>(),
                        size["same_decisions"].get<int>(), size["corner_difference"].get<double>());
      } else {
        text += ",,,\n";
      }
    }
  }
  return text;
}

}  // namespace peel
