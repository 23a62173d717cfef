#include "apps/peel/scan/scan_command.h"

#include <memory>

#include "apps/peel/scan/bench_command.h"
#include "apps/peel/scan/duplicates_command.h"
#include "apps/peel/scan/find_command.h"
#include "apps/peel/scan/scan_arguments.h"
#include "apps/peel/scan/scan_run.h"
#include "apps/peel/scan/tune_command.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Nothing is written beside the pictures but the library, an SQLite database in FOLDER/.peel; nothing is moved
or deleted. A second scan reads what is new or changed alone.
  peel scan photos --report out.html        scan, and write a page about it
  peel scan photos --export photos.csv      scan, and write a table
  peel scan photos --phases 1               headers alone: thousands of pictures a second
  peel scan photos --watch                  and go on with what comes into the folder
  ./find and the like name a folder that is called like a command of scan)";

void AddLibraryOptions(Command& scan, ScanArguments& a) {
  const char* const group = "Library";
  scan.AddOption("--db", a.db, "The library's file; default: .peel/library.db in the first folder")
      .TypeName("FILE")
      .Group(group);
  scan.AddOption("--phases", a.phases,
                 "1: metadata; 1,2: also quality, colours, duplicates; 1,2,3 (default): also "
                 "objects, faces, scenes, subject")
      .TypeName("1|1,2|1,2,3")
      .Group(group);
  scan.AddFlag("--recursive", a.recursive, "Include sub-folders; this is the default").Group(group);
  scan.AddFlag("--no-recursive", a.no_recursive, "Leave sub-folders out").Group(group);
  scan.AddFlag("--forget", a.forget, "Delete what is known of files that are gone; else it is kept")
      .Group(group);
}

void AddOutputOptions(Command& scan, ScanArguments& a) {
  const char* const group = "Output";
  scan.AddOption("--report", a.report, "Write a page about the library, to be opened in a browser")
      .TypeName("FILE.html")
      .Group(group);
  scan.AddOption("--export", a.exports,
                 "Write all that is known, a line a picture: .csv, .json, .jsonl or .parquet; may "
                 "be repeated")
      .TypeName("FILE")
      .OneValueEach()
      .Group(group);
}

}  // namespace

void AddScanCommand(Command& app, int* exit_code) {
  Command scan =
      app.AddCommand("scan", "Describe, judge and tidy up a photo library (see also its commands)");
  scan.Footer(kFooter);
  auto arguments = std::make_shared<ScanArguments>();
  ScanArguments& a = *arguments;
  scan.AddOption("DIR", a.inputs, "Folders with pictures, or pictures");
  AddLibraryOptions(scan, a);
  AddOutputOptions(scan, a);
  scan.AddFlag("--watch", a.watch,
               "Keep running and scan what comes into the folders, until Ctrl-C")
      .Group("Run");
  scan.AddOption("--jobs", a.jobs, "Pictures at the same time; default: one a processor")
      .Range(1, 256)
      .Group("Run");
  scan.AddOption("--batch", a.batch,
                 "Pictures that go through a network together; default 1, which is best without a "
                 "GPU")
      .Range(1, 24)
      .Group("Run");
  scan.AddOption("--precision", a.precision,
                 "auto, fp32, bf16, fp16 or int8; less than fp32 is taken where labels stay the "
                 "same")
      .Group("Run");
  // The folder commands have it; here it is no part of the help, and refused in words.
  scan.AddOption("--shard,--shards", a.shard, "").Group("");
  AddScanRunOptions(scan, a);
  scan.AddFlag("-v,--verbose", a.verbose, "Print what runs and where the time goes").Group("Run");
  scan.AddOption("--progress", a.progress, "auto, always or never; auto: only on a terminal")
      .OneOf({"auto", "always", "never"})
      .Group("Run");
  AddScanFindCommand(scan, exit_code);
  AddScanDuplicatesCommand(scan, exit_code);
  AddScanTuneCommand(scan, exit_code);
  AddScanBenchCommand(scan, exit_code);
  scan.OnParsed([scan, arguments, exit_code] {
    if (!scan.has_given_command()) *exit_code = RunScanCommand(*arguments);
  });
}

}  // namespace peel
