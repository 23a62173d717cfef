#include "src/engine/onnx/attribute_reader.h"

#include <optional>
#include <protozero/pbf_reader.hpp>
#include <utility>
#include <vector>

#include "src/engine/onnx/wire.h"

namespace peel::engine {
namespace {

// AttributeProto.AttributeType.
enum Kind : int64_t {
  kUndefined = 0,
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
  kTensors = 9,
  kGraphs = 10,
  kSparseTensor = 11,
  kSparseTensors = 12,
  kTypeProto = 13,
  kTypeProtos = 14,
};

const char* KindName(int64_t kind) {
  switch (kind) {
    case kTensors:
      return "a list of tensors";
    case kGraph:
    case kGraphs:
      return "a sub-graph";
    case kSparseTensor:
    case kSparseTensors:
      return "a sparse tensor";
    case kTypeProto:
    case kTypeProtos:
      return "a type";
    default:
      return "of an unknown kind";
  }
}

struct Fields {
  std::string name;
  int64_t kind = kUndefined;
  int64_t seen = kUndefined;  // kind of the last value field met, for files that name no kind
  bool reference = false;
  float f = 0;
  int64_t i = 0;
  std::string s;
  std::optional<protozero::data_view> t;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
};

Fields ReadFields(protozero::data_view message) {
  Fields a;
  protozero::pbf_reader reader(message);
  const auto note = [&](int64_t kind) {
    a.seen = kind;
    reader.skip();
  };
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1):
        a.name = reader.get_string();
        break;
      case wire::Fixed32(2):
        a.f = reader.get_float();
        a.seen = kFloat;
        break;
      case wire::Varint(3):
        a.i = reader.get_int64();
        a.seen = kInt;
        break;
      case wire::Bytes(4):
        a.s = reader.get_string();
        a.seen = kString;
        break;
      case wire::Bytes(5):
        a.t = reader.get_view();
        a.seen = kTensor;
        break;
      case wire::Bytes(6):
        note(kGraph);
        break;
      case wire::Fixed32(7):
      case wire::Bytes(7):
        wire::AppendFloats(reader, &a.floats);
        a.seen = kFloats;
        break;
      case wire::Varint(8):
      case wire::Bytes(8):
        wire::AppendVarints(reader, &a.ints);
        a.seen = kInts;
        break;
      case wire::Bytes(9):
        a.strings.push_back(reader.get_string());
        a.seen = kStrings;
        break;
      case wire::Bytes(10):
        note(kTensors);
        break;
      case wire::Bytes(11):
        note(kGraphs);
        break;
      case wire::Bytes(14):
        note(kTypeProto);
        break;
      case wire::Bytes(15):
        note(kTypeProtos);
        break;
      case wire::Varint(20):
        a.kind = reader.get_int64();
        break;
      case wire::Bytes(21):
        a.reference = true;
        reader.skip();
        break;
      case wire::Bytes(22):
        note(kSparseTensor);
        break;
      case wire::Bytes(23):
        note(kSparseTensors);
        break;
      default:
        reader.skip();
    }
  }
  if (a.kind == kUndefined) a.kind = a.seen;
  return a;
}

}  // namespace

Result<std::pair<std::string, Attribute>> ReadAttribute(protozero::data_view message,
                                                        TensorReader& tensors) {
  Fields a = ReadFields(message);
  if (a.name.empty()) return Corrupt("an attribute without a name");
  const std::string label = "attribute '" + a.name + "'";
  if (a.reference) {
    return Corrupt(label + " refers to the parameter of a function, but stands outside of one");
  }
  std::pair<std::string, Attribute> out;
  switch (a.kind) {
    case kFloat:
      out.second = a.f;
      break;
    case kInt:
      out.second = a.i;
      break;
    case kString:
      out.second = std::move(a.s);
      break;
    case kTensor: {
      if (!a.t) return Corrupt(label + " is said to be a tensor, but holds none");
      auto tensor = tensors.Read(*a.t);
      if (!tensor.ok()) return std::move(tensor).status().WithContext(label);
      out.second = *std::move(tensor);
      break;
    }
    case kFloats:
      out.second = std::move(a.floats);
      break;
    case kInts:
      out.second = std::move(a.ints);
      break;
    case kStrings:
      out.second = std::move(a.strings);
      break;
    case kUndefined:
      return Corrupt(label + " holds no value");
    default:
      return Unsupported(label + " is " + KindName(a.kind) + ", which is not supported");
  }
  out.first = std::move(a.name);
  return out;
}

}  // namespace peel::engine
