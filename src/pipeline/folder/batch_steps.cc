#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

#include "src/base/hash.h"
#include "src/base/os/files.h"
#include "src/base/os/temporary_files.h"
#include "src/base/sentences.h"
#include "src/codec/frames.h"
#include "src/pipeline/folder/batch_run.h"
#include "src/pipeline/folder/film_files.h"
#include "src/pipeline/folder/numbered_name.h"
#include "src/pipeline/folder/up_to_date.h"

namespace peel::batch {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace

bool Batch::IsUpToDate(const Work& work, const std::string& output) const {
  std::error_code error;
  return output != "-" && fs::is_regular_file(output, error) &&
         peel::IsUpToDate(work.job.input.path, output, work.manifest, work.content,
                          options_.settings);
}

Result<bool> Batch::AreFramesUpToDate(const Work& work, int frames) {
  for (int frame = 1; frame <= frames; ++frame) {
    PEEL_ASSIGN_OR_RETURN(const std::string output, FrameOutput(work.job, frame));
    if (!IsUpToDate(work, output)) return false;
  }
  return true;
}

Result<std::string> Batch::FrameOutput(const Job& job, int frame) {
  const std::lock_guard lock(mutex_);
  return options_.frame_output(job, frame);
}

Status Batch::MakeFolderOf(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  const std::lock_guard lock(mutex_);
  if (folders_.contains(folder.string())) return OkStatus();
  if (options_.make_folders) PEEL_RETURN_IF_ERROR(CreateFolders(folder.string()));
  RemoveStaleTemporaries(folder.empty() ? "." : folder.string());
  folders_.insert(folder.string());
  return OkStatus();
}

Status Batch::Read(Work& work) {
  const std::string& path = work.job.input.path;
  const std::string shown = ShownName(path, "standard input");
  if (HasFilmExtension(path) && IsFilmFile(path)) {  // which may be too large to be read at all
    return Unsupported(shown + ": this is a film, not a picture; `peel video` cuts films out");
  }
  const Clock::time_point start = Clock::now();
  auto bytes = ReadWholeFile(path, options_.cut.decode.limits.max_bytes);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(shown);
  work.bytes = *std::move(bytes);
  work.report.input_bytes = work.bytes.size();
  if (options_.manifest && work.job.output != "-") work.manifest = options_.manifest(work.job);
  if (work.manifest != nullptr) work.content = Hash64(work.bytes);
  work.report.times.emplace_back("read", MillisecondsSince(start));
  // What is wrong with it is told when it is decoded.
  const auto info = decoder_.Probe(work.bytes, options_.cut.control.cancel);
  if (options_.all_frames && info.ok()) work.report.frames = info->frames;
  if (options_.skip_existing) {
    bool up_to_date = false;
    if (GoesBySheets()) {
      PEEL_ASSIGN_OR_RETURN(const std::string first, FrameOutput(work.job, 1));
      up_to_date = IsUpToDate(work, first) || IsUpToDate(work, work.job.output);
    } else if (GoesByFrames(work)) {
      PEEL_ASSIGN_OR_RETURN(up_to_date, AreFramesUpToDate(work, work.report.frames));
    } else {
      up_to_date = IsUpToDate(work, work.job.output);
    }
    if (up_to_date) {
      work.report.state = FileReport::State::kSkipped;
      work.report.reason = "is up to date";
      return OkStatus();
    }
  }
  const uint64_t need =
      info.ok() ? EstimateMemory(info.value(), work.bytes.size(), options_.cut) : work.bytes.size();
  work.admitted = Admission(budget_, need);
  return OkStatus();
}

Status Batch::Cut(Work& work) {
  const std::string shown = ShownName(work.job.input.path, "standard input");
  auto cut = cutter_.CutBytes(work.bytes, options_.cut);
  if (!cut.ok()) return std::move(cut).status().WithContext(shown);
  PEEL_RETURN_IF_ERROR(Take(*cut, 0, work).WithContext(shown));
  // Only the file waits to be written.
  work.admitted.ShrinkTo(work.bytes.size());
  return OkStatus();
}

Status Batch::Take(EncodedCut& cut, int part, Work& work) {
  Describe(cut, work.report);
  work.bytes = {};
  if (!options_.page) {
    work.bytes = std::move(cut.bytes);
    return OkStatus();
  }
  if (cut.bytes.empty()) return OkStatus();
  const Clock::time_point start = Clock::now();
  PEEL_RETURN_IF_ERROR(options_.page(work.job, part, cut));
  work.report.output_bytes = cut.bytes.size();
  work.report.times.emplace_back("write", MillisecondsSince(start));
  return OkStatus();
}

// The first sheet in the picture is written last, so that its file shows that there are all of
// them. What is left of `work` is the last in the picture.
Status Batch::CutSheets(Work& work) {
  const std::string shown = ShownName(work.job.input.path, "standard input");
  auto sheets = cutter_.CutSheets(work.bytes, options_.cut);
  if (!sheets.ok()) return std::move(sheets).status().WithContext(shown);
  const int count = static_cast<int>(sheets->size());
  const bool in_order = work.job.output == "-" || options_.page;
  std::vector<Work> parts(sheets->size());
  for (int i = 0; i < count; ++i) {
    const int sheet = in_order ? i : count - 1 - i;
    Work& part = parts[static_cast<size_t>(sheet)];
    part.job = work.job;
    part.manifest = work.manifest;
    part.content = work.content;
    part.report = work.report;
    if (sheet > 0) part.report.times.clear();  // of reading
    part.report.last = sheet == count - 1;
    if (count > 1) {
      part.report.frame = sheet + 1;
      part.report.frames = count;
      if (!options_.page) {
        PEEL_ASSIGN_OR_RETURN(part.job.output, FrameOutput(work.job, sheet + 1));
      }
    }
    part.report.output = part.job.output;
    PEEL_RETURN_IF_ERROR(
        Take((*sheets)[static_cast<size_t>(sheet)], sheet, part).WithContext(shown));
    PEEL_RETURN_IF_ERROR(Write(part));
    part.bytes = {};
  }
  for (int sheet = 0; sheet + 1 < count; ++sheet) {
    End(parts[static_cast<size_t>(sheet)], OkStatus());
  }
  work.report = std::move(parts.back().report);
  work.bytes = {};
  return OkStatus();
}

void Batch::Describe(const EncodedCut& cut, FileReport& report) const {
  report.width = cut.width;
  report.height = cut.height;
  report.has_subject = cut.info.has_subject;
  report.subject_score = cut.info.subject_score;
  report.coverage = cut.info.coverage;
  report.written_frames = cut.info.frames;
  report.warning = cut.info.warning;
  report.rectify = cut.info.rectify;
  if (cut.bytes.empty()) report.output.clear();
  report.times.insert(report.times.end(), cut.info.times.begin(), cut.info.times.end());
}

// Each frame becomes a work of its own that is handed on; what is left of `work` is the last one.
Status Batch::CutFrames(Work& work) {
  const std::string shown = ShownName(work.job.input.path, "standard input");
  auto opened = decoder_.OpenFrames(work.bytes, cutter_.DecodeOptionsFor(options_.cut));
  if (!opened.ok()) return std::move(opened).status().WithContext(shown);
  FrameReader& frames = **opened;
  const int count = frames.count();
  work.report.frames = count;
  for (int frame = 1; frame <= count; ++frame) {
    const auto where = [&](Status status) {
      return std::move(status).WithContext(shown + ", frame " + std::to_string(frame) + " of " +
                                           std::to_string(count));
    };
    if (Stopped()) return Cancelled("stopped before all pictures were done");
    const Clock::time_point start = Clock::now();
    auto picture = frames.Next();
    if (!picture.ok()) return where(std::move(picture).status());
    const double decoded_in = MillisecondsSince(start);
    auto cut = cutter_.CutPicture(*std::move(picture), options_.cut);
    if (!cut.ok()) return where(std::move(cut).status());
    Job job = work.job;
    if (!options_.page) {
      PEEL_ASSIGN_OR_RETURN(job.output, FrameOutput(work.job, frame));
    }
    const bool last = frame == count;
    auto part = std::make_unique<Work>();
    Work& made = last ? work : *part;
    made.job = std::move(job);
    made.manifest = work.manifest;
    made.content = work.content;
    made.report.input = work.report.input;
    made.report.output = made.job.output;
    made.report.input_bytes = work.report.input_bytes;
    made.report.frame = frame;
    made.report.frames = count;
    made.report.last = last;
    if (frame == 1 && !last) made.report.times = std::exchange(work.report.times, {});
    made.report.times.emplace_back("decode", decoded_in);
    if (last) opened = std::unique_ptr<FrameReader>();  // it reads from what is replaced now
    PEEL_RETURN_IF_ERROR(where(Take(*cut, frame - 1, made)));
    if (!last) HandToWriter(std::move(part));
  }
  return OkStatus();
}

Status Batch::Write(Work& work) {
  // What abstained leaves no file, and what is a page has been written.
  if (work.bytes.empty()) return OkStatus();
  const std::string& output = work.job.output;
  const std::string shown = ShownName(output, "standard output");
  PEEL_RETURN_IF_ERROR(CheckCancelled(options_.cut.control.cancel).WithContext(shown));
  const Clock::time_point start = Clock::now();
  if (output != "-") PEEL_RETURN_IF_ERROR(MakeFolderOf(output).WithContext(shown));
  // A manifest that cannot be written costs work later, not this picture.
  Status noted;
  const std::string name = work.manifest != nullptr ? work.manifest->NameOf(output) : "";
  if (work.manifest != nullptr) noted = work.manifest->Begin(name);
  PEEL_RETURN_IF_ERROR(WriteFileAtomically(output, work.bytes).WithContext(shown));
  if (work.manifest != nullptr && noted.ok()) {
    noted = work.manifest->Finish(name, work.content, options_.settings);
  }
  if (!noted.ok()) AddSentence(noted.message(), &work.report.warning);
  work.report.output_bytes = work.bytes.size();
  work.report.times.emplace_back("write", MillisecondsSince(start));
  return OkStatus();
}

}  // namespace peel::batch
