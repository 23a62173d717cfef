#pragma once

#include "src/base/function_ref.h"

namespace peel {

// Threads that somebody else owns, as libjxl's JxlParallelRunner and oneDNN's threadpool interface
// have them: a host program's, which a ThreadPool then uses instead of its own.
class Executor {
 public:
  virtual ~Executor() = default;

  // The most tasks that run at the same time; at least 1, and always the same.
  virtual int max_concurrency() const = 0;

  // task(i) once for every i in [0, count), where count is at most max_concurrency(): on any
  // threads, in any order, at the same time or one after another. Returns when every task has.
  // Neither tasks nor Run throw. Tasks start no Run of the same pool; other callers may Run at the
  // same time.
  virtual void Run(int count, FunctionRef<void(int task)> task) = 0;
};

}  // namespace peel
