#pragma once

#include <nanobind/nanobind.h>
#include <peel/peel.h>

#include <memory>

#include "src/base/function_ref.h"

// What the bindings share: running the library's calls the way Python expects it.

namespace peel::python {

namespace nb = nanobind;

struct FreeResult {
  void operator()(peel_result* p) const { peel_result_free(p); }
};
using ResultHandle = std::unique_ptr<peel_result, FreeResult>;

struct FreeCancel {
  void operator()(peel_cancel* p) const { peel_cancel_free(p); }
};
using CancelHandle = std::unique_ptr<peel_cancel, FreeCancel>;

// Runs work() without the GIL and returns its result. On the main thread, where Python's signal
// handlers run, it goes on looking for signals meanwhile: when a handler raises (Ctrl-C), `cancel`
// is set, the work awaited (the library stops after its present stage) and the exception thrown.
// Throws the exception of peel._errors for a result that carries an error.
ResultHandle Run(peel_cancel* cancel, FunctionRef<peel_result*()> work);
// The same for work that keeps its result, and what it says of errors, itself.
void RunCall(peel_cancel* cancel, FunctionRef<void()> work);

// Throws the exception that peel._errors makes of a status and its text.
[[noreturn]] void Throw(peel_status status, const char* text);

}  // namespace peel::python
