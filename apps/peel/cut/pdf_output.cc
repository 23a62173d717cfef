#include "apps/peel/cut/pdf_output.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/replace_file.h"
#include "src/codec/decode.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

// More parts than any input has: Limits::max_frames.
constexpr int64_t kParts = int64_t{1} << 24;

// Of a picture whose paper is not known: as large as an A4 sheet holds it.
constexpr double kA4Short = PointsFromMm(210), kA4Long = PointsFromMm(297);

struct PageSize {
  double width = 0, height = 0;  // points
};

PageSize SizeOfPage(const EncodedCut& cut, int width, int height) {
  const auto& rectify = cut.info.rectify;
  if (rectify && rectify->dpi_x > 0) {
    return {PointsFromPixels(width, rectify->dpi_x), PointsFromPixels(height, rectify->dpi_y)};
  }
  const bool wide = width > height;
  const double factor =
      std::min((wide ? kA4Long : kA4Short) / width, (wide ? kA4Short : kA4Long) / height);
  return {width * factor, height * factor};
}

}  // namespace

Result<std::unique_ptr<PdfOutput>> PdfOutput::Create(const std::string& path) {
  const std::string folder = path == "-" ? "" : fs::path(path).parent_path().string();
  std::error_code error;
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    return NotFound(path + ": there is no folder " + folder);
  }
  UniqueFd file(OpenScratch(folder.empty() ? "." : folder));
  if (!file) {
    return IoError(path + ": cannot create it (" + std::generic_category().message(errno) + ")");
  }
  std::unique_ptr<PdfOutput> output(new PdfOutput(path, std::move(file)));
  PdfInfo info;
  info.title = path == "-" ? "" : fs::path(path).stem().string();
  info.producer = "Peel " PEEL_VERSION;
  output->writer_ = std::make_unique<PdfWriter>(
      [o = output.get()](std::span<const uint8_t> bytes) { return o->Append(bytes); }, info);
  return output;
}

Status PdfOutput::Append(std::span<const uint8_t> bytes) {
  failed_ = WriteAll(file_.get(), bytes);
  if (failed_.ok()) size_ += bytes.size();
  return failed_.ok() ? OkStatus() : Cancelled("the PDF cannot be written");
}

Status PdfOutput::Add(const Job& job, int part, const EncodedCut& cut) {
  PdfPage page;
  int width = cut.width, height = cut.height;
  if (cut.coding == EncodedCut::Coding::kGroup4) {
    page.picture = PdfG4{cut.bytes, width, height};
  } else if (cut.info.rectify && cut.info.rectify->is_input) {
    PEEL_ASSIGN_OR_RETURN(const PictureInfo info, Probe(cut.bytes));
    page.picture = PdfJpeg{cut.bytes, info.width, info.height, info.channels};
    page.orientation = info.orientation;
  } else {
    page.picture = PdfJpeg{cut.bytes, width, height, cut.channels};
  }
  page.icc = cut.icc;
  const PageSize size = SizeOfPage(cut, width, height);
  page.width_pt = size.width;
  page.height_pt = size.height;
  return writer_->AddPage(static_cast<int64_t>(job.number) * kParts + part, page);
}

Status PdfOutput::CopyTo(const std::function<Status(std::span<const uint8_t>)>& sink) const {
  std::vector<uint8_t> buffer(size_t{1} << 20);
  for (uint64_t at = 0; at < size_;) {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(buffer.size(), size_ - at));
    const ptrdiff_t got = ReadAt(file_.get(), buffer.data(), wanted, at);
    if (got <= 0) return IoError("cannot read what was put away for it");
    PEEL_RETURN_IF_ERROR(sink({buffer.data(), static_cast<size_t>(got)}));
    at += static_cast<uint64_t>(got);
  }
  return OkStatus();
}

Status PdfOutput::Finish() {
  const std::string shown = path_ == "-" ? "standard output" : path_;
  if (!failed_.ok()) return Status(failed_).WithContext(shown);
  if (writer_->pages() == 0) return OkStatus();
  Status finished = writer_->Finish();
  if (!finished.ok())
    return (failed_.ok() ? std::move(finished) : Status(failed_)).WithContext(shown);
  return WriteFileAtomically(path_, [this](const ByteSink& sink) { return CopyTo(sink); })
      .WithContext(shown);
}

}  // namespace peel
