#include "apps/peel/stream/stream_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/cut/cut_plan.h"
#include "apps/peel/isolation.h"
#include "apps/peel/run_parts.h"
#include "src/base/caught.h"
#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/interrupt.h"
#include "src/base/os/terminal.h"
#include "src/codec/decoder.h"
#include "src/codec/picture_stream.h"
#include "src/pipeline/folder/bounded_queue.h"
#include "src/pipeline/folder/memory_budget.h"
#include "src/pipeline/folder/numbered_name.h"

namespace peel {
namespace {

constexpr size_t kReadAtOnce = size_t{1} << 20;

// A picture on its way: its bytes, and where its cut-out is going to be.
struct Task {
  std::vector<uint8_t> bytes;
  Admission admitted;
  std::promise<Result<EncodedCut>> done;
};
struct Answer {
  uint64_t number = 0;
  std::future<Result<EncodedCut>> cut;
};

// One thread reads, some cut out, one writes in the order of the input.
class StreamRun {
 public:
  StreamRun(const StreamArguments& a, Plan plan, Console& console)
      : a_(a),
        plan_(std::move(plan)),
        console_(console),
        jobs_(JobsFor(a.cut, SIZE_MAX)),
        budget_(plan_.batch.memory),
        tasks_(static_cast<size_t>(jobs_)),
        answers_(static_cast<size_t>(2 * jobs_)) {}

  int Run();

 private:
  bool raw() const { return a_.width > 0; }
  std::string Name(uint64_t number) const {
    return fmt::format("{} {}", raw() ? "frame" : "picture", number);
  }
  Status ReadAll();
  void Push(std::vector<uint8_t> bytes);
  void CutAll();
  void CutOne(Task& task);
  Result<EncodedCut> Cut(std::vector<uint8_t> bytes);
  void WriteAll();
  void WriteOne(Answer& answer);
  void Tell(Answer& answer);
  Status Write(const Answer& answer, const EncodedCut& cut);
  // Nothing that is read from now on is of use.
  void GiveUp() {
    hopeless_ = true;
    Wake();
  }

  const StreamArguments& a_;
  Plan plan_;
  Console& console_;
  const int jobs_;
  MemoryBudget budget_;
  BoundedQueue<std::unique_ptr<Task>> tasks_;
  BoundedQueue<Answer> answers_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<Cutter> cutter_;
  std::atomic<bool> hopeless_{false};  // no model, or nobody who reads: no use to go on
  bool model_told_ = false;
  int cutting_ = 0;  // threads that cut out; whether one writes
  bool writing_ = false;
  uint64_t number_ = 0, done_ = 0, failed_ = 0;
};

void StreamRun::Push(std::vector<uint8_t> bytes) {
  auto task = std::make_unique<Task>();
  PictureInfo info;
  info.width = a_.width;
  info.height = a_.height;
  if (!raw()) {
    // What is wrong with it is told when it is decoded.
    const auto probed = DecoderOr(plan_.batch.cut.decode.decoder).Probe(bytes);
    info = probed.ok() ? probed.value() : PictureInfo();
  }
  task->admitted = Admission(budget_, EstimateMemory(info, bytes.size(), plan_.batch.cut));
  task->bytes = std::move(bytes);
  Answer answer = {number_++, task->done.get_future()};
  // What no thread could be had for is done by this one.
  if (writing_) answers_.Push(std::move(answer));
  if (cutting_ > 0) {
    tasks_.Push(std::move(task));
  } else {
    CutOne(*task);
  }
  if (!writing_) WriteOne(answer);
}

Status StreamRun::ReadAll() {
  const size_t frame_bytes = static_cast<size_t>(a_.width) * static_cast<size_t>(a_.height) * 3;
  PictureStream pictures(plan_.batch.cut.decode.limits.max_bytes);
  std::vector<uint8_t> frame, block(kReadAtOnce);
  Status failure;
  while (!hopeless_) {
    const ptrdiff_t got = ReadSome(kStandardInput, block.data(), block.size(), WakeDescriptor());
    // What has only come in part is no picture at hand.
    if (Interrupted().cancelled() || hopeless_) return OkStatus();
    if (got < 0) {
      failure = IoError(std::generic_category().message(errno));
      break;
    }
    if (got == 0) break;
    std::span<const uint8_t> bytes(block.data(), static_cast<size_t>(got));
    if (!raw()) {
      pictures.Append(bytes);
      while (auto picture = pictures.Next()) Push(*std::move(picture));
      continue;
    }
    while (!bytes.empty()) {
      if (frame.empty()) frame.reserve(frame_bytes);
      const size_t take = std::min(bytes.size(), frame_bytes - frame.size());
      frame.insert(frame.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(take));
      bytes = bytes.subspan(take);
      if (frame.size() == frame_bytes) Push(std::exchange(frame, {}));
    }
  }
  if (!frame.empty()) {
    console_.Warn(fmt::format("the last {} bytes are no whole frame of {}x{} and were left out",
                              frame.size(), a_.width, a_.height));
  }
  pictures.Close();
  while (auto picture = pictures.Next()) Push(*std::move(picture));
  return std::move(failure).WithContext("standard input cannot be read");
}

Result<EncodedCut> StreamRun::Cut(std::vector<uint8_t> bytes) {
  if (!raw()) return cutter_->CutBytes(bytes, plan_.batch.cut);
  PEEL_ASSIGN_OR_RETURN(ImageU8 pixels, ImageU8::Allocate(a_.width, a_.height, 3));
  const size_t row = static_cast<size_t>(a_.width) * 3;
  for (int y = 0; y < a_.height; ++y) {
    std::copy_n(bytes.data() + static_cast<size_t>(y) * row, row, pixels.row(y));
  }
  bytes = {};
  Picture picture;
  picture.stored_width = a_.width;
  picture.stored_height = a_.height;
  picture.pixels = std::move(pixels);
  return cutter_->CutPicture(std::move(picture), plan_.batch.cut);
}

void StreamRun::CutAll() {
  while (auto task = tasks_.Pop()) CutOne(**task);
}

void StreamRun::CutOne(Task& task) {
  try {
    auto cut = Caught("", [&]() -> Result<EncodedCut> {
      if (hopeless_) return Cancelled("no use");
      return Cut(std::move(task.bytes));
    });
    task.admitted.ShrinkTo(0);
    task.done.set_value(std::move(cut));
  } catch (...) {  // no memory for the words: the promise that is dropped tells
  }
}

Status StreamRun::Write(const Answer& answer, const EncodedCut& cut) {
  const std::string& spec = a_.cut.output_file;
  const std::string name =
      spec.empty() || spec == "-" ? "-" : NumberedName(spec, answer.number).value_or("-");
  Status status = WriteFileAtomically(name, cut.bytes);
  if (!status.ok()) {
    if (name == "-") GiveUp();
    return std::move(status).WithContext(name == "-" ? "standard output" : name);
  }
  ++done_;
  if (!cut.info.warning.empty()) console_.Warn(Name(answer.number) + ": " + cut.info.warning);
  if (!cut.info.has_subject && a_.cut.compat.empty()) {
    console_.Warn(fmt::format("{}: no subject found (score {:.2f}); the {} is empty",
                              Name(answer.number), cut.info.subject_score,
                              a_.cut.options.compose.mask_only ? "mask" : "cut-out"));
  }
  std::string stages;
  for (const auto& [stage, milliseconds] : cut.info.times) {
    stages += fmt::format(" {} {:.1f}", stage, milliseconds);
  }
  console_.Detail(fmt::format("{} -> {} ({}x{}, {}, subject {:.0f} %), ms:{}", Name(answer.number),
                              name, cut.width, cut.height, HumanBytes(cut.bytes.size()),
                              cut.info.coverage * 100, stages));
  return OkStatus();
}

void StreamRun::Tell(Answer& answer) {
  const Result<EncodedCut> cut = Caught("", [&] { return answer.cut.get(); });
  if (hopeless_) return;
  if (cut.ok()) {
    if (!std::exchange(model_told_, true)) TellModel(cutter_->info(), jobs_, console_);
    const Status written = Write(answer, *cut);
    if (written.ok()) return;
    ++failed_;
    console_.Error(written.message());
    return;
  }
  // A model that could not be loaded is no picture's fault, and is told once.
  if (const Status model = cutter_->Wait(); !model.ok()) {
    GiveUp();
    console_.Error(model.message());
    return;
  }
  ++failed_;
  console_.Error(Name(answer.number) + ": " + cut.status().message());
}

void StreamRun::WriteAll() {
  while (auto answer = answers_.Pop()) WriteOne(*answer);
}

void StreamRun::WriteOne(Answer& answer) {
  try {
    Tell(answer);
  } catch (const std::exception& error) {
    ++failed_;
    console_.Error(error.what());
  }
}

int StreamRun::Run() {
  plan_.model.threads = a_.cut.threads;
  plan_.model.jobs = jobs_;
  decoder_ = MakeDecoder(SIZE_MAX, jobs_, console_);
  plan_.batch.cut.decode.decoder = decoder_.get();
  plan_.batch.cut.control.stop = &Interrupted();
  KeepMemoryFlat();
  CatchInterrupts();
  cutter_ = Cutter::Start(plan_.model);
  std::vector<std::thread> cutting;
  std::thread writing;
  const Status started = Caught("a thread cannot be started", [&] {
    cutting.reserve(static_cast<size_t>(jobs_));
    writing = std::thread([this] { WriteAll(); });
    writing_ = true;
    for (; cutting_ < jobs_; ++cutting_) cutting.emplace_back([this] { CutAll(); });
    return OkStatus();
  });
  if (!started.ok()) {
    console_.Warn(fmt::format("{}; going on with {} of {}", started.message(),
                              cutting_ + (writing_ ? 2 : 1), jobs_ + 2));
  }
  const Status trouble = Caught("standard input", [&] { return ReadAll(); });
  tasks_.Close();
  for (std::thread& thread : cutting) thread.join();
  answers_.Close();
  if (writing.joinable()) writing.join();
  if (!trouble.ok()) console_.Error(trouble.message());
  if (hopeless_) return kExitNothing;
  const bool interrupted = Interrupted().cancelled();
  if (console_.verbose() || failed_ > 0 || interrupted) {
    console_.Note(
        fmt::format("{}{} done, {} failed", interrupted ? "interrupted: " : "", done_, failed_));
  }
  if (interrupted) {
    decoder_.reset();  // its helpers go first
    DieOfInterrupt();
  }
  return failed_ > 0 || !trouble.ok() ? kExitSomeFailed : kExitDone;
}

}  // namespace

int RunStream(const StreamArguments& a) {
  Console console;
  console.set_quiet(a.cut.quiet);
  console.set_verbose(a.cut.verbose && !a.cut.quiet);
  const auto fail = [&](const Status& status, int code) {
    console.Error(status.message());
    return code;
  };
  auto plan = MakePlan(a.cut);
  if (!plan.ok()) return fail(plan.status(), kExitUsage);
  if (a.width > 0) {
    if (!a.cut.animation.empty()) {
      return fail(InvalidArgument("raw frames are no animation: --animation is for picture files"),
                  kExitUsage);
    }
    const Status size = CheckSize(plan->batch.cut.decode.limits, static_cast<uint64_t>(a.width),
                                  static_cast<uint64_t>(a.height));
    if (!size.ok()) return fail(size, kExitUsage);
  }
  const std::string& spec = a.cut.output_file;
  const bool to_stdout = spec.empty() || spec == "-";
  if (!to_stdout && !NumberedName(spec, 0)) {
    return fail(InvalidArgument("-o " + spec +
                                ": has no place for the number; say for example out-%03u.png"),
                kExitUsage);
  }
  if (to_stdout && IsTerminal(kStandardOutput)) {
    return fail(InvalidArgument("standard output is a terminal; send it to a file or program, or "
                                "give -o out-%03u.png"),
                kExitUsage);
  }
  if (!to_stdout) {
    // As rembg does.
    const Status made = CreateFolders(std::filesystem::path(spec).parent_path().string());
    if (!made.ok()) return fail(made, kExitSomeFailed);
  }
  return StreamRun(a, *std::move(plan), console).Run();
}

}  // namespace peel
