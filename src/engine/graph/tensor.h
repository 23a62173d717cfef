#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/os/source_file.h"
#include "src/base/status.h"

namespace peel::engine {

// Element types, numbered as in ONNX's TensorProto.DataType.
enum class DataType : int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,  // named in errors only; no tensor here holds strings
  kBool = 9,    // one byte, 0 or 1
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
};

// Bytes of one element; 0 for types no tensor here can hold.
size_t DataTypeSize(DataType type);
// ONNX's spelling: "float32", "int64", …
const char* DataTypeName(DataType type);

// Extents, outermost first; a scalar has none. Extents are >= 0 in a tensor.
using Shape = std::vector<int64_t>;

// Product of the extents; kLimit when negative extents or an overflow of 2^62 elements make it
// absurd.
Result<int64_t> ElementCount(const Shape& shape);
// "1x3x320x320", "scalar" for none.
std::string ShapeString(const Shape& shape);

// What Tensor::raw() throws; sessions and contexts turn it into their status.
struct TensorReadError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A dense array in row-major order. Copies share the memory (it is reference-counted), so a tensor
// is cheap to pass by value; a writer must be its only user.
class Tensor {
 public:
  Tensor() = default;
  // Uninitialised memory of its own, 64-byte aligned. kLimit or kOutOfMemory.
  static Result<Tensor> Allocate(DataType type, Shape shape);
  // Zero-copy look at memory that owner keeps alive (null: the caller does). The number of bytes at
  // data must be at least bytes().
  static Result<Tensor> View(DataType type, Shape shape, void* data,
                             std::shared_ptr<const void> owner = nullptr);
  // The same of bytes that are not aligned for their type. The first who asks for the elements
  // makes a copy that is, which all copies of the tensor share from then on (or throws
  // std::bad_alloc); who only copies them takes CopyTo and spares that.
  static Result<Tensor> ViewMisaligned(DataType type, Shape shape, const void* data,
                                       std::shared_ptr<const void> owner);
  // The same of bytes() bytes of a file from offset on, which are not even read before. raw()
  // throws TensorReadError where the file cannot be read or has changed.
  static Result<Tensor> OfFile(DataType type, Shape shape, std::shared_ptr<const SourceFile> file,
                               uint64_t offset);
  // One-dimensional, or a scalar, with these values.
  static Tensor Of(std::span<const int64_t> values);
  static Tensor Of(std::span<const float> values);
  static Tensor Scalar(int64_t value);
  static Tensor Scalar(float value);

  bool defined() const { return type_ != DataType::kUndefined; }
  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return static_cast<int>(shape_.size()); }
  int64_t dim(int i) const { return shape_[static_cast<size_t>(i < 0 ? i + rank() : i)]; }
  int64_t elements() const { return elements_; }
  size_t bytes() const { return static_cast<size_t>(elements_) * DataTypeSize(type_); }

  void* raw() { return deferred_ ? deferred_->Elements() : data_; }
  const void* raw() const { return deferred_ ? deferred_->Elements() : data_; }
  template <typename T>
  T* data() {
    return static_cast<T*>(raw());
  }
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(raw());
  }
  // True of the kinds whose elements raw() makes a copy of. Their bytes are CopyTo's at no such
  // cost.
  bool deferred() const { return deferred_ != nullptr; }
  // kIo where a file's cannot be read or have changed.
  Status CopyTo(void* to) const;
  // The same for tensors that share their memory, and no other's while one of them lives.
  const void* identity() const { return deferred_ ? deferred_.get() : data_; }

  // The same memory under another shape of as many elements.
  Result<Tensor> Reshaped(Shape shape) const;
  // Any integer type read as int64 (shapes, axes, …). kInvalidArgument for other types.
  Result<std::vector<int64_t>> AsInt64s() const;
  // Any floating type read as float.
  Result<std::vector<float>> AsFloats() const;

 private:
  DataType type_ = DataType::kUndefined;
  Shape shape_;
  int64_t elements_ = 0;
  // Bytes at `from`, or of a file, and the aligned copy of them that is made when first asked for.
  class Deferred {
   public:
    Deferred(const void* from, size_t bytes) : from_(from), bytes_(bytes) {}
    Deferred(std::shared_ptr<const SourceFile> file, uint64_t offset, size_t bytes)
        : file_(std::move(file)), offset_(offset), bytes_(bytes) {}
    void* Elements();
    Status CopyTo(void* to) const;

   private:
    const std::shared_ptr<const SourceFile> file_;
    const uint64_t offset_ = 0;
    const void* const from_ = nullptr;
    const size_t bytes_;
    std::once_flag once_;
    AlignedBuffer copy_;
  };

  void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<Deferred> deferred_;
};

}  // namespace peel::engine
