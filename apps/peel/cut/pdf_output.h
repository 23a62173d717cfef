#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "src/base/os/unique_fd.h"
#include "src/base/status.h"
#include "src/pipeline/cut/cut_result.h"
#include "src/pipeline/folder/outputs.h"
#include "src/rectify/pdf/pdf_writer.h"

namespace peel {

// --pdf: a page for every result, in the order of the inputs. Until the end it grows in a nameless
// file beside the PDF, so that the PDF has all pages or is not there.
class PdfOutput {
 public:
  // "-" for standard output. kNotFound for a missing folder, kIo.
  static Result<std::unique_ptr<PdfOutput>> Create(const std::string& path);

  // A result that EncodeChoices::pdf_page was made for; `part` is the number of a frame or sheet.
  // By several threads at once. kCancelled once the file cannot grow any more: Finish says why.
  Status Add(const Job& job, int part, const EncodedCut& cut);

  int64_t pages() const { return writer_->pages(); }
  // Makes it a file. Without any page none is made.
  Status Finish();

 private:
  PdfOutput(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}
  Status Append(std::span<const uint8_t> bytes);  // by the writer, one call at a time
  Status CopyTo(const std::function<Status(std::span<const uint8_t>)>& sink) const;

  const std::string path_;
  UniqueFd file_;
  uint64_t size_ = 0;
  Status failed_;
  std::unique_ptr<PdfWriter> writer_;
};

}  // namespace peel
