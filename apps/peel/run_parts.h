#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/peel/console.h"
#include "src/base/status.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/manifest.h"
#include "src/pipeline/folder/report.h"

namespace peel {

// The manifests of a run: one in the output folder, or where there is none, one in every folder
// that gets outputs.
class ManifestSet {
 public:
  ManifestSet(std::string output_folder, std::string part)
      : output_folder_(std::move(output_folder)), part_(std::move(part)) {}
  Manifest* For(const Job& job);  // by one thread at a time
  Status Compact();               // the first failure

 private:
  const std::string output_folder_, part_;
  std::map<std::string, std::unique_ptr<Manifest>> manifests_;
};

// --report: a JSON array written at the end, or with the extension .jsonl a line a picture as it is
// done.
class ReportSink {
 public:
  // "" reports nowhere. A report that goes into the output folder may come before it: then the
  // folder is made. The errors name the file.
  static Result<ReportSink> Create(const std::string& path, const std::string& output_folder,
                                   ReportStyle style);

  Status Add(const FileReport& report, const ModelInfo* model);
  // The array, in the order of `inputs`.
  Status Finish(const InputTable& inputs, const ModelInfo* model);
  bool needs_order() const { return array_.has_value(); }

 private:
  explicit ReportSink(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::optional<LineReport> lines_;
  std::optional<ArrayReport> array_;
  bool broken_ = false;  // has failed; told once
};

// "512M", "1.5GiB", "800000000": K, M, G, T are powers of 1024, and of 1000 in kB, MB, GB, TB.
Result<uint64_t> ParseBytes(std::string_view text);

// Half of what this process may use: of the machine, its cgroup or `ulimit -v`, whichever is least.
uint64_t DefaultMemory();

// Memory of pictures goes back to the system at once. The C library otherwise keeps what is freed
// for each thread, more of it with every larger picture, and --memory would be passed by that.
void KeepMemoryFlat();

// What runs the model (a detail), and as a warning what was asked for and does not: once a run.
void TellModel(const ModelInfo& model, int jobs, Console& console);

}  // namespace peel
