#pragma once

#include <peel/peel.h>

#include <new>

#include "python/src/run.h"

namespace peel::python {

// Stops calls from another thread; for once.
class Cancel {
 public:
  Cancel() : handle_(peel_cancel_create()) {
    if (!handle_) throw std::bad_alloc();
  }
  void Set() { peel_cancel_set(handle_.get()); }
  peel_cancel* get() const { return handle_.get(); }

 private:
  CancelHandle handle_;
};

}  // namespace peel::python
