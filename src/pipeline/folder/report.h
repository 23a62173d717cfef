#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/unique_fd.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/input_table.h"

namespace peel {

// Whose report it is: of `peel cut`, or of `peel rectify`, where the words are others.
enum class ReportStyle { kCut, kRectify };

// What became of a picture, as a line of JSON: input, output, status ("done", "skipped", "failed"),
// frame and frames (of a file of several) or frames alone (of an animation), reason where it was
// skipped (its result is up to date, or it was passed over), error {code, message} where it failed,
// warning, subject, subject_score, coverage, width, height, input_bytes, output_bytes, model,
// device, device_asked, device_reason (where they differ), backend, nodes (that ONNX Runtime's
// providers ran), precision, precision_detail, threads, times_ms {read, decode, …, total}. `model`
// may be null where none was loaded. Of a picture that was to be straightened also rectify {kind,
// corners, ratio, focal_px, homography, confidence, status ("ok", "abstained"), reason, turn, dpi,
// sheet and sheets (of several in it)}.
//
// With kRectify instead: input, output, kind, corners [[x, y] * 4], ratio, focal_px, homography
// [9], confidence, status ("ok", "abstained", "skipped", "failed"), reason, and the rest of the
// above; error, warning, width, height, input_bytes, output_bytes, frame and frames, model …
// threads as above, ms for times_ms. What is not known is left out.
std::string ReportLine(const FileReport& report, const ModelInfo* model,
                       ReportStyle style = ReportStyle::kCut);

// A report of one line a picture (JSON lines), written as the run goes: whatever stops the run, the
// file holds whole lines, in the order of completion.
class LineReport {
 public:
  // An existing file is begun anew; a pipe or device is written to. kNotFound, kIo.
  static Result<LineReport> Create(const std::string& path, ReportStyle style = ReportStyle::kCut);
  LineReport(LineReport&& other) noexcept;
  LineReport& operator=(LineReport&&) = delete;
  ~LineReport();

  // kIo when it cannot be written (full disk); what is there ends with a whole line then.
  Status Add(const FileReport& report, const ModelInfo* model);

 private:
  LineReport(int fd, ReportStyle style) : fd_(fd), style_(style) {}
  int fd_;
  ReportStyle style_;
  uint64_t written_ = 0;
};

// A report that is one JSON array of the same objects, in the order of the inputs. Until the end
// what is told waits in a nameless file beside it (or in the system's folder for such ones), so
// that a picture takes 16 bytes in memory.
class ArrayReport {
 public:
  static ArrayReport Create(std::string path, ReportStyle style = ReportStyle::kCut) {
    return ArrayReport(std::move(path), style);
  }

  // kIo when it cannot be put away (full disk).
  Status Add(const FileReport& report);
  // `model` counts for all. kIo, kNotFound.
  Status Finish(const InputTable& order, const ModelInfo* model);

 private:
  struct Part {
    uint64_t input;  // hash of its name
    uint64_t start;  // in the file
  };

  ArrayReport(std::string path, ReportStyle style) : path_(std::move(path)), style_(style) {}
  Result<std::string> Read(const Part& part) const;

  std::string path_;
  ReportStyle style_;
  UniqueFd file_;
  uint64_t end_ = 0;
  std::vector<Part> parts_;
};

// "corrupt", "not_found" …: a word for a failure that scripts can rely on.
const char* StatusWord(StatusCode code);

}  // namespace peel
