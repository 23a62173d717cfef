#include "src/server/work/worker.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/block_cache.h"
#include "src/base/cancel.h"
#include "src/base/caught.h"
#include "src/base/checked.h"
#include "src/base/os/confinement.h"
#include "src/base/os/memory.h"
#include "src/base/os/shared_region.h"
#include "src/codec/decode.h"
#include "src/server/work/cut_job.h"
#include "src/server/work/protocol.h"

namespace peel::server {
namespace {

// Bytes of freed pictures that wait for the next ones: those of a few megapixels, whose pages cost
// several milliseconds to come by again. Where none comes for so long, little is kept.
constexpr size_t kKept = size_t{64} << 20, kKeptAtRest = size_t{16} << 20;
constexpr int kRestAfter = 5'000;  // milliseconds

void Keep(size_t bytes) {
  BlockCache& spare = BlockCache::Process();
  if (const size_t waiting = spare.waiting(); waiting > bytes) spare.MakeRoom(waiting - bytes);
}

template <typename Message>
Status Say(MessageSocket& socket, const Message& message, int fd = -1) {
  PEEL_ASSIGN_OR_RETURN(const std::string text, Write(message));
  return socket.Send({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, fd);
}

bool MarkedForTest(std::span<const uint8_t> file) {
  constexpr std::string_view kMark = "PEEL-TEST";
  return file.size() >= kMark.size() &&
         std::memcmp(file.data() + file.size() - kMark.size(), kMark.data(), kMark.size()) == 0;
}

// Until there is none; nothing is written to it, so that the machine has no part in it.
void EatMemory() {
  std::vector<std::unique_ptr<uint8_t[]>> eaten;
  for (;;) eaten.push_back(std::make_unique_for_overwrite<uint8_t[]>(size_t{64} << 20));
}

}  // namespace

struct Worker::Work {
  WorkerRequest request;
  SharedRegion region;
  JobFiles files;
  CancelToken stop;
  bool broken = false;  // the conversation
};

int Worker::Run() {
  for (bool rests = true;;) {
    UniqueFd region;
    auto received = socket_.Receive(rests ? -1 : kRestAfter, &region);
    if (!received.ok()) return 0;
    if (!received->has_value()) {
      Keep(kKeptAtRest);
      ReturnFreeMemory();
      rests = true;
      continue;
    }
    rests = false;
    auto request = ReadWorkerRequest(**received);
    if (!request.ok()) return 1;
    if (request->kind != WorkerRequest::Kind::kJob) continue;  // of a job that was over by then
    Work work;
    work.request = *std::move(request);
    if (!Serve(work, std::move(region)).ok()) return 1;
    Keep(kKept);
  }
}

// Errors are of the conversation, and end it.
Status Worker::Serve(Work& work, UniqueFd region) {
  PEEL_ASSIGN_OR_RETURN(work.region, SharedRegion::Map(std::move(region)));
  for (const FilePart& part : work.request.parts) {
    const auto end = CheckedAdd(part.offset, part.size);
    if (!end || *end > work.region.size()) return Corrupt("a file beyond its region");
    const std::span<const uint8_t> bytes = {work.region.data() + part.offset,
                                            static_cast<size_t>(part.size)};
    if (part.name.empty()) {
      work.files.picture = bytes;
    } else {
      work.files.attachments[part.name] = bytes;
    }
  }
  if (executor_ != nullptr) executor_->set_threads(work.request.threads);
  const Status status = Caught("", [&] { return DoJob(work); });
  if (work.broken) return IoError("the other end is gone");
  return status.ok() ? OkStatus() : Answer(work, status);
}

Status Worker::Answer(const Work& work, const Status& failed) {
  WorkerAnswer answer;
  answer.kind = WorkerAnswer::Kind::kFailed;
  answer.id = work.request.id;
  answer.status = failed;
  return Say(socket_, answer);
}

Status Worker::DoJob(Work& work) {
  LimitMemory(work);
  if (!Enter(work, "take")) return Cancelled("stopped before it was begun");
  if (work.request.tell_size) PEEL_RETURN_IF_ERROR(WaitForGo(work));
  LimitMemory(work);
  CallControl control;
  control.cancel = &work.stop;
  control.progress = [&](const char* stage, double) { return Enter(work, stage); };
  PEEL_ASSIGN_OR_RETURN(const CutFiles cut, Cut(cutter_, work.request.job, work.files, control));
  PEEL_ASSIGN_OR_RETURN(SharedRegion results,
                        SharedRegion::Create(cut.bytes.size() + cut.matte.size()));
  std::ranges::copy(cut.bytes, results.data());
  std::ranges::copy(cut.matte, results.data() + cut.bytes.size());
  WorkerAnswer answer;
  answer.kind = WorkerAnswer::Kind::kDone;
  answer.id = work.request.id;
  answer.done = cut.done;
  answer.bytes = cut.bytes.size();
  answer.matte_bytes = cut.matte.size();
  if (!Say(socket_, answer, results.fd()).ok()) work.broken = true;
  return OkStatus();
}

// Tells the picture's size, and waits until there is room for it.
Status Worker::WaitForGo(Work& work) {
  PEEL_ASSIGN_OR_RETURN(const PictureInfo picture, Probe(work.files.picture));
  if (picture.width < 1 || picture.height < 1) {
    return Corrupt("its header says that it has no pixels (" + std::to_string(picture.width) + "x" +
                   std::to_string(picture.height) + ")");
  }
  WorkerAnswer size;
  size.kind = WorkerAnswer::Kind::kSize;
  size.id = work.request.id;
  size.picture = picture;
  PEEL_RETURN_IF_ERROR(Say(socket_, size));
  for (;;) {
    auto received = socket_.Receive(-1);
    work.broken = !received.ok();
    if (work.broken) return std::move(received).status();
    if (!received->has_value()) continue;
    PEEL_ASSIGN_OR_RETURN(const WorkerRequest request, ReadWorkerRequest(**received));
    if (request.id != work.request.id) continue;
    work.request.memory = request.memory;
    return request.kind == WorkerRequest::Kind::kGo ? OkStatus() : Cancelled("stopped");
  }
}

// Before each stage: false where the job is to end.
bool Worker::Enter(Work& work, const char* stage) {
  WorkerAnswer told;
  told.kind = WorkerAnswer::Kind::kStage;
  told.id = work.request.id;
  told.stage = stage;
  work.broken = !Say(socket_, told).ok();
  if (MarkedForTest(work.files.picture) && !DoAsTold(stage)) work.broken = true;
  while (!work.broken && !work.stop.cancelled()) {
    auto received = socket_.Receive(0);
    work.broken = !received.ok();
    if (work.broken || !received->has_value()) break;
    const auto request = ReadWorkerRequest(**received);
    work.broken = !request.ok();
    if (!work.broken && request->kind == WorkerRequest::Kind::kStop &&
        request->id == work.request.id) {
      work.stop.Cancel();
    }
  }
  return !work.broken && !work.stop.cancelled();
}

// Far above what the picture takes by the estimate, and far below what ends a machine.
void Worker::LimitMemory(const Work& work) const {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (executor_ == nullptr || address_space_ == 0) return;
  constexpr uint64_t kBase = uint64_t{1} << 30, kMost = uint64_t{1} << 45;
  constexpr uint64_t kPerThread = uint64_t{160} << 20;  // that malloc and a stack reserve for each
  LimitAddressSpaceTo(address_space_ + kBase +
                      kPerThread * static_cast<uint64_t>(executor_->max_concurrency()) +
                      3 * std::min(work.request.memory, kMost));
#else
  (void)work;
#endif
}

bool Worker::DoAsTold(const char* stage) {
  const char* const variable = std::getenv("PEEL_TEST_WORKER");
  const std::string_view told = variable != nullptr ? variable : "";
  const size_t at = told.find('@');
  const std::string_view what = told.substr(0, at);
  if ((at == std::string_view::npos ? "decode" : told.substr(at + 1)) != stage) return true;
  if (what == "crash") CrashNow();
  if (what == "hang") HangNow();
  if (what == "exit") std::_Exit(5);
  if (what == "eat") EatMemory();
  if (what == "garbage") {
    const std::vector<uint8_t> garbage(100, 0xA5);
    return socket_.Send(garbage).ok();
  }
  return true;
}

}  // namespace peel::server
