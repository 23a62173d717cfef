#include "src/engine/ort/api.h"

#include <string>

namespace peel::engine::ort {

void FunctionTable::Load(const void* const* table) {
#define PEEL_ORT_LOAD(slot, result, name, parameters) \
  name = reinterpret_cast<result(*) parameters>(const_cast<void*>(table[slot]));
  PEEL_ORT_FUNCTIONS(PEEL_ORT_LOAD)
#undef PEEL_ORT_LOAD
}

Status FunctionTable::ToStatus(OrtStatus* status) const {
  if (status == nullptr) return OkStatus();
  // As the library numbers them.
  enum : int {
    kFail = 1,
    kInvalid = 2,
    kNoSuchFile = 3,
    kNoModel = 4,
    kBadProtobuf = 7,
    kNotImplemented = 9,
    kBadGraph = 10
  };
  const int code = GetErrorCode(status);
  std::string text = GetErrorMessage(status);
  ReleaseStatus(status);
  // "…/provider_bridge_ort.cc:2043 … [ONNXRuntimeError] : 1 : FAIL : what it is about".
  constexpr char kMark[] = "[ONNXRuntimeError] : ";
  if (const size_t mark = text.rfind(kMark); mark != std::string::npos) {
    size_t rest = text.find(" : ", mark + sizeof(kMark) - 1);
    if (rest != std::string::npos) rest = text.find(" : ", rest + 3);
    if (rest != std::string::npos) text.erase(0, rest + 3);
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const bool memory = text.find("out of memory") != std::string::npos ||
                      text.find("Failed to allocate memory") != std::string::npos ||
                      text.find("bad_alloc") != std::string::npos;
  text = "ONNX Runtime: " + text;
  if (memory) return OutOfMemory(std::move(text));
  switch (code) {
    case kInvalid:
      return InvalidArgument(std::move(text));
    case kNoSuchFile:
      return NotFound(std::move(text));
    case kNoModel:
    case kBadProtobuf:
      return Corrupt(std::move(text));
    case kNotImplemented:
    case kBadGraph:
    default:
      return Unsupported(std::move(text));
  }
}

}  // namespace peel::engine::ort
