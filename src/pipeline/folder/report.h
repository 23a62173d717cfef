#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/unique_fd.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/input_table.h"

namespace peel {

// What became of a picture, as a line of JSON: input, output, status ("done", "skipped", "failed"),
// frame and frames (of a file of several) or frames alone (of an animation), reason where it was
// skipped (its result is up to date, or it was passed over), error {code, message} where it failed,
// warning, subject, subject_score, coverage, width, height, input_bytes, output_bytes, model,
// device, device_asked, device_reason (where they differ), backend, nodes (that ONNX Runtime's
// providers ran), precision, precision_detail, threads, times_ms {read, decode, …, total}. `model`
// may be null where none was loaded.
std::string ReportLine(const FileReport& report, const ModelInfo* model);

// A report of one line a picture (JSON lines), written as the run goes: whatever stops the run, the
// file holds whole lines, in the order of completion.
class LineReport {
 public:
  // An existing file is begun anew; a pipe or device is written to. kNotFound, kIo.
  static Result<LineReport> Create(const std::string& path);
  LineReport(LineReport&& other) noexcept;
  LineReport& operator=(LineReport&&) = delete;
  ~LineReport();

  // kIo when it cannot be written (full disk); what is there ends with a whole line then.
  Status Add(const FileReport& report, const ModelInfo* model);

 private:
  explicit LineReport(int fd) : fd_(fd) {}
  int fd_;
  uint64_t written_ = 0;
};

// A report that is one JSON array of the same objects, in the order of the inputs. Until the end
// what is told waits in a nameless file beside it (or in the system's folder for such ones), so
// that a picture takes 16 bytes in memory.
class ArrayReport {
 public:
  static ArrayReport Create(std::string path) { return ArrayReport(std::move(path)); }

  // kIo when it cannot be put away (full disk).
  Status Add(const FileReport& report);
  // `model` counts for all. kIo, kNotFound.
  Status Finish(const InputTable& order, const ModelInfo* model);

 private:
  struct Part {
    uint64_t input;  // hash of its name
    uint64_t start;  // in the file
  };

  explicit ArrayReport(std::string path) : path_(std::move(path)) {}
  Result<std::string> Read(const Part& part) const;

  std::string path_;
  UniqueFd file_;
  uint64_t end_ = 0;
  std::vector<Part> parts_;
};

// "corrupt", "not_found" …: a word for a failure that scripts can rely on.
const char* StatusWord(StatusCode code);

}  // namespace peel
