#include "src/engine/ort/providers.h"

#include <filesystem>
#include <system_error>

#include "src/base/cache_file.h"
#include "src/engine/ort/needed.h"

namespace peel::engine::ort {
namespace {

namespace fs = std::filesystem;

void AddGlob(std::vector<std::string>& folders, const fs::path& parent, const char* below) {
  std::error_code error;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    const fs::path folder = it->path() / below;
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) folders.push_back(folder.string());
  }
}

std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

}  // namespace

std::string TensorRtCacheFolder() {
  const std::string cache = CacheFolder();
  if (cache.empty()) return "";
  const fs::path folder = fs::path(cache) / "tensorrt";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder, error)) return "";
  fs::permissions(folder, fs::perms::owner_all, error);  // engines are code that will be run
  return folder.string();
}

ProviderSettings SettingsFor(Device device, Precision precision, const RuntimeOptions& options,
                             const std::string& cache_folder, int threads) {
  ProviderSettings settings;
  switch (device) {
    case Device::kCuda:
      settings.Add("device_id", std::to_string(options.gpu));
      settings.Add("arena_extend_strategy", "kSameAsRequested");
      settings.Add("cudnn_conv_algo_search", "EXHAUSTIVE");
      // float32 means float32: TF32 rounds operands to 10 bits.
      settings.Add("use_tf32", precision == Precision::kFp32 ? "0" : "1");
      break;
    case Device::kTensorRt:
      settings.Add("device_id", std::to_string(options.gpu));
      settings.Add("trt_fp16_enable", precision == Precision::kFp16 ? "1" : "0");
      settings.Add("trt_int8_enable", precision == Precision::kInt8 ? "1" : "0");
      if (!cache_folder.empty()) {
        settings.Add("trt_engine_cache_enable", "1");
        settings.Add("trt_engine_cache_path", cache_folder);
        settings.Add("trt_timing_cache_enable", "1");
        settings.Add("trt_timing_cache_path", cache_folder);
      }
      break;
    case Device::kOpenVino:
      settings.Add("device_type", options.openvino);
      if (threads > 0) settings.Add("num_of_threads", std::to_string(threads));
      // Its CPU knows float32 alone.
      settings.Add("precision", precision == Precision::kFp16 && options.openvino != "CPU"
                                    ? "FP16"
                                    : "ACCURACY");
      break;
    case Device::kAuto:
    case Device::kCpu:
      break;
  }
  return settings;
}

std::string ProviderLibrary(const Library& library, Device device) {
  const char* name = nullptr;
  if (device == Device::kCuda) name = "libonnxruntime_providers_cuda.so";
  if (device == Device::kTensorRt) name = "libonnxruntime_providers_tensorrt.so";
  if (device == Device::kOpenVino) name = "libonnxruntime_providers_openvino.so";
  return name == nullptr ? "" : (fs::path(library.folder()) / name).string();
}

std::vector<std::string> AcceleratorFolders(const std::string& runtime_folder) {
  std::vector<std::string> folders;
  // site-packages/onnxruntime/capi -> site-packages.
  const fs::path packages = fs::path(runtime_folder).parent_path().parent_path();
  AddGlob(folders, packages / "nvidia", "lib");
  std::error_code error;
  for (const char* name : {"tensorrt_libs", "tensorrt"}) {
    if (fs::is_directory(packages / name, error)) folders.push_back((packages / name).string());
  }
  for (const char* name : {"/usr/local/cuda/lib64", "/usr/lib/wsl/lib", "/opt/cuda/lib64"}) {
    if (fs::is_directory(name, error)) folders.emplace_back(name);
  }
  for (fs::directory_iterator it("/usr/local", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->path().filename().string().starts_with("cuda-") &&
        fs::is_directory(it->path() / "lib64", ignored)) {
      folders.push_back((it->path() / "lib64").string());
    }
  }
  return folders;
}

Status AppendProvider(const Library& library, Device device, const ProviderSettings& settings,
                      OrtSessionOptions* to) {
  const FunctionTable& api = library.api();
  if (device == Device::kCpu || device == Device::kAuto) return OkStatus();
  if (!library.HasProvider(ProviderName(device))) {
    return Unsupported("ONNX Runtime " + library.version() + " (" + library.path() +
                       ") is a build without " + std::string(ProviderName(device)));
  }
  const std::string path = ProviderLibrary(library, device);
  std::error_code error;
  if (fs::exists(path, error)) Preload(path, AcceleratorFolders(library.folder()));
  const auto keys = Pointers(settings.keys), values = Pointers(settings.values);
  if (device == Device::kCuda) {
    Owned<OrtProviderOptions> options(api.ReleaseCUDAProviderOptions);
    PEEL_ORT_RETURN_IF_ERROR(api, CreateCUDAProviderOptions(options.out()));
    PEEL_ORT_RETURN_IF_ERROR(
        api, UpdateCUDAProviderOptions(options.get(), keys.data(), values.data(), keys.size()));
    return api.ToStatus(api.SessionOptionsAppendExecutionProvider_CUDA_V2(to, options.get()));
  }
  if (device == Device::kTensorRt) {
    Owned<OrtProviderOptions> options(api.ReleaseTensorRTProviderOptions);
    PEEL_ORT_RETURN_IF_ERROR(api, CreateTensorRTProviderOptions(options.out()));
    PEEL_ORT_RETURN_IF_ERROR(
        api, UpdateTensorRTProviderOptions(options.get(), keys.data(), values.data(), keys.size()));
    return api.ToStatus(api.SessionOptionsAppendExecutionProvider_TensorRT_V2(to, options.get()));
  }
  return api.ToStatus(api.SessionOptionsAppendExecutionProvider_OpenVINO_V2(
      to, keys.data(), values.data(), keys.size()));
}

}  // namespace peel::engine::ort
