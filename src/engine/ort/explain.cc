#include "src/engine/ort/explain.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/os/dynamic_library.h"
#include "src/engine/ort/driver.h"
#include "src/engine/ort/needed.h"
#include "src/engine/ort/providers.h"

namespace peel::engine::ort {
namespace {

namespace fs = std::filesystem;

// The oldest Linux drivers for a major version of CUDA, from NVIDIA's table of compatibility.
constexpr std::pair<int, const char*> kOldestDriver[] = {
    {11, "450.80"}, {12, "525.60"}, {13, "580"}};

std::string OldestDriver(int cuda_major) {
  for (const auto& [major, driver] : kOldestDriver) {
    if (major == cuda_major) return driver;
  }
  return "";
}

// Which CUDA the provider's library was built with, by what it needs; 0 where that does not tell.
int CudaMajor(const std::string& provider_library) {
  const auto needed = NeededLibraries(provider_library);
  if (!needed.ok()) return 0;
  for (const std::string& name : *needed) {
    if (name.starts_with("libcudart.so.") || name.starts_with("libcublas.so.")) {
      return MajorVersion(name);
    }
  }
  return 0;
}

std::string WithSuffix(const char* package, int cuda_major) {
  return "`pip install " + std::string(package) + "-cu" + std::to_string(cuda_major) + "`";
}

Refusal CheckNvidia(const std::string& path) {
  const Driver driver = ReadDriver();
  if (!driver.usable()) return {driver.reason, driver.remedy};
  const int major = CudaMajor(path);
  if (major > 0 && driver.cuda_version > 0 && driver.cuda_version / 1000 < major) {
    const std::string oldest = OldestDriver(major);
    return {"the NVIDIA driver is too old: it serves CUDA " + CudaVersionText(driver.cuda_version) +
                ", this ONNX Runtime needs " + std::to_string(major),
            "update the driver" + (oldest.empty() ? "" : " to " + oldest + " or newer") +
                ", or install an onnxruntime-gpu for an older CUDA"};
  }
  return {};
}

}  // namespace

std::string HowToGetLibrary(const std::string& name, int cuda_major) {
  const auto is = [&](std::string_view stem) { return name.starts_with(stem); };
  if (is("libcuda.so")) return "install the NVIDIA driver";
  const int major = cuda_major > 0 ? cuda_major : 12;
  if (is("libnvinfer") || is("libnvonnxparser")) return WithSuffix("tensorrt", major);
  if (is("libcudnn")) return WithSuffix("nvidia-cudnn", major);
  const bool cuda = is("libcu") || is("libnvrtc") || is("libnvJitLink");
  if (!cuda) return "install the package that has " + name;
  // From CUDA 13 on the packages carry no suffix.
  const char* package = is("libcublas")     ? "nvidia-cublas"
                        : is("libcudart")   ? "nvidia-cuda-runtime"
                        : is("libcufft")    ? "nvidia-cufft"
                        : is("libcurand")   ? "nvidia-curand"
                        : is("libnvrtc")    ? "nvidia-cuda-nvrtc"
                        : is("libcusparse") ? "nvidia-cusparse"
                        : is("libcusolver") ? "nvidia-cusolver"
                                            : "nvidia-nvjitlink";
  if (major >= 13) return "`pip install \"" + std::string(package) + "\"`";
  return WithSuffix(package, major);
}

Refusal NoRuntime(Device device, const Status& not_found) {
  const bool nvidia = device == Device::kCuda || device == Device::kTensorRt;
  if (nvidia) return {not_found.message(), "for NVIDIA GPUs: `pip install onnxruntime-gpu`"};
  if (device == Device::kOpenVino) {
    return {not_found.message(), "for OpenVINO: `pip install onnxruntime-openvino`"};
  }
  return {not_found.message(), ""};
}

Refusal CheckDevice(const Library& library, Device device) {
  if (device == Device::kCpu || device == Device::kAuto) return {};
  const bool nvidia = device != Device::kOpenVino;
  const std::string path = ProviderLibrary(library, device);
  std::error_code error;
  if (!library.HasProvider(ProviderName(device))) {
    const std::string package = nvidia ? "onnxruntime-gpu" : "onnxruntime-openvino";
    return {"ONNX Runtime " + library.version() + " (" + library.path() + ") is a build without " +
                std::string(ProviderName(device)),
            "`pip uninstall -y onnxruntime && pip install " + package + "` brings one with it"};
  }
  if (nvidia) {
    Refusal refusal = CheckNvidia(path);
    if (!refusal.empty()) return refusal;
  }
  if (!fs::exists(path, error)) return {};  // built in, or the library says so itself
  Preload(path, AcceleratorFolders(library.folder()));
  const std::vector<MissingLibrary> missing = FindMissing(path);
  if (missing.empty()) return {};
  const int cuda_major = CudaMajor(path);
  Refusal refusal;
  refusal.reason = fs::path(path).filename().string() + " cannot be loaded: " + missing[0].reason;
  refusal.remedy = HowToGetLibrary(missing[0].name, cuda_major);
  for (size_t i = 1; i < missing.size(); ++i) {
    refusal.reason += (i == 1 ? "; also missing: " : ", ") + missing[i].name;
    const std::string remedy = HowToGetLibrary(missing[i].name, cuda_major);
    if (refusal.remedy.find(remedy) == std::string::npos) refusal.remedy += ", " + remedy;
  }
  const auto is_tensorrt = [](const MissingLibrary& one) { return one.name.starts_with("libnv"); };
  if (nvidia && !std::ranges::all_of(missing, is_tensorrt)) {
    refusal.remedy += ", or all of CUDA's: `pip install \"onnxruntime-gpu[cuda,cudnn]\"`";
  }
  return refusal;
}

Refusal ExplainFailure(const Library& library, Device device, const Status& failure) {
  Refusal refusal = CheckDevice(library, device);
  if (!refusal.empty()) return refusal;
  std::string words = failure.message();
  // What it has warned of before it gave up says more than what it gave up with.
  if (words.find("Failed to load shared library") != std::string::npos) {
    const std::string warnings = Library::TakeWarnings();
    if (!warnings.empty()) words += " (" + warnings.substr(0, warnings.find('\n')) + ")";
  }
  const bool memory = failure.code() == StatusCode::kOutOfMemory ||
                      words.find("CUDA failure 2:") != std::string::npos;
  if (memory) {
    return {"the device is out of memory (" + words + ")",
            "end what else uses it (`nvidia-smi` lists it), or take a smaller model"};
  }
  // Functions of the driver that it has only in later versions.
  constexpr std::string_view kSymbol = "undefined symbol: cu";
  if (const size_t at = words.find(kSymbol); at != std::string::npos) {
    const size_t begin = at + kSymbol.size() - 2;
    const std::string symbol = words.substr(begin, words.find_first_of(" ,;()", begin) - begin);
    return {"the NVIDIA driver is too old: it lacks " + symbol + ", which ONNX Runtime's " +
                fs::path(ProviderLibrary(library, device)).filename().string() + " calls",
            "update the NVIDIA driver"};
  }
  // A library that is only loaded when it is first needed, such as cuDNN.
  for (const char* stem : {"libcudnn", "libcublas", "libcufft", "libnvrtc", "libnvinfer"}) {
    const size_t at = words.find(stem);
    if (at == std::string::npos) continue;
    const std::string name = words.substr(at, words.find_first_of(" :,;'\")", at) - at);
    const int major = CudaMajor(ProviderLibrary(library, device));
    return {words, HowToGetLibrary(name, major)};
  }
  return {words, "`peel doctor` shows what the device needs"};
}

}  // namespace peel::engine::ort
