#include "python/src/gil.h"

#include <cxxabi.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace peel::python {
namespace {

// How long the end of a process may wait for a stage (decoding, network, …) to be done.
constexpr std::chrono::seconds kPatience(20);

struct Calls {
  std::mutex mutex;
  std::condition_variable changed;
  int running = 0;
  std::vector<peel_cancel*> cancels;
};

// Never destroyed: threads may still use it while the process ends.
Calls& TheCalls() {
  static Calls* const calls = new Calls;
  return *calls;
}

std::atomic<bool> interpreter_is_gone{false};

thread_local CallUnderWay* this_threads_call = nullptr;

[[noreturn]] void Park() {
  for (;;) pause();
}

void AtExit() {
  interpreter_is_gone = true;
  Calls& calls = TheCalls();
  std::unique_lock lock(calls.mutex);
  for (peel_cancel* cancel : calls.cancels) peel_cancel_set(cancel);
  calls.changed.wait_for(lock, kPatience, [&] { return calls.running == 0; });
}

// A child has none of the threads whose calls are counted.
void BeforeFork() { TheCalls().mutex.lock(); }
void InParent() { TheCalls().mutex.unlock(); }
void InChild() {
  Calls& calls = TheCalls();
  calls.running = 0;
  calls.cancels.clear();
  calls.mutex.unlock();
}

}  // namespace

ReleaseGil::~ReleaseGil() {
  if (interpreter_is_gone) Park();
  try {
    PyEval_RestoreThread(state_);
  } catch (abi::__forced_unwind&) {
    Park();
  }
}

TakeGil::TakeGil() {
  CallUnderWay* const call = this_threads_call;
  if (call != nullptr) call->Leave();
  if (interpreter_is_gone) Park();
  try {
    state_ = PyGILState_Ensure();
  } catch (abi::__forced_unwind&) {
    Park();
  }
  if (call != nullptr) call->Return();
}

CallUnderWay::CallUnderWay(peel_cancel* cancel) : cancel_(cancel) {
  this_threads_call = this;
  Return();
}

CallUnderWay::~CallUnderWay() {
  this_threads_call = nullptr;
  Leave();
}

void CallUnderWay::Return() {
  Calls& calls = TheCalls();
  const std::lock_guard lock(calls.mutex);
  if (cancel_ != nullptr) calls.cancels.push_back(cancel_);
  ++calls.running;
}

void CallUnderWay::Leave() {
  Calls& calls = TheCalls();
  const std::lock_guard lock(calls.mutex);
  const auto mine = std::find(calls.cancels.begin(), calls.cancels.end(), cancel_);
  if (mine != calls.cancels.end()) calls.cancels.erase(mine);
  if (--calls.running <= 0) {
    calls.running = std::max(calls.running, 0);
    calls.changed.notify_all();
  }
}

void AwaitCallsAtExit() {
  pthread_atfork(BeforeFork, InParent, InChild);
  Py_AtExit(AtExit);  // where there is no room for it, the process ends without waiting
}

}  // namespace peel::python
