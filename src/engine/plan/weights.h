#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine {

// Weights in the form a kernel wants them in. They lie, as many as fit, in buffers that plans
// share: few large ones can have 2-MiB pages, which are taken from the system at a hundredth of the
// calls.
class PackedWeights {
 public:
  PackedWeights(std::shared_ptr<AlignedBuffer> buffer, size_t offset, size_t size)
      : buffer_(std::move(buffer)), offset_(offset), size_(size) {}
  const uint8_t* data() const { return buffer_->data() + offset_; }
  uint8_t* mutable_data() { return buffer_->data() + offset_; }
  size_t size() const { return size_; }

 private:
  std::shared_ptr<AlignedBuffer> buffer_;
  size_t offset_, size_;
};

// The packed weights of one session, made once and shared by every plan that uses them; gone when
// the last such plan is. Any thread may call.
class WeightStore {
 public:
  using Packed = std::shared_ptr<const PackedWeights>;
  struct Key {
    const void *source, *bias;
    std::string form;
    // NOLINTNEXTLINE(modernize-use-nullptr): misreads a defaulted comparison
    auto operator<=>(const Key&) const = default;
  };

 private:
  friend class WeightBatch;
  struct Entry {
    Tensor source, bias;  // keep the addresses in the key taken
    std::weak_ptr<const PackedWeights> packed;
  };
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
};

// What one plan takes from the store. What the store lacks is packed all together, on every thread
// of a pool, when the plan is complete.
class WeightBatch {
 public:
  explicit WeightBatch(WeightStore& store) : store_(store) {}

  // Called with the elements of a source and where its packed form belongs.
  using Pack = std::function<void(const void* elements, void* packed)>;
  // Where the weights of source (and bias, where defined) will lie in the form that `form` names:
  // whatever pack writes into `bytes` bytes, 64-byte aligned. form must tell apart everything that
  // the result depends on besides the tensors. Not filled before Finish.
  Result<WeightStore::Packed> Get(const Tensor& source, const Tensor& bias, const std::string& form,
                                  size_t bytes, Pack pack);
  // Packs, and offers the results to other plans. kOutOfMemory; kIo for a file that has changed.
  Status Finish(ThreadPool& pool);

 private:
  struct Pending {
    WeightStore::Key key;
    Tensor source, bias;
    std::shared_ptr<PackedWeights> packed;
    Pack pack;
  };

  WeightStore& store_;
  std::vector<Pending> pending_;
  std::shared_ptr<AlignedBuffer> buffer_;  // that the next weights go into where they fit
  size_t used_ = 0;
};

}  // namespace peel::engine
