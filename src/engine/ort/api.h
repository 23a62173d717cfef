#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/status.h"

// The part of ONNX Runtime's C interface that Peel calls, reached at run time: nothing of ONNX
// Runtime is needed to build. A library exports one symbol, OrtGetApiBase; the base gives the
// version's text and, for an API number, a table of function pointers whose order never changes
// (later versions append). FunctionTable copies the slots that are used into typed members.
namespace peel::engine::ort {

// Opaque objects of the library.
struct OrtEnv;
struct OrtStatus;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtValue;
struct OrtTypeInfo;
struct OrtTensorInfo;
struct OrtMemoryInfo;
struct OrtAllocator;
struct OrtMetadata;
struct OrtBinding;
struct OrtProviderOptions;

// What OrtGetApiBase returns: GetApi gives a table of functions, null for a version that the
// library is too old for.
struct OrtApiBase {
  const void* const* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

// The API that Peel is written against, and with it the oldest release that will do: 1.17.
inline constexpr uint32_t kApiVersion = 17;

using LogFunction = void (*)(void* parameter, int severity, const char* category, const char* id,
                             const char* where, const char* message);

// Slot number, result, name, parameters. A null status means success.
#define PEEL_ORT_FUNCTIONS(F)                                                                    \
  F(1, int, GetErrorCode, (const OrtStatus*))                                                    \
  F(2, const char*, GetErrorMessage, (const OrtStatus*))                                         \
  F(4, OrtStatus*, CreateEnvWithCustomLogger, (LogFunction, void*, int, const char*, OrtEnv**))  \
  F(6, OrtStatus*, DisableTelemetryEvents, (const OrtEnv*))                                      \
  F(7, OrtStatus*, CreateSession,                                                                \
    (const OrtEnv*, const char*, const OrtSessionOptions*, OrtSession**))                        \
  F(8, OrtStatus*, CreateSessionFromArray,                                                       \
    (const OrtEnv*, const void*, size_t, const OrtSessionOptions*, OrtSession**))                \
  F(10, OrtStatus*, CreateSessionOptions, (OrtSessionOptions**))                                 \
  F(13, OrtStatus*, SetSessionExecutionMode, (OrtSessionOptions*, int))                          \
  F(14, OrtStatus*, EnableProfiling, (OrtSessionOptions*, const char*))                          \
  F(17, OrtStatus*, DisableMemPattern, (OrtSessionOptions*))                                     \
  F(18, OrtStatus*, EnableCpuMemArena, (OrtSessionOptions*))                                     \
  F(19, OrtStatus*, DisableCpuMemArena, (OrtSessionOptions*))                                    \
  F(23, OrtStatus*, SetSessionGraphOptimizationLevel, (OrtSessionOptions*, int))                 \
  F(24, OrtStatus*, SetIntraOpNumThreads, (OrtSessionOptions*, int))                             \
  F(25, OrtStatus*, SetInterOpNumThreads, (OrtSessionOptions*, int))                             \
  F(30, OrtStatus*, SessionGetInputCount, (const OrtSession*, size_t*))                          \
  F(31, OrtStatus*, SessionGetOutputCount, (const OrtSession*, size_t*))                         \
  F(33, OrtStatus*, SessionGetInputTypeInfo, (const OrtSession*, size_t, OrtTypeInfo**))         \
  F(34, OrtStatus*, SessionGetOutputTypeInfo, (const OrtSession*, size_t, OrtTypeInfo**))        \
  F(36, OrtStatus*, SessionGetInputName, (const OrtSession*, size_t, OrtAllocator*, char**))     \
  F(37, OrtStatus*, SessionGetOutputName, (const OrtSession*, size_t, OrtAllocator*, char**))    \
  F(49, OrtStatus*, CreateTensorWithDataAsOrtValue,                                              \
    (const OrtMemoryInfo*, void*, size_t, const int64_t*, size_t, int, OrtValue**))              \
  F(50, OrtStatus*, IsTensor, (const OrtValue*, int*))                                           \
  F(51, OrtStatus*, GetTensorMutableData, (OrtValue*, void**))                                   \
  F(55, OrtStatus*, CastTypeInfoToTensorInfo, (const OrtTypeInfo*, const OrtTensorInfo**))       \
  F(60, OrtStatus*, GetTensorElementType, (const OrtTensorInfo*, int*))                          \
  F(61, OrtStatus*, GetDimensionsCount, (const OrtTensorInfo*, size_t*))                         \
  F(62, OrtStatus*, GetDimensions, (const OrtTensorInfo*, int64_t*, size_t))                     \
  F(63, OrtStatus*, GetSymbolicDimensions, (const OrtTensorInfo*, const char**, size_t))         \
  F(65, OrtStatus*, GetTensorTypeAndShape, (const OrtValue*, OrtTensorInfo**))                   \
  F(68, OrtStatus*, CreateMemoryInfo, (const char*, int, int, int, OrtMemoryInfo**))             \
  F(69, OrtStatus*, CreateCpuMemoryInfo, (int, int, OrtMemoryInfo**))                            \
  F(76, OrtStatus*, AllocatorFree, (OrtAllocator*, void*))                                       \
  F(78, OrtStatus*, GetAllocatorWithDefaultOptions, (OrtAllocator**))                            \
  F(93, void, ReleaseStatus, (OrtStatus*))                                                       \
  F(94, void, ReleaseMemoryInfo, (OrtMemoryInfo*))                                               \
  F(95, void, ReleaseSession, (OrtSession*))                                                     \
  F(96, void, ReleaseValue, (OrtValue*))                                                         \
  F(98, void, ReleaseTypeInfo, (OrtTypeInfo*))                                                   \
  F(99, void, ReleaseTensorTypeAndShapeInfo, (OrtTensorInfo*))                                   \
  F(100, void, ReleaseSessionOptions, (OrtSessionOptions*))                                      \
  F(110, OrtStatus*, SessionEndProfiling, (OrtSession*, OrtAllocator*, char**))                  \
  F(111, OrtStatus*, SessionGetModelMetadata, (const OrtSession*, OrtMetadata**))                \
  F(113, OrtStatus*, ModelMetadataGetGraphName, (const OrtMetadata*, OrtAllocator*, char**))     \
  F(116, OrtStatus*, ModelMetadataLookupCustomMetadataMap,                                       \
    (const OrtMetadata*, OrtAllocator*, const char*, char**))                                    \
  F(118, void, ReleaseModelMetadata, (OrtMetadata*))                                             \
  F(123, OrtStatus*, ModelMetadataGetCustomMetadataMapKeys,                                      \
    (const OrtMetadata*, OrtAllocator*, char***, int64_t*))                                      \
  F(125, OrtStatus*, GetAvailableProviders, (char***, int*))                                     \
  F(126, OrtStatus*, ReleaseAvailableProviders, (char**, int))                                   \
  F(131, OrtStatus*, CreateAllocator, (const OrtSession*, const OrtMemoryInfo*, OrtAllocator**)) \
  F(132, void, ReleaseAllocator, (OrtAllocator*))                                                \
  F(133, OrtStatus*, RunWithBinding, (OrtSession*, const OrtRunOptions*, const OrtBinding*))     \
  F(134, OrtStatus*, CreateIoBinding, (OrtSession*, OrtBinding**))                               \
  F(135, void, ReleaseIoBinding, (OrtBinding*))                                                  \
  F(136, OrtStatus*, BindInput, (OrtBinding*, const char*, const OrtValue*))                     \
  F(138, OrtStatus*, BindOutputToDevice, (OrtBinding*, const char*, const OrtMemoryInfo*))       \
  F(140, OrtStatus*, GetBoundOutputValues,                                                       \
    (const OrtBinding*, OrtAllocator*, OrtValue***, size_t*))                                    \
  F(141, void, ClearBoundInputs, (OrtBinding*))                                                  \
  F(142, void, ClearBoundOutputs, (OrtBinding*))                                                 \
  F(170, OrtStatus*, SessionOptionsAppendExecutionProvider_TensorRT_V2,                          \
    (OrtSessionOptions*, const OrtProviderOptions*))                                             \
  F(171, OrtStatus*, CreateTensorRTProviderOptions, (OrtProviderOptions**))                      \
  F(172, OrtStatus*, UpdateTensorRTProviderOptions,                                              \
    (OrtProviderOptions*, const char* const*, const char* const*, size_t))                       \
  F(174, void, ReleaseTensorRTProviderOptions, (OrtProviderOptions*))                            \
  F(202, OrtStatus*, SynchronizeBoundInputs, (OrtBinding*))                                      \
  F(203, OrtStatus*, SynchronizeBoundOutputs, (OrtBinding*))                                     \
  F(204, OrtStatus*, SessionOptionsAppendExecutionProvider_CUDA_V2,                              \
    (OrtSessionOptions*, const OrtProviderOptions*))                                             \
  F(205, OrtStatus*, CreateCUDAProviderOptions, (OrtProviderOptions**))                          \
  F(206, OrtStatus*, UpdateCUDAProviderOptions,                                                  \
    (OrtProviderOptions*, const char* const*, const char* const*, size_t))                       \
  F(208, void, ReleaseCUDAProviderOptions, (OrtProviderOptions*))                                \
  F(275, OrtStatus*, SessionOptionsAppendExecutionProvider_OpenVINO_V2,                          \
    (OrtSessionOptions*, const char* const*, const char* const*, size_t))

// The functions of ONNX Runtime's C API that are used, taken from their slots in OrtApi.
struct FunctionTable {
#define PEEL_ORT_MEMBER(slot, result, name, parameters) result(*name) parameters = nullptr;
  PEEL_ORT_FUNCTIONS(PEEL_ORT_MEMBER)
#undef PEEL_ORT_MEMBER

  // table: what GetApi(kApiVersion) gave.
  void Load(const void* const* table);

  // Takes a status of the library; its text with the code that fits.
  Status ToStatus(OrtStatus* status) const;
};

// Returns from the enclosing function, which gives a Status or a Result, where the call failed.
#define PEEL_ORT_RETURN_IF_ERROR(api, call) PEEL_RETURN_IF_ERROR((api).ToStatus((api).call))

// Frees an object of the library by the function that does.
template <typename T>
class Owned {
 public:
  Owned() = default;
  explicit Owned(void (*release)(T*)) : release_(release) {}
  Owned(Owned&& other) noexcept : value_(other.value_), release_(other.release_) {
    other.value_ = nullptr;
  }
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      Reset();
      value_ = other.value_;
      release_ = other.release_;
      other.value_ = nullptr;
    }
    return *this;
  }
  ~Owned() { Reset(); }
  T* get() const { return value_; }
  T** out() { return &value_; }
  explicit operator bool() const { return value_ != nullptr; }

 private:
  void Reset() {
    if (value_ != nullptr) release_(value_);
    value_ = nullptr;
  }
  T* value_ = nullptr;
  void (*release_)(T*) = nullptr;
};

}  // namespace peel::engine::ort
