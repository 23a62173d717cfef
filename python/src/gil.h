#pragma once

#include <Python.h>
#include <peel/peel.h>

// Python's lock, and calls that are under way when the interpreter ends.

namespace peel::python {

// Gives the GIL away for its scope. CPython ends a daemon thread that wants the GIL back from an
// interpreter that is going: before 3.14 by pthread_exit, whose unwinding std::terminate stops at
// the first destructor. Such a thread is parked here instead, as 3.14 does it, and goes with the
// process.
class ReleaseGil {
 public:
  ReleaseGil() : state_(PyEval_SaveThread()) {}
  ~ReleaseGil();
  ReleaseGil(const ReleaseGil&) = delete;
  ReleaseGil& operator=(const ReleaseGil&) = delete;

 private:
  PyThreadState* state_;
};

// Takes the GIL for its scope on a thread that may not be Python's. Parked as above.
class TakeGil {
 public:
  TakeGil();
  ~TakeGil() { PyGILState_Release(state_); }
  TakeGil(const TakeGil&) = delete;
  TakeGil& operator=(const TakeGil&) = delete;

 private:
  PyGILState_STATE state_;
};

// A call of the library that runs without the GIL. When the interpreter has ended and before the
// process unloads anything, those still under way are cancelled and awaited. cancel: the call's
// token, or null for one that cannot be stopped.
class CallUnderWay {
 public:
  explicit CallUnderWay(peel_cancel* cancel);
  ~CallUnderWay();
  CallUnderWay(const CallUnderWay&) = delete;
  CallUnderWay& operator=(const CallUnderWay&) = delete;

  // Not under way while the thread waits for the GIL, from which it may never come back.
  void Leave();
  void Return();

 private:
  peel_cancel* cancel_;
};

// Once, when the module is loaded.
void AwaitCallsAtExit();

}  // namespace peel::python
