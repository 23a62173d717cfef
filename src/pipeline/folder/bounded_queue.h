#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace peel {

// Hands things from threads to threads, at most `capacity` at a time: who is faster waits. The
// places are there from the start, so that nothing is lost on its way for want of memory.
template <typename T>
class BoundedQueue {
 public:
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);

  explicit BoundedQueue(size_t capacity) : items_(capacity) {}

  void Push(T item) noexcept {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return size_ < items_.size() || abandoned_; });
    if (abandoned_) return;
    items_[(first_ + size_++) % items_.size()] = std::move(item);
    lock.unlock();
    ready_.notify_one();
  }

  // nullopt once the queue is closed and empty, or abandoned.
  std::optional<T> Pop() noexcept {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return size_ > 0 || closed_ || abandoned_; });
    if (size_ == 0 || abandoned_) return std::nullopt;
    std::optional<T> item = std::exchange(items_[first_], std::nullopt);
    first_ = (first_ + 1) % items_.size();
    --size_;
    lock.unlock();
    room_.notify_one();
    return item;
  }

  // Nothing more will be pushed.
  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  // Nobody wants what is in it any more: who waits is let go, and what is pushed is dropped.
  void Abandon() {
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
    }
    room_.notify_all();
    ready_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  std::vector<std::optional<T>> items_;  // a ring
  size_t first_ = 0, size_ = 0;
  bool closed_ = false, abandoned_ = false;
};

}  // namespace peel
