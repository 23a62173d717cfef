#pragma once

namespace peel {

// While it lives, loops of thread pools (thread_pool.h) that its thread starts run on that thread
// alone. For one of several threads that each have work of their own: the workers of a pool, which
// only one of them can have at a time, would get in the way of the others.
class Alone {
 public:
  Alone();
  ~Alone();
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;
};

}  // namespace peel
