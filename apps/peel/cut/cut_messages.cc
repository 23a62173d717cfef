#include "apps/peel/cut/cut_messages.h"

#include <fmt/core.h>

#include <string>

namespace peel {
namespace {

std::string Shown(const FileReport& report) {
  return report.input == "-" ? "standard input" : report.input;
}

void TellAbstained(Console& console, const FileReport& report, const CutArguments& a) {
  const char* const rest = !a.straighten           ? ""
                           : report.output.empty() ? "; nothing is written (see --keep)"
                                                   : "; written as it is";
  console.Warn(
      fmt::format("{}: not straightened: {}{}", Shown(report), report.rectify->reason, rest));
}

}  // namespace

void Tell(Console& console, const FileReport& report, const CutArguments& a) {
  switch (report.state) {
    case FileReport::State::kFailed:
      console.Error(report.status.message());
      break;
    case FileReport::State::kSkipped:
      console.Detail(
          fmt::format("{}: {} {}, skipped", Shown(report), report.output, report.reason));
      break;
    case FileReport::State::kCancelled:
      break;
    case FileReport::State::kDone: {
      if (!report.warning.empty()) {
        console.Warn(fmt::format("{}: {}", Shown(report), report.warning));
      }
      if (report.rectify && !report.rectify->ok()) TellAbstained(console, report, a);
      if (!report.has_subject && a.compat.empty() && !a.straighten) {
        console.Warn(fmt::format("{}: no subject found (score {:.2f}); the {} is empty",
                                 Shown(report), report.subject_score,
                                 a.options.compose.mask_only ? "mask" : "cut-out"));
      }
      std::string stages;
      for (const auto& [stage, milliseconds] : report.times) {
        stages += fmt::format(" {} {:.1f}", stage, milliseconds);
      }
      const std::string what = report.rectify && report.rectify->ok()
                                   ? fmt::format("{} at {:.0f} %", KindName(report.rectify->kind),
                                                 report.rectify->confidence * 100)
                                   : fmt::format("subject {:.0f} %", report.coverage * 100);
      if (report.output.empty()) {
        console.Detail(fmt::format("{} in {:.1f} ms:{}", Shown(report), report.total_ms, stages));
        break;
      }
      console.Detail(fmt::format("{} -> {} ({}x{}, {}, {}) in {:.1f} ms:{}", Shown(report),
                                 report.output, report.width, report.height,
                                 HumanBytes(report.output_bytes), what, report.total_ms, stages));
      break;
    }
  }
  // A file counts once, when its last frame is done or nothing further comes of it.
  if (!report.last) return;
  console.Step(Shown(report), report.state != FileReport::State::kSkipped);
}

}  // namespace peel
