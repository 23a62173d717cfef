#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "src/base/status.h"

namespace peel {

// What `step` (a Status or a Result) returns, or as such a Status what it throws: containers and
// other people's libraries do, and a thread must not end by it. `what`, such as the file, begins
// the text; it may be empty.
template <typename Step>
auto Caught(const std::string& what, Step&& step) -> decltype(step()) {
  const auto begin = [&] { return what.empty() ? what : what + ": "; };
  try {
    return std::forward<Step>(step)();
  } catch (const std::bad_alloc&) {
    return OutOfMemory(begin() + "there is not enough memory for it");
  } catch (const std::exception& error) {
    return Internal(begin() + error.what());
  } catch (...) {
    return Internal(begin() + "failed for a reason that it did not tell");
  }
}

}  // namespace peel
