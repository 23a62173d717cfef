#include "apps/peel/model/npy.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>
#include <string_view>

#include "src/base/checked.h"
#include "src/base/os/files.h"

namespace peel::engine {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxHeader = size_t{64} << 10;  // NumPy writes about 118 bytes
constexpr size_t kMaxRank = 64;
constexpr uint64_t kMaxFile = uint64_t{1} << 40;

struct Header {
  DataType type = DataType::kUndefined;
  bool swapped = false, fortran = false;
  Shape shape;
};

// The header is a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Header> Parse() {
    Header header;
    bool descr = false, order = false, shape = false;
    if (!Take('{')) return Bad();
    while (!Take('}')) {
      PEEL_ASSIGN_OR_RETURN(const std::string key, Quoted());
      if (!Take(':')) return Bad();
      if (key == "descr") {
        Skip();
        if (at_ < text_.size() && text_[at_] == '[') {
          return Unsupported("holds records; only arrays of plain numbers can be read");
        }
        PEEL_ASSIGN_OR_RETURN(const std::string text, Quoted());
        PEEL_RETURN_IF_ERROR(ReadType(text, &header));
        descr = true;
      } else if (key == "fortran_order") {
        if (Word("True")) {
          header.fortran = true;
        } else if (!Word("False")) {
          return Bad();
        }
        order = true;
      } else if (key == "shape") {
        PEEL_RETURN_IF_ERROR(ReadShape(&header.shape));
        shape = true;
      } else {
        return Bad();
      }
      if (!Take(',')) {
        if (!Take('}')) return Bad();
        break;
      }
    }
    if (!descr || !order || !shape) return Bad();
    return header;
  }

 private:
  static Status Bad() { return Corrupt("its .npy header is damaged"); }
  void Skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool Take(char c) {
    Skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word) {
    Skip();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  Result<std::string> Quoted() {
    Skip();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return Bad();
    const char quote = text_[at_++];
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) return Bad();
    std::string s(text_.substr(at_, end - at_));
    at_ = end + 1;
    return s;
  }
  Status ReadShape(Shape* shape) {
    if (!Take('(')) return Bad();
    while (!Take(')')) {
      Skip();
      int64_t extent = 0;
      const size_t start = at_;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
        const auto next = CheckedMul<int64_t>(extent, 10);
        if (!next) return Bad();
        const auto sum = CheckedAdd<int64_t>(*next, text_[at_] - '0');
        if (!sum) return Bad();
        extent = *sum;
        ++at_;
      }
      if (at_ == start || shape->size() == kMaxRank) return Bad();
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
      shape->push_back(extent);
      if (!Take(',')) {
        if (!Take(')')) return Bad();
        break;
      }
    }
    return OkStatus();
  }
  static Status ReadType(const std::string& text, Header* header) {
    if (text.empty()) return Bad();
    const bool has_order = std::string_view("<>|=").find(text[0]) != std::string_view::npos;
    header->swapped = text[0] == '>';
    const std::string kind = has_order ? text.substr(1) : text;
    static constexpr struct {
      std::string_view name;
      DataType type;
    } kTypes[] = {
        {"f4", DataType::kFloat32},  {"f8", DataType::kFloat64}, {"f2", DataType::kFloat16},
        {"V2", DataType::kBfloat16}, {"i1", DataType::kInt8},    {"i2", DataType::kInt16},
        {"i4", DataType::kInt32},    {"i8", DataType::kInt64},   {"u1", DataType::kUint8},
        {"u2", DataType::kUint16},   {"u4", DataType::kUint32},  {"u8", DataType::kUint64},
        {"b1", DataType::kBool}};
    for (const auto& entry : kTypes) {
      if (entry.name == kind) {
        header->type = entry.type;
        return OkStatus();
      }
    }
    return Unsupported("holds elements of type '" + text +
                       "'; only plain numbers and booleans can be read");
  }

  std::string_view text_;
  size_t at_ = 0;
};

void SwapBytes(uint8_t* p, size_t count, size_t size) {
  for (size_t i = 0; i < count; ++i, p += size) std::reverse(p, p + size);
}

// Column-major to row-major: walks the output in order and counts the index up like an odometer.
void Transpose(const uint8_t* from, uint8_t* to, const Shape& shape, size_t size) {
  const size_t rank = shape.size();
  std::vector<int64_t> stride(rank), index(rank, 0);
  int64_t step = 1, total = 1;
  for (size_t i = 0; i < rank; ++i) {
    stride[i] = step;
    step *= shape[i];
    total *= shape[i];
  }
  int64_t source = 0;
  for (int64_t n = 0; n < total; ++n, to += size) {
    std::memcpy(to, from + static_cast<size_t>(source) * size, size);
    for (size_t d = rank; d-- > 0;) {
      source += stride[d];
      if (++index[d] < shape[d]) break;
      source -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
}

const char* Descr(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "<f4";
    case DataType::kFloat64:
      return "<f8";
    case DataType::kFloat16:
      return "<f2";
    case DataType::kBfloat16:
      return "|V2";
    case DataType::kInt8:
      return "|i1";
    case DataType::kInt16:
      return "<i2";
    case DataType::kInt32:
      return "<i4";
    case DataType::kInt64:
      return "<i8";
    case DataType::kUint8:
      return "|u1";
    case DataType::kUint16:
      return "<u2";
    case DataType::kUint32:
      return "<u4";
    case DataType::kUint64:
      return "<u8";
    case DataType::kBool:
      return "|b1";
    case DataType::kUndefined:
    case DataType::kString:
      break;
  }
  return "";
}

}  // namespace

Result<Tensor> ParseNpy(std::span<const uint8_t> bytes) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return Corrupt("is not a .npy file");
  }
  const int version = bytes[6];
  if (version < 1 || version > 3) {
    return Unsupported("is of .npy version " + std::to_string(version) + "; 1 to 3 are known");
  }
  const size_t prefix = version == 1 ? 10 : 12;
  if (bytes.size() < prefix) return Corrupt("ends inside its .npy header");
  size_t length = bytes[8] | size_t{bytes[9]} << 8;
  if (version > 1) length |= size_t{bytes[10]} << 16 | size_t{bytes[11]} << 24;
  if (length > kMaxHeader || bytes.size() - prefix < length) {
    return Corrupt("ends inside its .npy header");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data() + prefix), length);
  PEEL_ASSIGN_OR_RETURN(const Header header, Parser(text).Parse());
  const auto body = bytes.subspan(prefix + length);
  PEEL_ASSIGN_OR_RETURN(const int64_t elements, ElementCount(header.shape));
  const size_t size = DataTypeSize(header.type);
  const auto need = CheckedMul<size_t>(static_cast<size_t>(elements), size);
  if (!need || body.size() < *need) {
    return Corrupt("holds " + std::to_string(body.size()) + " bytes of elements but its header " +
                   "promises shape " + ShapeString(header.shape) + " of " +
                   DataTypeName(header.type));
  }
  PEEL_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(header.type, header.shape));
  auto* out = static_cast<uint8_t*>(tensor.raw());
  if (*need > 0) {
    if (header.fortran && header.shape.size() > 1) {
      Transpose(body.data(), out, header.shape, size);
    } else {
      std::memcpy(out, body.data(), *need);
    }
  }
  if (header.swapped && size > 1) SwapBytes(out, static_cast<size_t>(elements), size);
  if (header.type == DataType::kBool) {
    std::for_each(out, out + *need, [](uint8_t& b) { b = b != 0; });
  }
  return tensor;
}

Result<Tensor> ReadNpy(const std::string& path) {
  auto bytes = ReadWholeFile(path, kMaxFile);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
  auto tensor = ParseNpy(*bytes);
  if (!tensor.ok()) return std::move(tensor).status().WithContext(path);
  return tensor;
}

std::vector<uint8_t> NpyHeader(const Tensor& tensor) {
  std::string text =
      "{'descr': '" + std::string(Descr(tensor.type())) + "', 'fortran_order': False, 'shape': (";
  for (int i = 0; i < tensor.rank(); ++i) {
    if (i > 0) text += ' ';
    text += std::to_string(tensor.dim(i)) + ",";
  }
  text += "), }";
  // Elements start at a multiple of 64 bytes, as NumPy does it, so that readers can map them.
  const size_t whole = static_cast<size_t>(RoundUp(static_cast<int64_t>(text.size()) + 11, 64));
  text.append(whole - 11 - text.size(), ' ');
  text += '\n';
  std::vector<uint8_t> header(kMagic.begin(), kMagic.end());
  const size_t length = text.size();
  for (const size_t byte : {size_t{1}, size_t{0}, length & 255, length >> 8}) {
    header.push_back(static_cast<uint8_t>(byte));
  }
  header.insert(header.end(), text.begin(), text.end());
  return header;
}

Status WriteNpy(const std::string& path, const Tensor& tensor) {
  if (Descr(tensor.type())[0] == 0) {
    return Unsupported(path + ": elements of type " + DataTypeName(tensor.type()) +
                       " have no place in a .npy file");
  }
  const std::vector<uint8_t> header = NpyHeader(tensor);
  const std::span elements(static_cast<const uint8_t*>(tensor.raw()), tensor.bytes());
  const Status status = WriteFileAtomically(path, [&](const ByteSink& sink) {
    PEEL_RETURN_IF_ERROR(sink(header));
    return sink(elements);
  });
  return status.ok() ? status : Status(status).WithContext(path);
}

}  // namespace peel::engine
