#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine {

// The packed weights of one session, made once and shared by every plan that uses them; gone when
// the last such plan is. Any thread may call.
class WeightStore {
 public:
  using Packed = std::shared_ptr<const AlignedBuffer>;
  struct Key {
    const void *source, *bias;
    std::string form;
    auto operator<=>(const Key&) const = default;
  };

 private:
  friend class WeightBatch;
  struct Entry {
    Tensor source, bias;  // keep the addresses in the key taken
    std::weak_ptr<const AlignedBuffer> packed;
  };
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
};

// What one plan takes from the store. What the store lacks is packed all together, on every thread
// of a pool, when the plan is complete.
class WeightBatch {
 public:
  explicit WeightBatch(WeightStore& store) : store_(store) {}

  // Where the weights of source (and bias, where defined) will lie in the form that `form` names:
  // whatever pack writes into `bytes` bytes, 64-byte aligned. form must tell apart everything that
  // the result depends on besides the tensors. Not filled before Finish.
  Result<WeightStore::Packed> Get(const Tensor& source, const Tensor& bias, const std::string& form,
                                  size_t bytes, std::function<void(void*)> pack);
  // Packs, and offers the results to other plans.
  void Finish(ThreadPool& pool);

 private:
  struct Pending {
    WeightStore::Key key;
    Tensor source, bias;
    std::shared_ptr<AlignedBuffer> packed;
    std::function<void(void*)> pack;
  };
  WeightStore& store_;
  std::vector<Pending> pending_;
};

}  // namespace peel::engine
