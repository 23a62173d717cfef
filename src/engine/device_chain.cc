#include "src/engine/device_chain.h"

#include <filesystem>
#include <string_view>

#include "src/base/os/dynamic_library.h"
#include "src/engine/ort/explain.h"
#include "src/engine/ort/needed.h"
#include "src/engine/ort/providers.h"

namespace peel::engine {
namespace {

namespace fs = std::filesystem;

// A library of CUDA's family: the names it may have here, and how it tells its version.
struct Known {
  const char* title;
  std::vector<std::string> names;
  const char* version_symbol;  // null: told by the name
};

std::vector<Known> KnownLibraries() {
  return {{"CUDA runtime",
           {"libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0"},
           "cudaRuntimeGetVersion"},
          {"cuBLAS", {"libcublas.so.13", "libcublas.so.12", "libcublas.so.11"}, nullptr},
          {"cuDNN", {"libcudnn.so.9", "libcudnn.so.8"}, "cudnnGetVersion"},
          {"TensorRT", {"libnvinfer.so.10", "libnvinfer.so.8"}, "getInferLibVersion"}};
}

// 91002 -> 9.10.2; before version 9 of cuDNN and 10 of TensorRT thousands were the major version.
std::string Decimal(int64_t number) {
  const int64_t major = number >= 10000 ? number / 10000 : number / 1000;
  const int64_t rest = number >= 10000 ? number % 10000 : number % 1000;
  return std::to_string(major) + "." + std::to_string(rest / 100) + "." +
         std::to_string(rest % 100);
}

std::string VersionOf(void* library, const Known& known, const std::string& name) {
  void* symbol =
      known.version_symbol != nullptr ? FindSymbol(library, known.version_symbol) : nullptr;
  if (symbol == nullptr) return std::to_string(ort::MajorVersion(name));
  const std::string_view which = known.version_symbol;
  if (which == "cudaRuntimeGetVersion") {
    int version = 0;
    reinterpret_cast<int (*)(int*)>(symbol)(&version);
    return ort::CudaVersionText(version);
  }
  if (which == "cudnnGetVersion") {
    return Decimal(static_cast<int64_t>(reinterpret_cast<size_t (*)()>(symbol)()));
  }
  return Decimal(reinterpret_cast<int (*)()>(symbol)());
}

std::string FileOf(void* library, const std::string& name) {
  const std::string folder = FolderOfLibrary(library);
  return folder.empty() ? name : (fs::path(folder) / name).string();
}

ChainLink Look(const Known& known, const std::vector<std::string>& wanted,
               const std::vector<std::string>& folders, int cuda_major) {
  ChainLink link;
  link.name = known.title;
  std::vector<std::string> names = known.names;
  // What the providers of this ONNX Runtime ask for is what counts, and nothing else.
  for (const std::string& name : wanted) {
    const std::string_view stem =
        std::string_view{known.names[0]}.substr(0, known.names[0].find(".so"));
    if (name.starts_with(std::string(stem) + ".so")) names = {name};
  }
  for (const std::string& name : names) {
    void* library = OpenLibrary(name, kLibraryLazy | kLibraryStays);
    for (size_t i = 0; library == nullptr && i < folders.size(); ++i) {
      const std::string path = folders[i] + "/" + name;
      std::error_code error;
      if (!fs::exists(path, error)) continue;
      ort::Preload(path, folders);
      library = OpenLibrary(path, kLibraryLazy | kLibraryStays);
    }
    if (library == nullptr) continue;
    link.found = true;
    link.version = VersionOf(library, known, name);
    link.path = FileOf(library, name);
    return link;
  }
  for (const std::string& name : names) link.reason += (link.reason.empty() ? "" : ", ") + name;
  link.reason += " not found by the dynamic linker";
  link.remedy = ort::HowToGetLibrary(names[0], cuda_major);
  return link;
}

DeviceState StateOf(const Result<std::shared_ptr<const ort::Library>>& library, Device device) {
  DeviceState state;
  state.backend = BackendKind::kOnnxRuntime;
  state.device = device;
  const ort::Refusal refusal =
      library.ok() ? ort::CheckDevice(**library, device) : ort::NoRuntime(device, library.status());
  state.possible = refusal.empty();
  state.reason = refusal.reason;
  state.remedy = refusal.remedy;
  return state;
}

}  // namespace

DeviceChain ReadDeviceChain(const RuntimeOptions& options) {
  DeviceChain chain;
  chain.driver = ort::ReadDriver();
  const auto library = ort::Library::Find(options, &chain.passed_over);
  chain.runtime.name = "ONNX Runtime";
  std::vector<std::string> wanted, folders;
  int cuda_major = chain.driver.cuda_version / 1000;
  if (library.ok()) {
    chain.runtime.found = true;
    chain.runtime.version = (*library)->version();
    chain.runtime.path = (*library)->path();
    chain.providers = (*library)->providers();
    folders = ort::AcceleratorFolders((*library)->folder());
    for (const Device device : {Device::kCuda, Device::kTensorRt}) {
      const auto needed = NeededLibraries(ort::ProviderLibrary(**library, device));
      if (!needed.ok()) continue;
      for (const std::string& name : *needed) {
        if (name.starts_with("libcudart.so.")) cuda_major = ort::MajorVersion(name);
        wanted.push_back(name);
      }
    }
  } else {
    chain.runtime.reason = library.status().message();
    chain.runtime.remedy =
        "`pip install onnxruntime`, for NVIDIA GPUs `pip install "
        "onnxruntime-gpu`";
  }
  for (const Known& known : KnownLibraries()) {
    chain.libraries.push_back(Look(known, wanted, folders, cuda_major));
  }
  chain.devices.push_back({BackendKind::kNative, Device::kCpu, true, "", ""});
  for (const Device device : {Device::kCpu, Device::kCuda, Device::kTensorRt, Device::kOpenVino}) {
    chain.devices.push_back(StateOf(library, device));
  }
  return chain;
}

}  // namespace peel::engine
