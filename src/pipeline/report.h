#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/pipeline/batch.h"

namespace peel {

// The text of --report: a JSON array with one object a picture, in the order given: input, output,
// status ("done", "skipped", "failed"), reason where it was skipped (its result is up to date, or
// it was passed over), error {code, message} where it failed, warning, subject,
// subject_score, coverage, width, height, input_bytes, output_bytes, model, device, device_asked,
// device_reason (where they differ), backend, nodes (that ONNX Runtime's providers ran), precision,
// precision_detail, threads, times_ms {read, decode, …, total}. `model` may be null where none was
// loaded.
std::string ReportJson(const std::vector<FileReport>& reports, const ModelInfo* model);

// One such object as one line, with its end.
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

// "corrupt", "not_found" …: a word for a failure that scripts can rely on.
const char* StatusWord(StatusCode code);

}  // namespace peel
