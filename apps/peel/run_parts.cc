#include "apps/peel/run_parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "src/base/lower.h"
#include "src/base/os/files.h"
#include "src/base/os/memory.h"
#include "src/base/os/system_limits.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

}  // namespace

Manifest* ManifestSet::For(const Job& job) {
  const std::string folder =
      output_folder_.empty() ? fs::path(job.output).parent_path().string() : output_folder_;
  std::unique_ptr<Manifest>& manifest = manifests_[folder];
  if (manifest == nullptr) manifest = Manifest::Open(folder, part_);
  return manifest.get();
}

Status ManifestSet::Compact() {
  Status first;
  for (const auto& [folder, manifest] : manifests_) {
    if (Status status = manifest->Compact(); first.ok()) first = std::move(status);
  }
  return first;
}

Result<ReportSink> ReportSink::Create(const std::string& path, const std::string& output_folder,
                                      ReportStyle style) {
  ReportSink sink(path);
  if (LowerAscii(fs::path(path).extension().string()) == ".jsonl") {
    std::error_code error;
    if (!output_folder.empty() && fs::weakly_canonical(fs::path(path).parent_path() / ".", error) ==
                                      fs::weakly_canonical(fs::path(output_folder) / ".", error)) {
      fs::create_directories(output_folder, error);  // a failure shows when the file is made
    }
    auto lines = LineReport::Create(path, style);
    if (!lines.ok()) return std::move(lines).status().WithContext(path);
    sink.lines_.emplace(*std::move(lines));
  } else if (!path.empty()) {
    sink.array_.emplace(ArrayReport::Create(path, style));
  }
  return sink;
}

Status ReportSink::Add(const FileReport& report, const ModelInfo* model) {
  if (path_.empty() || broken_) return OkStatus();
  Status status = lines_ ? lines_->Add(report, model) : array_->Add(report);
  broken_ = !status.ok();
  return status.ok() ? status : std::move(status).WithContext(path_);
}

Status ReportSink::Finish(const InputTable& inputs, const ModelInfo* model) {
  if (!array_ || broken_) return OkStatus();
  return array_->Finish(inputs, model).WithContext(path_);
}

Result<uint64_t> ParseBytes(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit = LowerAscii(text.substr(static_cast<size_t>(end - text.data())));
  double factor = 1;
  if (const size_t power = std::string_view("kmgt").find(unit.empty() ? ' ' : unit[0]);
      power != std::string_view::npos) {
    const bool decimal = unit.size() == 2 && unit[1] == 'b';
    for (size_t i = 0; i <= power; ++i) factor *= decimal ? 1000 : 1024;
    if (decimal || unit.substr(1) == "ib") {
      unit.clear();
    } else {
      unit.erase(0, 1);
    }
  } else if (unit == "b") {
    unit.clear();
  }
  const double bytes = number * factor;
  if (error != std::errc() || !unit.empty() || !(bytes >= 1) || bytes > 1e18) {
    return InvalidArgument(
        fmt::format("\"{}\" is not an amount of memory; write for example 800M or 4G", text));
  }
  return static_cast<uint64_t>(bytes);
}

uint64_t DefaultMemory() {
  const SystemLimits limits = ReadSystemLimits();
  uint64_t memory = limits.memory_bytes > 0 ? limits.memory_bytes : uint64_t{2} << 30;
  if (limits.memory_limit) memory = std::min(memory, *limits.memory_limit);
  if (limits.address_limit) memory = std::min(memory, *limits.address_limit);
  return memory / 2;
}

void KeepMemoryFlat() { KeepHeapFlat(); }

void TellModel(const ModelInfo& model, int jobs, Console& console) {
  if (!model.warning.empty()) console.Warn(model.warning);
  console.Detail(
      fmt::format("model {} {}, {} ({}) {} with {} threads, {} jobs, loaded in {:.1f} ms",
                  model.name, model.path, model.device, model.backend, model.precision_detail,
                  model.threads, jobs, model.load_ms));
}

}  // namespace peel
