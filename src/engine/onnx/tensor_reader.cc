#include "src/engine/onnx/tensor_reader.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/checked.h"
#include "src/engine/onnx/wire.h"

namespace peel::engine {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

constexpr size_t kMaxRank = 64;

// Copies a repeated field of numbers into the tensor, each one cut to the element's width as the
// standard says (int32_data holds everything of 32 bits and less).
template <typename To, typename From>
void Store(const std::vector<From>& from, Tensor& to) {
  To* out = to.data<To>();
  for (size_t i = 0; i < from.size(); ++i) out[i] = static_cast<To>(from[i]);
}

// "12" to 12; anything else, a sign included, is refused.
Result<uint64_t> ParseSize(std::string_view text, const char* what) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Corrupt(std::string("the ") + what + " '" + std::string(text) +
                   "' of its external data is not a number");
  }
  return value;
}

// A relative path without ".." stays inside the folder that it is appended to.
Status CheckLocation(const std::string& location) {
  bool escapes = location.empty() || location[0] == '/' || location.find('\0') != location.npos;
  for (size_t start = 0; start <= location.size() && !escapes;) {
    size_t end = location.find_first_of("/\\", start);
    if (end == std::string::npos) end = location.size();
    escapes = location.compare(start, end - start, "..") == 0;
    start = end + 1;
  }
  if (!escapes) return OkStatus();
  return Corrupt("its external data '" + location + "' lie outside the model's folder");
}

// Tensors from this size on stay where they are, in a file or misaligned in memory, until their
// elements are asked for: the weights of convolutions, which are packed from there and never read
// again.
constexpr size_t kDeferredBytes = size_t{64} << 10;

Status CheckSize(DataType type, const Shape& shape, uint64_t have) {
  PEEL_ASSIGN_OR_RETURN(const int64_t count, ElementCount(shape));
  const auto bytes = CheckedMul<uint64_t>(static_cast<uint64_t>(count), DataTypeSize(type));
  if (bytes && *bytes == have) return OkStatus();
  return Corrupt("holds " + std::to_string(have) + " bytes where its shape " + ShapeString(shape) +
                 " of " + DataTypeName(type) + " asks for " +
                 (bytes ? std::to_string(*bytes) : "more than can be counted"));
}

// Loads of any byte but 0 and 1 as a bool are undefined, so every bool is made one of the two.
void MendBools(Tensor& tensor) {
  if (tensor.type() != DataType::kBool) return;
  auto* bytes = tensor.data<uint8_t>();
  for (int64_t i = 0; i < tensor.elements(); ++i) bytes[i] = bytes[i] != 0;
}

Result<Tensor> Copy(DataType type, Shape shape, const uint8_t* data) {
  PEEL_ASSIGN_OR_RETURN(Tensor copy, Tensor::Allocate(type, std::move(shape)));
  if (copy.bytes() > 0) std::memcpy(copy.raw(), data, copy.bytes());
  MendBools(copy);
  return copy;
}

// Of `raw`, which lies in memory that owner keeps.
Result<Tensor> OfMemory(DataType type, Shape shape, std::span<const uint8_t> raw,
                        const std::shared_ptr<const void>& owner) {
  PEEL_RETURN_IF_ERROR(CheckSize(type, shape, raw.size()));
  if (!raw.empty() && type != DataType::kBool) {
    if (reinterpret_cast<uintptr_t>(raw.data()) % DataTypeSize(type) == 0) {
      return Tensor::View(type, std::move(shape), const_cast<uint8_t*>(raw.data()), owner);
    }
    if (raw.size() >= kDeferredBytes) {
      return Tensor::ViewMisaligned(type, std::move(shape), raw.data(), owner);
    }
  }
  return Copy(type, std::move(shape), raw.data());
}

// Of a file's bytes from offset on, where there are `size`.
Result<Tensor> OfFile(DataType type, Shape shape, const std::shared_ptr<const SourceFile>& file,
                      uint64_t offset, uint64_t size) {
  PEEL_RETURN_IF_ERROR(CheckSize(type, shape, size));
  if (size >= kDeferredBytes && type != DataType::kBool) {
    return Tensor::OfFile(type, std::move(shape), file, offset);
  }
  PEEL_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(type, std::move(shape)));
  if (size > 0) PEEL_RETURN_IF_ERROR(file->Read(offset, size, tensor.raw()));
  MendBools(tensor);
  return tensor;
}

}  // namespace

struct TensorReader::Fields {
  Shape dims;
  int64_t data_type = 0;
  bool segmented = false;
  bool external = false;
  bool has_raw = false;
  std::span<const uint8_t> raw;
  std::vector<float> floats;
  std::vector<int32_t> int32s;
  std::vector<int64_t> int64s;
  std::vector<double> doubles;
  std::vector<uint64_t> uint64s;
  std::map<std::string, std::string> external_entries;
};

Result<DataType> DataTypeFromOnnx(int64_t number) {
  switch (number) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
    case 16:
      return static_cast<DataType>(number);
    case 0:
      return Corrupt("has no element type");
    case 8:
      return Unsupported("holds strings, which are not supported");
    case 14:
    case 15:
      return Unsupported("holds complex numbers, which are not supported");
    default:
      return Unsupported("has the element type number " + std::to_string(number) +
                         ", which is not supported");
  }
}

std::string TensorReader::Name(protozero::data_view message) {
  protozero::pbf_reader reader(message);
  std::string name;
  while (reader.next(8, protozero::pbf_wire_type::length_delimited)) name = reader.get_string();
  return name;
}

Result<Tensor> TensorReader::FromRaw(DataType type, Shape shape,
                                     std::span<const uint8_t> raw) const {
  if (file_ == nullptr) return OfMemory(type, std::move(shape), raw, owner_);
  PEEL_RETURN_IF_ERROR(CheckSize(type, shape, raw.size()));
  if (raw.size() < kDeferredBytes || type == DataType::kBool) {
    return Copy(type, std::move(shape), raw.data());
  }
  const auto offset = static_cast<uint64_t>(raw.data() - file_bytes_.data());
  return OfFile(type, std::move(shape), file_, offset, raw.size());
}

TensorReader::Fields TensorReader::ReadFields(protozero::data_view message) {
  Fields f;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Varint(1):
      case wire::Bytes(1):
        wire::AppendVarints(reader, &f.dims);
        break;
      case wire::Varint(2):
        f.data_type = reader.get_int64();
        break;
      case wire::Bytes(3):
        f.segmented = true;
        reader.skip();
        break;
      case wire::Fixed32(4):
      case wire::Bytes(4):
        wire::AppendFloats(reader, &f.floats);
        break;
      case wire::Varint(5):
      case wire::Bytes(5):
        wire::AppendVarints(reader, &f.int32s);
        break;
      case wire::Varint(7):
      case wire::Bytes(7):
        wire::AppendVarints(reader, &f.int64s);
        break;
      case wire::Bytes(9):
        f.raw = wire::Span(reader.get_view());
        f.has_raw = true;
        break;
      case wire::Fixed64(10):
      case wire::Bytes(10):
        wire::AppendDoubles(reader, &f.doubles);
        break;
      case wire::Varint(11):
      case wire::Bytes(11):
        wire::AppendVarints(reader, &f.uint64s);
        break;
      case wire::Bytes(13): {
        auto [key, value] = wire::ReadStringPair(reader.get_view());
        f.external_entries[std::move(key)] = std::move(value);
        break;
      }
      case wire::Varint(14):
        f.external = reader.get_int64() == 1;
        break;
      default:
        reader.skip();
    }
  }
  return f;
}

Result<Tensor> TensorReader::Read(protozero::data_view message) {
  Fields f = ReadFields(message);
  PEEL_ASSIGN_OR_RETURN(const DataType type, DataTypeFromOnnx(f.data_type));
  if (f.segmented) return Unsupported("is stored in segments, which are not supported");
  if (f.dims.size() > kMaxRank) {
    return Corrupt("has " + std::to_string(f.dims.size()) + " dimensions");
  }
  const Result<int64_t> count = ElementCount(f.dims);
  if (!count.ok()) return Corrupt(count.status().message());
  if (f.external) return ReadExternal(f, type, std::move(f.dims));
  if (f.has_raw) return FromRaw(type, std::move(f.dims), f.raw);
  return FromNumbers(f, type, *count);
}

// Of a tensor whose elements stand in one of the repeated fields of numbers.
Result<Tensor> TensorReader::FromNumbers(Fields& f, DataType type, int64_t count) {
  // Nothing is allocated before the numbers at hand are known to fill it.
  const size_t have = type == DataType::kFloat32                               ? f.floats.size()
                      : type == DataType::kFloat64                             ? f.doubles.size()
                      : type == DataType::kInt64                               ? f.int64s.size()
                      : type == DataType::kUint32 || type == DataType::kUint64 ? f.uint64s.size()
                                                                               : f.int32s.size();
  if (have != static_cast<size_t>(count)) {
    return Corrupt("holds " + std::to_string(have) + " numbers where its shape " +
                   ShapeString(f.dims) + " asks for " + std::to_string(count));
  }
  PEEL_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(type, std::move(f.dims)));
  switch (type) {
    case DataType::kFloat32:
      Store<float>(f.floats, tensor);
      break;
    case DataType::kFloat64:
      Store<double>(f.doubles, tensor);
      break;
    case DataType::kInt64:
      Store<int64_t>(f.int64s, tensor);
      break;
    case DataType::kUint32:
      Store<uint32_t>(f.uint64s, tensor);
      break;
    case DataType::kUint64:
      Store<uint64_t>(f.uint64s, tensor);
      break;
    case DataType::kInt32:
      Store<int32_t>(f.int32s, tensor);
      break;
    case DataType::kInt16:
      Store<int16_t>(f.int32s, tensor);
      break;
    case DataType::kInt8:
      Store<int8_t>(f.int32s, tensor);
      break;
    case DataType::kUint8:
      Store<uint8_t>(f.int32s, tensor);
      break;
    case DataType::kUint16:
    case DataType::kFloat16:  // bit patterns
    case DataType::kBfloat16:
      Store<uint16_t>(f.int32s, tensor);
      break;
    case DataType::kBool:
      for (int32_t& b : f.int32s) b = b != 0;
      Store<uint8_t>(f.int32s, tensor);
      break;
    case DataType::kUndefined:
    case DataType::kString:
      return Internal("an element type slipped through");
  }
  return tensor;
}

Result<Tensor> TensorReader::ReadExternal(const Fields& fields, DataType type, Shape shape) {
  const auto entry = [&](const char* key) -> const std::string* {
    const auto it = fields.external_entries.find(key);
    return it == fields.external_entries.end() ? nullptr : &it->second;
  };
  const std::string* location = entry("location");
  if (location == nullptr) return Corrupt("does not say in which file its external data lie");
  if (directory_.empty()) {
    return Unsupported("has its data in the file '" + *location +
                       "', which a model read from memory cannot reach");
  }
  PEEL_RETURN_IF_ERROR(CheckLocation(*location));
  auto& file = external_[*location];
  if (file == nullptr) {
    auto opened = SourceFile::Open(directory_ + "/" + *location);
    if (!opened.ok()) {
      return std::move(opened).status().WithContext("its external data '" + *location + "'");
    }
    file = *std::move(opened);
  }
  const uint64_t file_size = file->size();
  uint64_t offset = 0;
  if (const std::string* text = entry("offset")) {
    PEEL_ASSIGN_OR_RETURN(offset, ParseSize(*text, "offset"));
  }
  if (offset > file_size) {
    return Corrupt("its external data '" + *location + "' end before byte " +
                   std::to_string(offset) + ", where they should begin");
  }
  PEEL_ASSIGN_OR_RETURN(const int64_t count, ElementCount(shape));
  const auto needed = CheckedMul<uint64_t>(static_cast<uint64_t>(count), DataTypeSize(type));
  uint64_t length = needed.value_or(UINT64_MAX);
  if (const std::string* text = entry("length")) {
    PEEL_ASSIGN_OR_RETURN(length, ParseSize(*text, "length"));
  }
  if (length > file_size - offset) {
    return Corrupt("its external data '" + *location +
                   "' are cut short: " + std::to_string(length) + " bytes from byte " +
                   std::to_string(offset) + " are asked of a file of " + std::to_string(file_size));
  }
  auto tensor = OfFile(type, std::move(shape), file, offset, length);
  if (tensor.ok() || tensor.status().code() != StatusCode::kIo) return tensor;
  return std::move(tensor).status().WithContext("its external data '" + *location + "'");
}

}  // namespace peel::engine
