// What Peel does not do on Windows yet: docs/internals/porting.md.
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "src/base/os/child_process.h"
#include "src/base/os/confinement.h"
#include "src/base/os/folder_events.h"
#include "src/base/os/interrupt.h"
#include "src/base/os/message_socket.h"
#include "src/base/os/piped_process.h"
#include "src/base/os/quiet_library.h"
#include "src/base/os/shared_region.h"
#include "src/base/os/worker_process.h"

namespace peel {
namespace {

CancelToken interrupted;
volatile std::sig_atomic_t interrupt_signal = 0;

void OnSignal(int signal) {
  interrupt_signal = signal;
  interrupted.Cancel();
}

Status NoProcesses() { return Unsupported("processes cannot be started on Windows yet"); }
Status NoSockets() { return Unsupported("sockets between processes are not there on Windows yet"); }
Status NoRegions() {
  return Unsupported("memory between processes is not to be had on Windows yet");
}

}  // namespace

ChildProcess& ChildProcess::operator=(ChildProcess&& o) noexcept {
  pid_ = std::exchange(o.pid_, -1);
  return *this;
}
ChildProcess::~ChildProcess() = default;
Result<ChildProcess> ChildProcess::Start(const std::string&, const std::vector<std::string>&, int) {
  return NoProcesses();
}
Result<ChildProcess> ChildProcess::StartShared(const std::string&,
                                               const std::vector<std::string>&) {
  return NoProcesses();
}
void ChildProcess::Kill() {}
void ChildProcess::Terminate() {}
ProcessEnd ChildProcess::Wait() { return {}; }
ProcessEnd ChildProcess::WaitBriefly() { return {}; }
std::optional<ProcessEnd> ChildProcess::TryWait() { return ProcessEnd{}; }
Result<Conversation> Converse(const std::string&, const std::vector<std::string>&,
                              const std::string&) {
  return NoProcesses();
}
void CareForChildren() {}
std::string FindProgram(const std::string&) { return ""; }
std::string EndText(const ProcessEnd& end) {
  return end.code >= 0 ? "exit code " + std::to_string(end.code) : "an unknown reason";
}
std::string SignalName(int signal) { return std::to_string(signal); }

struct PipedProcess::Impl {};
PipedProcess::PipedProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PipedProcess::~PipedProcess() = default;
Result<std::unique_ptr<PipedProcess>> PipedProcess::Start(const std::string&,
                                                          const std::vector<std::string>&,
                                                          PipedOptions) {
  return NoProcesses();
}
Result<size_t> PipedProcess::Read(std::span<uint8_t>) { return NoProcesses(); }
Status PipedProcess::Write(std::span<const uint8_t>) { return NoProcesses(); }
void PipedProcess::CloseInput() {}
Result<ProcessEnd> PipedProcess::Wait() { return NoProcesses(); }
void PipedProcess::Kill() {}
int PipedProcess::pid() const { return -1; }
std::string PipedProcess::LastWords() const { return ""; }

Result<std::pair<MessageSocket, MessageSocket>> MessageSocket::Pair() { return NoSockets(); }
bool MessageSocket::Is(int) { return false; }
Status MessageSocket::Send(std::span<const uint8_t>, int) { return NoSockets(); }
Result<std::optional<std::vector<uint8_t>>> MessageSocket::Receive(int, UniqueFd*) {
  return NoSockets();
}

SharedRegion& SharedRegion::operator=(SharedRegion&& o) noexcept {
  fd_ = std::move(o.fd_);
  data_ = std::exchange(o.data_, nullptr);
  size_ = std::exchange(o.size_, 0);
  return *this;
}
SharedRegion::~SharedRegion() = default;
Result<SharedRegion> SharedRegion::Create(size_t) { return NoRegions(); }
Result<SharedRegion> SharedRegion::Map(UniqueFd) { return NoRegions(); }

void Confine(int, int) {}
void LimitAddressSpace(uint64_t) {}
uint64_t AddressSpace() { return 0; }
void LimitAddressSpaceTo(uint64_t) {}
void EndWithParent(int) {}
void CrashNow() { std::abort(); }
void HangNow() {
  for (;;) {
  }
}

int CountThreads() { return 0; }
Result<ForkedProcess> Fork(int, FunctionRef<int()>) { return NoProcesses(); }
std::optional<ProcessEnd> Reap(int) { return ProcessEnd{}; }
void KillByHandle(int) {}
void StandAside(int) {}
int WaitForAny(std::span<const int>, int) { return -1; }
UniqueFd OpenMemoryShare() { return {}; }
MemoryShare ReadMemoryShare(int) { return {}; }

int FolderEvents::Open() { return ENOSYS; }
int FolderEvents::Add(const std::string&) {
  errno = ENOSYS;
  return -1;
}
void FolderEvents::Remove(int) {}
void FolderEvents::Read(FunctionRef<void(const FolderEvent&)>) {}
void FolderEvents::Wait(int) {}
std::string FolderEvents::Advice(int) { return "folders cannot be watched on Windows yet"; }
bool IsBeingWritten(const std::string&) { return false; }

void QuietLibrary(void*) {}
void QuietLibrary(const char*) {}
LibraryPrints::LibraryPrints() = default;
LibraryPrints::~LibraryPrints() = default;

// The one signal that the C library tells of here; a second one ends the process.
void CatchInterrupts() { std::signal(SIGINT, OnSignal); }
void IgnoreFailingWrites() {}
const CancelToken& Interrupted() { return interrupted; }
int WakeDescriptor() { return -1; }
void Wake() {}
void DieOfInterrupt() {
  std::signal(interrupt_signal, SIG_DFL);
  std::raise(interrupt_signal);
}

}  // namespace peel
