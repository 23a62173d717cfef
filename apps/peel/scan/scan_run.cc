#include "apps/peel/scan/scan_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/isolation.h"
#include "apps/peel/output.h"
#include "apps/peel/run_parts.h"
#include "src/base/os/interrupt.h"
#include "src/library/report/export.h"
#include "src/library/report/report.h"
#include "src/library/scan.h"
#include "src/library/store/store.h"

namespace peel {
namespace {

std::string Count(size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

void AddPart(const std::string& part, std::string* to) {
  if (!to->empty()) *to += ", ";
  *to += part;
}

std::string Summary(const library::ScanFigures& f) {
  std::string text;
  AddPart(fmt::format("{} read", f.scanned), &text);
  if (f.unchanged > 0) {
    AddPart(f.unchanged_with_errors > 0 ? fmt::format("{} unchanged ({} of them damaged)",
                                                      f.unchanged, f.unchanged_with_errors)
                                        : fmt::format("{} unchanged", f.unchanged),
            &text);
  }
  if (f.moved > 0) AddPart(fmt::format("{} moved", f.moved), &text);
  if (f.gone > 0) AddPart(fmt::format("{} gone", f.gone), &text);
  if (f.failed > 0) AddPart(fmt::format("{} failed", f.failed), &text);
  if (f.passed_over > 0) AddPart(fmt::format("{} passed over", f.passed_over), &text);
  if (f.films > 0) AddPart(Count(f.films, "film", "films") + " passed over", &text);
  text += fmt::format("; {}", HumanTime(f.seconds));
  const double working = f.seconds - f.listing_seconds - f.grouping_seconds;
  if (f.scanned > 1 && working > 0) {
    text += fmt::format(", {:.1f} pictures/s", static_cast<double>(f.scanned) / working);
  }
  return text;
}

std::string Groups(const library::ScanFigures& f) {
  std::string text;
  if (f.duplicate_groups[0] > 0) {
    AddPart(Count(f.duplicate_groups[0], "group", "groups") + " of equal files", &text);
  }
  if (f.duplicate_groups[1] > 0) {
    AddPart(Count(f.duplicate_groups[1], "group", "groups") + " of one picture in several versions",
            &text);
  }
  if (f.duplicate_groups[2] > 0) {
    AddPart(Count(f.duplicate_groups[2], "group", "groups") + " of pictures that look alike",
            &text);
  }
  if (f.stacks > 0) {
    const std::string films =
        f.films_of_stills == 0
            ? ""
            : " (with " + Count(f.films_of_stills, "film", "films") + " of live photos)";
    AddPart(Count(f.stacks, "stack", "stacks") + films, &text);
  }
  return text;
}

// What -v shows: where the time went, over all threads.
std::string Times(const library::ScanFigures& f) {
  return fmt::format(
      "seconds of all threads: headers {:.1f}, reading {:.1f}, decoding {:.1f}, measuring {:.1f}, "
      "labels {:.1f}, matte {:.1f}, writing {:.1f}; looking through folders {:.1f}, finding "
      "duplicates {:.1f}; {} read; memory {} at most, {} on average",
      f.metadata_seconds, f.read_seconds, f.decode_seconds, f.measure_seconds, f.label_seconds,
      f.matte_seconds, f.write_seconds, f.listing_seconds, f.grouping_seconds,
      HumanBytes(f.bytes_read), HumanBytes(f.peak_memory), HumanBytes(f.mean_memory));
}

Status WriteOutputs(const ScanArguments& a, const std::string& database) {
  if (a.report.empty() && a.exports.empty()) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(library::Store store,
                        library::Store::Open(database, library::Database::Mode::kRead));
  for (const std::string& path : a.exports) PEEL_RETURN_IF_ERROR(library::Export(store, path));
  return a.report.empty() ? OkStatus() : library::WriteReport(store, a.report);
}

void TellFile(Console& console, const library::ScannedFile& file) {
  using State = library::ScannedFile::State;
  if (file.state == State::kFailed) {
    console.Error(file.message);
  } else if (file.state == State::kGone) {
    console.Detail(file.path + ": is gone again");
  } else if (!file.message.empty()) {
    console.Detail(file.path + ": " + file.message);
  }
  console.Step(file.path, file.state == State::kScanned || file.state == State::kFailed);
}

int End(const ScanArguments& a, const std::string& database, const Status& outcome,
        const library::ScanFigures& figures, Console& console) {
  const bool did_something = figures.scanned + figures.unchanged + figures.moved > 0;
  if (!outcome.ok()) {
    console.Error(outcome.message());
    if (!did_something) return ExitCodeFor(outcome);
  }
  console.Note(Summary(figures));
  if (const std::string groups = Groups(figures); !groups.empty()) console.Note(groups);
  console.Detail(Times(figures));
  if (figures.out_of_memory > 0) {
    console.Warn(fmt::format("memory ran out {} times; the batch was {} in the end",
                             figures.out_of_memory, figures.batch_at_end));
  }
  if (!outcome.ok()) return kExitSomeFailed;
  if (figures.interrupted && !a.watch) {
    console.Note("interrupted: what was done is kept; run it again to finish the rest");
    DieOfInterrupt();
  }
  if (const Status written = WriteOutputs(a, database); !written.ok()) {
    console.Error(written.message());
    return kExitSomeFailed;
  }
  console.Note("library: " + database);
  return figures.failed + figures.folder_errors > 0 ? kExitSomeFailed : kExitDone;
}

}  // namespace

int RunScanCommand(const ScanArguments& a) {
  Console console;
  console.set_quiet(a.quiet);
  console.set_verbose(a.verbose && !a.quiet);
  const auto usage = [&](const Status& status) {
    console.Error(status.message());
    return kExitUsage;
  };
  if (!a.shard.empty()) {
    return usage(InvalidArgument(
        "--shard: a library is one database with one scan at a time, so parts of a folder cannot "
        "be "
        "scanned into it side by side; give each machine folders and a library of its own "
        "(`peel scan FOLDER --db FILE`), or scan tables of pictures on many machines by "
        "peel.arrow.scan and peel.ray.scan (docs/fleet.md)"));
  }
  if (a.inputs.empty()) {
    return usage(InvalidArgument("give a folder: `peel scan FOLDER` (see `peel scan --help`)"));
  }
  Result<library::ScanOptions> made = MakeScanOptions(a);
  if (!made.ok()) return usage(made.status());
  for (const std::string& path : a.exports) {
    if (const Status good = library::CheckExportName(path); !good.ok()) return usage(good);
  }
  library::ScanOptions& options = *made;
  KeepMemoryFlat();
  const std::unique_ptr<Decoder> decoder = MakeDecoder(SIZE_MAX, options.jobs, console);
  options.decoder = decoder.get();
  options.stop = &Interrupted();
  options.note = [&](const std::string& text, bool problem) {
    if (problem) {
      console.Warn(text);
    } else {
      console.Note(text);
    }
  };
  options.planned = [&](size_t to_read, size_t all) {
    console.Detail(fmt::format(
        "{} of {} pictures are to be read, {} at a time{}", to_read, all, options.jobs,
        options.settings_from.empty() ? "" : ", as " + options.settings_from + " says"));
    console.StartProgress(ProgressOf(a.progress), static_cast<int>(to_read));
  };
  options.done = [&](const library::ScannedFile& file) { TellFile(console, file); };
  CatchInterrupts();
  library::ScanFigures figures;
  const Status outcome =
      a.watch ? library::WatchAndScan(options, &figures) : library::RunScan(options, &figures);
  console.EndProgress();
  return End(a, options.database, outcome, figures, console);
}

}  // namespace peel
