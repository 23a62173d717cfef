#include "python/src/run.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "python/src/gil.h"

namespace peel::python {
namespace {

// How long Ctrl-C may go unseen, and below which a call gets by without waking Python.
constexpr std::chrono::milliseconds kLook(50);

// Python's handlers run on the main thread of the process only. A forked child's only thread is its
// main thread to Linux and to Python alike.
bool OnMainThread() {
#if defined(__linux__)
  return static_cast<long>(getpid()) == syscall(SYS_gettid);
#else
  return false;
#endif
}

// The work on a thread of its own, this one watching for signals.
void RunWatched(peel_cancel* cancel, FunctionRef<void()> work, bool* interrupted) {
  std::mutex mutex;
  std::condition_variable done_changed;
  bool done = false;
  std::exception_ptr failure;
  std::thread worker;
  try {
    worker = std::thread([&] {
      std::exception_ptr thrown;
      try {
        work();
      } catch (...) {  // no memory for a copy of the pixels
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      failure = thrown;
      done = true;
      done_changed.notify_one();
    });
  } catch (const std::system_error&) {  // no thread to be had: Ctrl-C waits for the result
    const ReleaseGil release;
    work();
    return;
  }
  while (true) {
    {
      const ReleaseGil release;
      std::unique_lock lock(mutex);
      if (done_changed.wait_for(lock, kLook, [&] { return done; })) break;
    }
    if (PyErr_CheckSignals() != 0) {
      peel_cancel_set(cancel);
      *interrupted = true;
      break;
    }
  }
  {
    const ReleaseGil release;
    worker.join();
  }
  if (failure && !*interrupted) std::rethrow_exception(failure);
}

}  // namespace

void Throw(peel_status status, const char* text) {
  const nb::object error = nb::module_::import_("peel._errors").attr("make")(int{status}, text);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  throw nb::python_error();
}

void RunCall(peel_cancel* cancel, FunctionRef<void()> work) {
  bool interrupted = false;
  const auto counted = [&] {
    const CallUnderWay under_way(cancel);
    work();
  };
  if (OnMainThread()) {
    RunWatched(cancel, counted, &interrupted);
  } else {
    const ReleaseGil release;
    counted();
  }
  if (interrupted) throw nb::python_error();
}

ResultHandle Run(peel_cancel* cancel, FunctionRef<peel_result*()> work) {
  ResultHandle result;
  RunCall(cancel, [&] { result.reset(work()); });
  const peel_status status = peel_result_status(result.get());
  if (status != PEEL_OK) Throw(status, peel_result_error(result.get()));
  return result;
}

}  // namespace peel::python
