#include "src/engine/ort/driver.h"

#include <sstream>

#include "src/base/os/dynamic_library.h"
#include "src/base/os/machine.h"

namespace peel::engine::ort {
namespace {

// libcuda.so.1, by the names and numbers of CUDA's driver interface.
struct Cuda {
  int (*Init)(unsigned) = nullptr;
  int (*DriverGetVersion)(int*) = nullptr;
  int (*DeviceGetCount)(int*) = nullptr;
  int (*DeviceGet)(int*, int) = nullptr;
  int (*DeviceGetName)(char*, int, int) = nullptr;
  int (*DeviceTotalMem)(size_t*, int) = nullptr;
  int (*DeviceGetAttribute)(int*, int, int) = nullptr;
};
constexpr int kComputeMajor = 75, kComputeMinor = 76;
constexpr int kErrorNoDevice = 100;
constexpr int kErrorOutOfMemory = 2;
constexpr int kErrorDriverMismatch = 803;  // library and kernel module are of two versions
constexpr int kErrorCompatibility = 804;   // a forward-compatible library on hardware without it
constexpr int kErrorInsufficientDriver = 35;

template <typename F>
void Symbol(void* library, const char* name, F** function) {
  *function = reinterpret_cast<F*>(FindSymbol(library, name));
}

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  …": the word that looks like one.
std::string KernelModuleVersion() {
  std::istringstream words(NvidiaKernelModule());
  for (std::string word; words >> word;) {
    if (word.find_first_not_of("0123456789.") == std::string::npos &&
        word.find('.') != std::string::npos) {
      return word;
    }
  }
  return "";
}

void ReadFreeMemory(std::vector<Gpu>& gpus) {
  void* library = OpenLibrary("libnvidia-ml.so.1", kLibraryNow | kLibraryStays);
  if (library == nullptr) return;
  struct Memory {
    unsigned long long total, free, used;  // NOLINT(google-runtime-int): NVML's own
  };
  int (*init)() = nullptr;
  int (*handle_by_index)(unsigned, void**) = nullptr;
  int (*memory_info)(void*, Memory*) = nullptr;
  Symbol(library, "nvmlInit_v2", &init);
  Symbol(library, "nvmlDeviceGetHandleByIndex_v2", &handle_by_index);
  Symbol(library, "nvmlDeviceGetMemoryInfo", &memory_info);
  if (init == nullptr || handle_by_index == nullptr || memory_info == nullptr || init() != 0) {
    return;
  }
  for (size_t i = 0; i < gpus.size(); ++i) {
    void* handle = nullptr;
    Memory memory = {};
    if (handle_by_index(static_cast<unsigned>(i), &handle) == 0 &&
        memory_info(handle, &memory) == 0) {
      gpus[i].memory_free_bytes = memory.free;
    }
  }
}

void Refuse(Driver& driver, std::string reason, std::string remedy) {
  driver.reason = std::move(reason);
  driver.remedy = std::move(remedy);
}

void ExplainInit(Driver& driver, int code) {
  const std::string number = " (CUDA error " + std::to_string(code) + ")";
  if (code == kErrorNoDevice) {
    Refuse(driver, "the NVIDIA driver sees no GPU" + number,
           "look at `nvidia-smi`, at CUDA_VISIBLE_DEVICES, and in a container for `--gpus all`");
  } else if (code == kErrorDriverMismatch) {
    Refuse(driver, "the NVIDIA driver's library and its kernel module are of two versions" + number,
           "restart the machine after the driver's update");
  } else if (code == kErrorInsufficientDriver || code == kErrorCompatibility) {
    Refuse(driver, "the NVIDIA driver is too old" + number, "update the NVIDIA driver");
  } else if (code == kErrorOutOfMemory) {
    Refuse(driver, "the GPU is out of memory" + number, "end what uses it: `nvidia-smi` lists it");
  } else {
    Refuse(driver, "the NVIDIA driver does not start" + number, "look at `nvidia-smi` and `dmesg`");
  }
}

}  // namespace

std::string CudaVersionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

Driver ReadDriver() {
  Driver driver;
  driver.version = KernelModuleVersion();
  std::string why;
  void* library = OpenLibrary("libcuda.so.1", kLibraryNow | kLibraryStays, &why);
  if (library == nullptr) {
    const std::string words = why.empty() ? "libcuda.so.1 cannot be loaded" : why;
    if (driver.version.empty()) {
      Refuse(driver, "there is no NVIDIA driver (" + words + ")",
             "with an NVIDIA GPU, install its driver; `nvidia-smi` then shows it");
    } else {
      Refuse(driver, "the NVIDIA driver's library is missing (" + words + ")",
             "install the driver's libraries; in a container run it with `--gpus all`");
    }
    return driver;
  }
  Cuda cuda;
  Symbol(library, "cuInit", &cuda.Init);
  Symbol(library, "cuDriverGetVersion", &cuda.DriverGetVersion);
  Symbol(library, "cuDeviceGetCount", &cuda.DeviceGetCount);
  Symbol(library, "cuDeviceGet", &cuda.DeviceGet);
  Symbol(library, "cuDeviceGetName", &cuda.DeviceGetName);
  Symbol(library, "cuDeviceTotalMem_v2", &cuda.DeviceTotalMem);
  Symbol(library, "cuDeviceGetAttribute", &cuda.DeviceGetAttribute);
  if (cuda.Init == nullptr || cuda.DeviceGetCount == nullptr) {
    Refuse(driver, "libcuda.so.1 is not NVIDIA's", "install the NVIDIA driver");
    return driver;
  }
  const std::string file = FileOfAddress(reinterpret_cast<void*>(cuda.Init));
  driver.library = file.empty() ? "libcuda.so.1" : file;
  if (cuda.DriverGetVersion != nullptr) cuda.DriverGetVersion(&driver.cuda_version);
  if (const int code = cuda.Init(0); code != 0) {
    ExplainInit(driver, code);
    return driver;
  }
  int count = 0;
  if (const int code = cuda.DeviceGetCount(&count); code != 0 || count == 0) {
    ExplainInit(driver, code == 0 ? kErrorNoDevice : code);
    return driver;
  }
  for (int i = 0; i < count; ++i) {
    int device = 0;
    Gpu gpu;
    char name[256] = "";
    size_t memory = 0;
    if (cuda.DeviceGet == nullptr || cuda.DeviceGet(&device, i) != 0) continue;
    if (cuda.DeviceGetName != nullptr) cuda.DeviceGetName(name, sizeof(name), device);
    if (cuda.DeviceTotalMem != nullptr) cuda.DeviceTotalMem(&memory, device);
    if (cuda.DeviceGetAttribute != nullptr) {
      cuda.DeviceGetAttribute(&gpu.compute_major, kComputeMajor, device);
      cuda.DeviceGetAttribute(&gpu.compute_minor, kComputeMinor, device);
    }
    gpu.name = name;
    gpu.memory_bytes = memory;
    driver.gpus.push_back(std::move(gpu));
  }
  ReadFreeMemory(driver.gpus);
  return driver;
}

}  // namespace peel::engine::ort
