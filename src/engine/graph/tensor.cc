#include "src/engine/graph/tensor.h"

#include <cstring>
#include <new>

#include "src/base/checked.h"
#include "src/base/float16.h"

namespace peel::engine {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 62;

template <typename T>
Tensor Filled(DataType type, Shape shape, const T* values) {
  auto tensor = Tensor::Allocate(type, std::move(shape));
  if (!tensor.ok()) return Tensor();
  if (tensor->elements() > 0) std::memcpy(tensor->raw(), values, tensor->bytes());
  return *std::move(tensor);
}

template <typename T, typename Out>
void Widen(const Tensor& t, std::vector<Out>* out) {
  const T* p = t.data<T>();
  out->assign(p, p + t.elements());
}

}  // namespace

size_t DataTypeSize(DataType type) {
  switch (type) {
    case DataType::kUint8:
    case DataType::kInt8:
    case DataType::kBool:
      return 1;
    case DataType::kUint16:
    case DataType::kInt16:
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return 2;
    case DataType::kFloat32:
    case DataType::kInt32:
    case DataType::kUint32:
      return 4;
    case DataType::kInt64:
    case DataType::kUint64:
    case DataType::kFloat64:
      return 8;
    case DataType::kUndefined:
    case DataType::kString:
      return 0;
  }
  return 0;
}

const char* DataTypeName(DataType type) {
  switch (type) {
    case DataType::kUndefined:
      return "undefined";
    case DataType::kFloat32:
      return "float32";
    case DataType::kUint8:
      return "uint8";
    case DataType::kInt8:
      return "int8";
    case DataType::kUint16:
      return "uint16";
    case DataType::kInt16:
      return "int16";
    case DataType::kInt32:
      return "int32";
    case DataType::kInt64:
      return "int64";
    case DataType::kString:
      return "string";
    case DataType::kBool:
      return "bool";
    case DataType::kFloat16:
      return "float16";
    case DataType::kFloat64:
      return "float64";
    case DataType::kUint32:
      return "uint32";
    case DataType::kUint64:
      return "uint64";
    case DataType::kBfloat16:
      return "bfloat16";
  }
  return "an element type this version does not know";
}

Result<int64_t> ElementCount(const Shape& shape) {
  int64_t n = 1;
  bool zero = false;
  for (const int64_t extent : shape) {
    if (extent < 0) return LimitExceeded("shape " + ShapeString(shape) + " has a negative extent");
    if (extent == 0) {
      zero = true;
      continue;
    }
    const auto product = CheckedMul(n, extent);
    if (!product || *product > kMaxElements) {
      return LimitExceeded("shape " + ShapeString(shape) + " is larger than any memory");
    }
    n = *product;
  }
  return zero ? int64_t{0} : n;
}

std::string ShapeString(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string s;
  for (const int64_t extent : shape) {
    if (!s.empty()) s += 'x';
    s += std::to_string(extent);
  }
  return s;
}

Result<Tensor> Tensor::Allocate(DataType type, Shape shape) {
  PEEL_ASSIGN_OR_RETURN(const int64_t n, ElementCount(shape));
  const auto bytes = CheckedMul<size_t>(static_cast<size_t>(n), DataTypeSize(type));
  if (!bytes) return LimitExceeded("shape " + ShapeString(shape) + " is larger than any memory");
  PEEL_ASSIGN_OR_RETURN(auto buffer, AlignedBuffer::Allocate(*bytes));
  auto owner = std::make_shared<AlignedBuffer>(std::move(buffer));
  return View(type, std::move(shape), owner->data(), owner);
}

Result<Tensor> Tensor::View(DataType type, Shape shape, void* data,
                            std::shared_ptr<const void> owner) {
  if (DataTypeSize(type) == 0) {
    return Unsupported(std::string("tensors of type ") + DataTypeName(type) + " are not supported");
  }
  Tensor t;
  PEEL_ASSIGN_OR_RETURN(t.elements_, ElementCount(shape));
  t.type_ = type;
  t.shape_ = std::move(shape);
  t.data_ = data;
  t.owner_ = std::move(owner);
  return t;
}

Result<Tensor> Tensor::ViewMisaligned(DataType type, Shape shape, const void* data,
                                      std::shared_ptr<const void> owner) {
  PEEL_ASSIGN_OR_RETURN(Tensor t,
                        View(type, std::move(shape), const_cast<void*>(data), std::move(owner)));
  t.deferred_ = std::make_shared<Deferred>(data, t.bytes());
  return t;
}

Result<Tensor> Tensor::OfFile(DataType type, Shape shape, std::shared_ptr<const SourceFile> file,
                              uint64_t offset) {
  PEEL_ASSIGN_OR_RETURN(Tensor t, View(type, std::move(shape), nullptr));
  t.deferred_ = std::make_shared<Deferred>(std::move(file), offset, t.bytes());
  return t;
}

Status Tensor::CopyTo(void* to) const {
  if (deferred_) return deferred_->CopyTo(to);
  if (bytes() > 0) std::memcpy(to, data_, bytes());
  return OkStatus();
}

void* Tensor::Deferred::Elements() {
  std::call_once(once_, [this] {  // anew where it throws
    auto buffer = AlignedBuffer::Allocate(bytes_);
    if (!buffer.ok()) throw std::bad_alloc();
    if (const Status read = CopyTo(buffer->data()); !read.ok()) {
      throw TensorReadError(read.message());
    }
    copy_ = *std::move(buffer);
  });
  return copy_.data();
}

Status Tensor::Deferred::CopyTo(void* to) const {
  if (file_) return file_->Read(offset_, bytes_, to);
  if (from_ != nullptr) std::memcpy(to, from_, bytes_);  // a tensor of no elements may lie nowhere
  return OkStatus();
}

Tensor Tensor::Of(std::span<const int64_t> values) {
  return Filled(DataType::kInt64, {static_cast<int64_t>(values.size())}, values.data());
}
Tensor Tensor::Of(std::span<const float> values) {
  return Filled(DataType::kFloat32, {static_cast<int64_t>(values.size())}, values.data());
}
Tensor Tensor::Scalar(int64_t value) { return Filled(DataType::kInt64, {}, &value); }
Tensor Tensor::Scalar(float value) { return Filled(DataType::kFloat32, {}, &value); }

Result<Tensor> Tensor::Reshaped(Shape shape) const {
  PEEL_ASSIGN_OR_RETURN(const int64_t n, ElementCount(shape));
  if (n != elements_) {
    return InvalidArgument("cannot reshape " + ShapeString(shape_) + " to " + ShapeString(shape));
  }
  Tensor t = *this;
  t.shape_ = std::move(shape);
  return t;
}

Result<std::vector<int64_t>> Tensor::AsInt64s() const {
  std::vector<int64_t> out;
  switch (type_) {
    case DataType::kInt64:
      Widen<int64_t>(*this, &out);
      break;
    case DataType::kInt32:
      Widen<int32_t>(*this, &out);
      break;
    case DataType::kInt16:
      Widen<int16_t>(*this, &out);
      break;
    case DataType::kInt8:
      Widen<int8_t>(*this, &out);
      break;
    case DataType::kUint8:
    case DataType::kBool:
      Widen<uint8_t>(*this, &out);
      break;
    case DataType::kUint16:
      Widen<uint16_t>(*this, &out);
      break;
    case DataType::kUint32:
      Widen<uint32_t>(*this, &out);
      break;
    case DataType::kUint64:
      Widen<uint64_t>(*this, &out);
      break;
    default:
      return InvalidArgument(std::string("expected integers, found ") + DataTypeName(type_));
  }
  return out;
}

Result<std::vector<float>> Tensor::AsFloats() const {
  std::vector<float> out;
  if (type_ == DataType::kFloat32) {
    Widen<float>(*this, &out);
  } else if (type_ == DataType::kFloat64) {
    Widen<double>(*this, &out);
  } else if (type_ == DataType::kFloat16 || type_ == DataType::kBfloat16) {
    const auto* p = data<uint16_t>();
    out.resize(static_cast<size_t>(elements_));
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = type_ == DataType::kFloat16 ? HalfToFloat(p[i]) : Bfloat16ToFloat(p[i]);
    }
  } else {
    return InvalidArgument(std::string("expected real numbers, found ") + DataTypeName(type_));
  }
  return out;
}

}  // namespace peel::engine
