#include "apps/peel/video/video_messages.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "apps/peel/output.h"
#include "src/base/caught.h"
#include "src/video/media/media_info.h"

namespace peel {
namespace {

void TellDone(Console& console, const FileReport& report, const VideoArguments& a) {
  if (!report.warning.empty()) {
    console.Warn(fmt::format("{}: {}", report.input, report.warning));
  }
  if (!report.has_subject) {
    console.Warn(fmt::format("{}: no subject found in any frame (score {:.2f}); the {} is empty",
                             report.input, report.subject_score, a.mask ? "mask" : "cut-out"));
  }
  std::string stages;
  for (const auto& [stage, milliseconds] : report.times) {
    stages += fmt::format(" {} {:.0f}", stage, milliseconds);
  }
  const auto frames = static_cast<double>(report.film->frames);
  console.Detail(fmt::format("{} -> {} ({} frames of {}x{}, {}) in {:.0f} ms ({:.1f} frames/s){}{}",
                             report.input, report.output, report.film->frames, report.width,
                             report.height, HumanBytes(report.output_bytes), report.total_ms,
                             frames / std::max(report.total_ms / 1e3, 1e-6),
                             stages.empty() ? "" : ":", stages));
}

}  // namespace

void TellFilm(Console& console, const FileReport& report, const VideoArguments& a) {
  switch (report.state) {
    case FileReport::State::kDone:
      TellDone(console, report, a);
      break;
    case FileReport::State::kSkipped:
      console.Detail(fmt::format("{}: {} {}, skipped", report.input, report.output, report.reason));
      break;
    case FileReport::State::kFailed:
      console.Error(report.status.message());
      break;
    case FileReport::State::kCancelled:
      break;
  }
}

int PrintInfos(const InputList& list, Console& console) {
  size_t failed = list.errors.size();
  for (const InputFailure& failure : list.errors) console.Error(failure.status.message());
  for (const Input input : list.inputs) {
    const auto info = Caught("", [&] { return video::Probe(input.path); });
    if (!info.ok()) {
      ++failed;
      console.Error(Status(info.status()).WithContext(input.path).message());
      continue;
    }
    std::string text = video::InfoJson(*info);
    if (!text.ends_with('\n')) text += '\n';
    WriteOutput(text);
  }
  return failed > 0 ? kExitSomeFailed : kExitDone;
}

}  // namespace peel
