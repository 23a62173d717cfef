#include "apps/peel/scan/duplicates_command.h"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/output.h"
#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/interrupt.h"
#include "src/library/cleanup/act.h"
#include "src/library/cleanup/make_plan.h"
#include "src/library/cleanup/plan.h"
#include "src/library/cleanup/sidecar.h"
#include "src/library/cleanup/undo_script.h"
#include "src/library/store/store.h"

namespace peel {
namespace {

using library::PlannedFile;
using library::PlannedGroup;

struct DuplicatesArguments {
  std::string db = ".peel/library.db", tier, plan, move;
  bool hardlink = false, merge = false;
  bool acts() const { return hardlink || !move.empty(); }
};

constexpr char kFooter[] = R"(
Without --move or --hardlink nothing is changed, and never is anything deleted. A plan is a text with a line
for each file, `keep` or `move`, to be read and edited; with --move or --hardlink it is done as it stands.
  peel scan duplicates --db photos/.peel/library.db --plan plan.txt
  peel scan duplicates --db photos/.peel/library.db --plan plan.txt --move old-copies)";

constexpr uint64_t kLargestPlan = 1ULL << 30;

int Fail(const Status& status) {
  Console().Error(status.message());
  return ExitCodeFor(status);
}

struct Sum {
  size_t files = 0;
  uint64_t bytes = 0;
};

Sum SumOf(const std::vector<PlannedGroup>& groups) {
  Sum sum;
  for (const PlannedGroup& group : groups) {
    for (const PlannedFile& file : group.files) {
      if (file.keep) continue;
      ++sum.files;
      sum.bytes += file.size;
    }
  }
  return sum;
}

void PrintGroups(const std::vector<PlannedGroup>& groups) {
  for (const PlannedGroup& group : groups) {
    const std::string reason = group.reason.empty() ? "" : ": " + OneLine(group.reason);
    Print("{}{}\n", group.tier, reason);
    for (const PlannedFile& file : group.files) {
      Print("  {} {} ({}{}{})\n", file.keep ? "keep" : "    ", OneLine(file.path_text), file.about,
            file.about.empty() ? "" : ", ", HumanBytes(file.size));
      for (const std::string& film : file.films) Print("       its film: {}\n", OneLine(film));
      if (!file.sidecar.empty()) Print("       its sidecar: {}\n", OneLine(file.sidecar));
    }
    for (const std::string& note : group.notes) Print("  note: {}\n", OneLine(note));
    if (!group.merge.empty()) {
      Print("  merge into {}: {}\n", OneLine(library::SidecarOf(group.files.front().path_text)),
            OneLine(group.merged));
    }
  }
  const Sum sum = SumOf(groups);
  Print("{}{} group{}; {} file{} besides the best, {}. Nothing was changed.\n",
        groups.empty() ? "" : "\n", groups.size(), groups.size() == 1 ? "" : "s", sum.files,
        sum.files == 1 ? "" : "s", HumanBytes(sum.bytes));
}

Status WritePlan(const DuplicatesArguments& a, const std::vector<PlannedGroup>& groups) {
  std::error_code error;
  const std::string db = std::filesystem::absolute(a.db, error).lexically_normal().string();
  const std::string text = library::PlanText(groups, db, a.plan);
  return WriteFileAtomically(a.plan,
                             std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Result<std::vector<PlannedGroup>> ReadPlan(const DuplicatesArguments& a) {
  PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadWholeFile(a.plan, kLargestPlan));
  return library::ParsePlan({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Status CheckArguments(const DuplicatesArguments& a, bool has_plan) {
  if (a.hardlink && !a.move.empty()) {
    return InvalidArgument("--move and --hardlink are two ways; choose one");
  }
  if (!a.acts() && has_plan) {
    return InvalidArgument(a.plan +
                           ": is there already and is not written over; do what it says by --move "
                           "FOLDER or --hardlink, or name another file");
  }
  if (a.acts() && !a.plan.empty() && !has_plan) {
    return NotFound(a.plan +
                    ": there is no such plan; without --move and --hardlink it is written");
  }
  if (a.acts() && a.plan.empty() && a.tier != "exact" && a.tier != "same") {
    return InvalidArgument(
        "without a plan only --tier exact or --tier same are moved; write one by --plan FILE");
  }
  if (!a.tier.empty() && has_plan) {
    return InvalidArgument("the plan says which files; --tier is for writing one");
  }
  if (a.merge && has_plan) {
    return InvalidArgument(
        "the plan says what is merged, by its lines `merge`; --merge is for writing one");
  }
  if (a.merge && a.hardlink) {
    return InvalidArgument(
        "--merge is for --move: hard links drop nothing that would have to be merged");
  }
  return OkStatus();
}

int Act(const DuplicatesArguments& a, const std::vector<PlannedGroup>& groups) {
  // Writing, to mark what was moved; where the library cannot be written the next scan does that.
  Result<library::Store> store = library::Store::Open(a.db, library::Database::Mode::kWrite);
  library::CleanupOptions options;
  options.may_write = store.ok();
  if (!store.ok()) store = library::Store::Open(a.db, library::Database::Mode::kRead);
  if (!store.ok()) return Fail(store.status());
  if (!a.move.empty()) {
    std::error_code error;
    options.move_to = std::filesystem::absolute(a.move, error).lexically_normal().string();
    if (error) return Fail(IoError(a.move + ": " + error.message()));
  }
  options.hardlink = a.hardlink;
  options.cancel = &Interrupted();
  options.told = [](const std::string& text, bool problem) {
    if (problem) {
      Console().Error(text);
    } else {
      Print("{}\n", OneLine(text));
    }
  };
  const std::string plan = a.plan.empty() ? "" : a.plan;
  if (Status status = library::CheckPlan(*store, groups, options); !status.ok()) {
    return Fail(plan.empty() ? std::move(status) : std::move(status).WithContext(plan));
  }
  CatchInterrupts();
  const Result<library::CleanupResult> result = library::ActOnPlan(*store, groups, options);
  if (!result.ok()) return Fail(result.status());
  std::string with;
  const auto add = [&](size_t count, std::string_view what) {
    if (count == 0) return;
    with += fmt::format("{}{} {}{}", with.empty() ? " with " : " and ", count, what,
                        count == 1 ? "" : "s");
  };
  add(result->films, "film");
  add(result->moved_sidecars, "sidecar");
  Print("{} file{} {}{}, {}; {} left alone.\n", result->done, result->done == 1 ? "" : "s",
        a.hardlink ? "linked" : "moved", with, HumanBytes(result->bytes), result->skipped);
  if (result->sidecars > 0) {
    Print("{} sidecar{} written.\n", result->sidecars, result->sidecars == 1 ? "" : "s");
  }
  if (result->done + result->sidecars > 0) {
    Print("Taken back by: sh {}\n", OneLine(library::ShellWord(result->undo_script)));
  }
  if (result->cancelled) {
    FlushOutput();
    Console().Warn("stopped; the plan can be run again for the rest");
    DieOfInterrupt();
  }
  if (result->skipped == 0 && !result->cancelled) return kExitDone;
  return result->done > 0 ? kExitSomeFailed : kExitNothing;
}

int Run(const DuplicatesArguments& a) {
  const bool has_plan = !a.plan.empty() && InfoOfLink(a.plan);
  if (const Status status = CheckArguments(a, has_plan); !status.ok()) {
    return Fail(status);
  }
  if (has_plan) {
    Result<std::vector<PlannedGroup>> groups = ReadPlan(a);
    if (!groups.ok()) return Fail(std::move(groups).status().WithContext(a.plan));
    return Act(a, *groups);
  }
  std::vector<PlannedGroup> groups;
  {
    Result<library::Store> store = library::Store::Open(a.db, library::Database::Mode::kRead);
    if (!store.ok()) return Fail(store.status());
    Result<std::vector<PlannedGroup>> made = library::MakePlan(*store, a.tier, a.merge);
    if (!made.ok()) return Fail(made.status());
    groups = *std::move(made);
  }
  if (a.acts()) return Act(a, groups);
  if (a.plan.empty()) {
    PrintGroups(groups);
    return kExitDone;
  }
  if (Status status = WritePlan(a, groups); !status.ok()) {
    return Fail(std::move(status).WithContext(a.plan));
  }
  const Sum sum = SumOf(groups);
  Print(
      "{}: {} group{}, {} file{} to move, {}. Read it, edit it, then run it by --move FOLDER or "
      "--hardlink.\n",
      OneLine(a.plan), groups.size(), groups.size() == 1 ? "" : "s", sum.files,
      sum.files == 1 ? "" : "s", HumanBytes(sum.bytes));
  return kExitDone;
}

}  // namespace

void AddScanDuplicatesCommand(Command& scan, int* exit_code) {
  Command command = scan.AddCommand(
      "duplicates", "Show duplicates with the best of each, plan, move or link them");
  command.Footer(kFooter);
  auto a = std::make_shared<DuplicatesArguments>();
  command.AddOption("--db", a->db, "The library's file; default: .peel/library.db")
      .TypeName("FILE");
  command
      .AddOption("--tier", a->tier,
                 "exact: copies to the byte; same: one shot saved again; similar: look-alikes. "
                 "Default: all")
      .OneOf({"exact", "same", "similar"});
  command
      .AddOption(
          "--plan", a->plan,
          "Write the plan into this file; one that is there is what --move and --hardlink do")
      .TypeName("FILE");
  command
      .AddOption("--move", a->move,
                 "Move what is not kept into this folder, under the names of its own folders")
      .TypeName("FOLDER");
  command.AddFlag("--hardlink", a->hardlink,
                  "Make exact copies one file with several names; other tiers are refused");
  command.AddFlag(
      "--merge", a->merge,
      "Write what the files that go know and the kept one does not (keywords, rating, "
      "title, description, place) into a sidecar beside it, PICTURE.xmp; without --move "
      "it is shown or planned");
  command.OnParsed([a, exit_code] { *exit_code = Run(*a); });
}

}  // namespace peel
