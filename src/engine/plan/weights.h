#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "src/base/aligned_buffer.h"
#include "src/base/function_ref.h"
#include "src/base/status.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine {

// The packed weights of one session, made once and shared by every plan that uses them; gone when
// the last such plan is. Any thread may call.
class WeightStore {
 public:
  // The weights of source (and bias, where defined) in the form that `form` names: whatever pack
  // wrote into `bytes` bytes, 64-byte aligned. form must tell apart everything that pack's result
  // depends on besides the tensors. pack may run without a lock: two threads may both pack, one
  // result is kept.
  Result<std::shared_ptr<const AlignedBuffer>> Get(const Tensor& source, const Tensor& bias,
                                                   const std::string& form, size_t bytes,
                                                   FunctionRef<void(void*)> pack);

 private:
  struct Entry {
    Tensor source, bias;  // keep the addresses in the key taken
    std::weak_ptr<const AlignedBuffer> packed;
  };
  using Key = std::tuple<const void*, const void*, std::string>;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
};

}  // namespace peel::engine
