#include "src/library/picture_work.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "src/base/os/files.h"
#include "src/base/os/source_file.h"
#include "src/base/sentences.h"
#include "src/library/duplicates/pdq.h"
#include "src/library/file_identity.h"
#include "src/library/metadata/photo_metadata.h"
#include "src/library/metadata/sidecar_facts.h"
#include "src/library/places/place.h"
#include "src/library/quality/picture_quality.h"

namespace peel::library {
namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::shared_ptr<const SourceFile::Bytes>;

// A file that is changed again and again while it is read is given up.
constexpr int kAttempts = 3;

// Adds the time of its life.
class Stopwatch {
 public:
  explicit Stopwatch(double* seconds) : seconds_(seconds) {}
  ~Stopwatch() { *seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double* const seconds_;
  const Clock::time_point start_ = Clock::now();
};

// Errors by which the picture may be tried again, now or by the next run.
bool IsOfTheMoment(StatusCode code) {
  return code == StatusCode::kOutOfMemory || code == StatusCode::kCancelled;
}

// One attempt at one file.
class Preparation {
 public:
  Preparation(const std::string& path, const KnownFiles::Entry* known, const SidecarFile& sidecar,
              const PictureWork& work)
      : path_(path), known_(known), sidecar_(sidecar), work_(work) {}

  Result<PreparedPicture> Run();
  // Whether the file was changed while it was read.
  bool changed() const { return changed_; }

 private:
  Status Open();
  Status FindSameContent();
  bool HasSameContent(const KnownFiles::Entry& entry);
  Status ReadHeaders();
  Status TakeSidecar(PhotoMetadata* metadata);
  Result<PreparedPicture> ReadMetadataAlone();
  Status ReadPixels();
  Result<uint64_t> Content();
  Status Load();
  void Fail(const Status& status, unsigned phase);
  bool wants(unsigned phase) const {
    return (work_.phases & phase) != 0 && (result_.record.kept_phases & phase) == 0;
  }

  const std::string& path_;
  const KnownFiles::Entry* const known_;
  const SidecarFile& sidecar_;
  const PictureWork& work_;
  PreparedPicture result_;
  std::shared_ptr<const SourceFile> file_;
  Bytes bytes_;
  std::optional<uint64_t> content_;
  bool changed_ = false, headers_read_ = false;
};

// A failure of this file: the rest of it goes on, and the row says why.
void Preparation::Fail(const Status& status, unsigned phase) {
  FileRecord& file = result_.record.file;
  AddSentence(status.message(), &file.error);
  result_.failed = true;
  if (status.code() == StatusCode::kCorrupt) result_.record.vain_phases |= phase;
}

Status Preparation::Open() {
  PEEL_ASSIGN_OR_RETURN(file_, SourceFile::Open(path_));
  FileRecord& file = result_.record.file;
  file.path = path_;
  file.size = file_->size();
  file.mtime_ns = file_->modified();
  // Before it is read: what changes meanwhile has another stamp at the next scan.
  file.sidecar_stamp = SidecarStamp(sidecar_);
  if (*file.sidecar_stamp != 0) file.sidecar = sidecar_.path;
  const Stopwatch watch(&result_.times.read);
  PEEL_ASSIGN_OR_RETURN(const uint64_t edge, EdgeHash(*file_));
  file.edge_hash = HashText(edge);
  result_.bytes_read += std::min<uint64_t>(file_->size(), 128 << 10);
  return OkStatus();
}

Status Preparation::Load() {
  if (bytes_ != nullptr) return OkStatus();
  PEEL_RETURN_IF_ERROR(CheckBytes(work_.limits, file_->size()));
  const Stopwatch watch(&result_.times.read);
  PEEL_ASSIGN_OR_RETURN(bytes_, file_->ReadAll());
  result_.bytes_read += file_->size();
  content_ = ContentHash(bytes_->span());
  result_.record.file.content_hash = HashText(*content_);
  return OkStatus();
}

Result<uint64_t> Preparation::Content() {
  PEEL_RETURN_IF_ERROR(Load());
  return *content_;
}

bool Preparation::HasSameContent(const KnownFiles::Entry& entry) {
  const FileRecord& file = result_.record.file;
  if (entry.size != file.size || !entry.has_edge || HashText(entry.edge) != file.edge_hash) {
    return false;
  }
  // The edges are the same, and so is all of a small file; else the rest decides where it is known.
  if (!entry.has_content) return true;
  const Result<uint64_t> content = Content();
  return content.ok() && *content == entry.content;
}

// Sets which phases need not be done again.
Status Preparation::FindSameContent() {
  std::optional<KnownFiles::Entry> same;
  if (known_ != nullptr) {
    const FileRecord& file = result_.record.file;
    const bool untouched = known_->size == file.size && known_->mtime_ns == file.mtime_ns;
    if (untouched || HasSameContent(*known_)) same = *known_;
  } else if (work_.moved != nullptr) {
    const std::optional<uint64_t> edge = HashOfText(result_.record.file.edge_hash);
    same = work_.moved->Claim(file_->size(), edge.value_or(0), [&] { return Content(); });
  }
  if (!same) return OkStatus();
  result_.same_content_id = same->id;
  unsigned kept = same->phases;
  if (same->other_models && (work_.phases & kPhaseLabels) != 0) kept &= ~unsigned{kPhaseLabels};
  if ((work_.phases & ~kept) == 0) {
    result_.kind = same->sidecar == result_.record.file.sidecar_stamp
                       ? PreparedPicture::Kind::kSame
                       : PreparedPicture::Kind::kMetadata;
    return OkStatus();
  }
  // Headers are read again, so that what is wrong with the file is told again.
  result_.record.kept_phases = kept & ~unsigned{kPhaseMetadata};
  return OkStatus();
}

// What is wrong with a sidecar is told, and the picture goes on with what it says itself.
Status Preparation::TakeSidecar(PhotoMetadata* metadata) {
  FileRecord& file = result_.record.file;
  if (file.sidecar.empty()) return OkStatus();
  const auto read = [&]() -> Result<Facts> {
    PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          ReadWholeFile(file.sidecar, kLargestSidecar));
    return ReadSidecar(bytes);
  };
  const Result<Facts> facts = read();
  if (facts.ok()) {
    ApplySidecar(*facts, metadata);
    result_.has_sidecar = true;
    return OkStatus();
  }
  const Status& status = facts.status();
  if (IsOfTheMoment(status.code())) return status;
  // Rights change no time of modification: the next scan tries again. Bytes are as they are.
  const bool stays = status.code() == StatusCode::kCorrupt || status.code() == StatusCode::kLimit;
  if (!stays) file.sidecar_stamp.reset();
  result_.sidecar_problem = file.sidecar + ": " + status.message();
  return OkStatus();
}

Status Preparation::ReadHeaders() {
  const Stopwatch watch(&result_.times.metadata);
  auto metadata = ReadPhotoMetadata(*file_);
  if (!metadata.ok()) return std::move(metadata).status();
  PhotoRecord& record = result_.record;
  record.file.format = metadata->format;
  if (!metadata->warning.empty()) {
    AddSentence(metadata->warning, &record.file.error);
    record.file.status = FileStatus::kPartial;
  }
  PEEL_RETURN_IF_ERROR(TakeSidecar(&*metadata));
  if (metadata->gps_lat && metadata->gps_lon) {
    if (const auto place = NearestPlace(*metadata->gps_lat, *metadata->gps_lon)) {
      record.city = place->city;
      record.country = place->country;
    }
  }
  record.metadata = *std::move(metadata);
  headers_read_ = true;
  return OkStatus();
}

Status Preparation::ReadPixels() {
  PictureInfo info;
  if (result_.record.metadata) {
    info.width = result_.record.metadata->width;
    info.height = result_.record.metadata->height;
    info.bits = result_.record.metadata->bit_depth;
  }
  // Before the format is known for certain what takes most is assumed.
  if (result_.record.file.format == "JPEG" || result_.record.file.format == "jpeg") {
    info.format = Format::kJpeg;
  }
  if (work_.budget != nullptr) {
    result_.admission = Admission(*work_.budget, ScanMemory(info, file_->size()));
  }
  PEEL_RETURN_IF_ERROR(Load());
  ScanDecoding decoding;
  decoding.decoder = work_.decoder;
  decoding.limits = work_.limits;
  decoding.cancel = work_.cancel;
  {
    const Stopwatch watch(&result_.times.decode);
    PEEL_ASSIGN_OR_RETURN(ScanPixels pixels, DecodeForScan(bytes_->span(), decoding));
    result_.pixels = std::move(pixels);
  }
  bytes_.reset();
  const ImageView<const uint8_t> view = std::as_const(result_.pixels->rgb).view();
  // What is left is small. A thread that kept a part while it waits for the next could wait for
  // ever.
  result_.admission.ShrinkTo(0);
  if (!result_.pixels->warning.empty()) {
    AddSentence(result_.pixels->warning, &result_.record.file.error);
    result_.record.file.status = FileStatus::kPartial;
  }
  if (!wants(kPhaseContent)) return OkStatus();
  const Stopwatch watch(&result_.times.measure);
  ContentRecord content;
  PEEL_ASSIGN_OR_RETURN(content.hashes, ComputePdq(view));
  PEEL_ASSIGN_OR_RETURN(content.quality, MeasureQuality(view));
  PEEL_ASSIGN_OR_RETURN(content.thumbnail, MakeThumbnail(view));
  result_.record.content = std::move(content);
  return OkStatus();
}

// What else the row says of this content stands, its errors too: they are told again, not written.
Result<PreparedPicture> Preparation::ReadMetadataAlone() {
  if (const Status read = ReadHeaders(); !read.ok()) {
    changed_ = read.code() == StatusCode::kIo;
    if (IsOfTheMoment(read.code())) return read;
    result_.record.file.error.clear();  // the row has it
    if (read.code() != StatusCode::kCorrupt) result_.record.file.sidecar_stamp.reset();
    result_.kind = PreparedPicture::Kind::kSame;
  }
  return std::move(result_);
}

Result<PreparedPicture> Preparation::Run() {
  FileRecord& file = result_.record.file;
  file.path = path_;
  const auto of_the_moment = [&](const Status& status) {
    changed_ = status.code() == StatusCode::kIo;
    return IsOfTheMoment(status.code());
  };
  if (const Status opened = Open(); !opened.ok()) {
    if (of_the_moment(opened)) return opened;
    if (opened.code() == StatusCode::kNotFound) {
      result_.kind = PreparedPicture::Kind::kGone;
      return std::move(result_);
    }
    Fail(opened, 0);
    file.status = FileStatus::kError;
    if (known_ != nullptr) result_.kind = PreparedPicture::Kind::kUnreadable;
    return std::move(result_);
  }
  PEEL_RETURN_IF_ERROR(FindSameContent());
  if (result_.kind == PreparedPicture::Kind::kSame) return std::move(result_);
  if (result_.kind == PreparedPicture::Kind::kMetadata) return ReadMetadataAlone();
  if (const Status read = ReadHeaders(); !read.ok()) {
    if (of_the_moment(read)) return read;
    Fail(read, kPhaseMetadata);
  }
  const bool needs_pixels = wants(kPhaseContent) || wants(kPhaseLabels);
  if (needs_pixels) {
    if (const Status read = ReadPixels(); !read.ok()) {
      if (of_the_moment(read)) return read;
      result_.pixels.reset();
      result_.record.content.reset();
      result_.admission.ShrinkTo(0);
      Fail(read, (kPhaseContent | kPhaseLabels) & work_.phases);
    }
  }
  bytes_.reset();
  result_.wants_labels = result_.pixels && wants(kPhaseLabels);
  if (result_.wants_labels) {
    file.models = work_.models;
  } else {
    result_.pixels.reset();
    result_.admission.ShrinkTo(0);
  }
  if (result_.failed) {
    const bool has_some = headers_read_ || result_.record.content || result_.wants_labels;
    file.status = has_some ? FileStatus::kPartial : FileStatus::kError;
  }
  return std::move(result_);
}

}  // namespace

Result<PreparedPicture> PreparePicture(const std::string& path, const KnownFiles::Entry* known,
                                       const SidecarFile& sidecar, const PictureWork& work) {
  for (int attempt = 1;; ++attempt) {
    Preparation preparation(path, known, sidecar, work);
    Result<PreparedPicture> prepared = preparation.Run();
    if (!preparation.changed() || attempt == kAttempts) return prepared;
  }
}

}  // namespace peel::library
