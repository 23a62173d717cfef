#pragma once

#include <atomic>

#include "src/base/status.h"

namespace peel {

// Set by one thread (or a signal handler), asked for by others between pieces of work. Never unset.
class CancelToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

// kCancelled once the token has been set; a null token never is.
inline Status CheckCancelled(const CancelToken* token) {
  if (token != nullptr && token->cancelled()) return Cancelled("stopped before it was done");
  return OkStatus();
}

}  // namespace peel
