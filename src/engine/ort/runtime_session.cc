#include "src/engine/ort/runtime_session.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "src/base/os/file.h"
#include "src/base/thread_pool.h"
#include "src/engine/onnx/reader.h"
#include "src/engine/ort/providers.h"

namespace peel::engine::ort {
namespace {

namespace fs = std::filesystem;

constexpr int kDeviceAllocator = 0, kDefaultMemory = 0;

// A folder of this process' own for a profile; "" where none can be made.
std::string ScratchFolder() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  return MakeTemporaryFolder(((error ? fs::path("/tmp") : parent) / "peel-profile-").string());
}

Result<Owned<OrtSessionOptions>> MakeOptions(const Library& library, const SessionOptions& options,
                                             Device device, const RuntimeOptions& runtime,
                                             int threads, const std::string& profile_folder) {
  const FunctionTable& api = library.api();
  Owned<OrtSessionOptions> made(api.ReleaseSessionOptions);
  PEEL_ORT_RETURN_IF_ERROR(api, CreateSessionOptions(made.out()));
  OrtSessionOptions* o = made.get();
  PEEL_ORT_RETURN_IF_ERROR(api, SetSessionGraphOptimizationLevel(o, runtime.graph_optimization));
  PEEL_ORT_RETURN_IF_ERROR(api, SetIntraOpNumThreads(o, threads));
  PEEL_ORT_RETURN_IF_ERROR(api, SetInterOpNumThreads(o, runtime.inter_threads));
  PEEL_ORT_RETURN_IF_ERROR(api, SetSessionExecutionMode(o, runtime.parallel ? 1 : 0));
  if (runtime.arena) {
    PEEL_ORT_RETURN_IF_ERROR(api, EnableCpuMemArena(o));
  } else {
    PEEL_ORT_RETURN_IF_ERROR(api, DisableCpuMemArena(o));
    PEEL_ORT_RETURN_IF_ERROR(api, DisableMemPattern(o));
  }
  if (!profile_folder.empty()) {
    PEEL_ORT_RETURN_IF_ERROR(api, EnableProfiling(o, (profile_folder + "/run").c_str()));
  }
  const std::string cache = device == Device::kTensorRt ? TensorRtCacheFolder() : "";
  PEEL_RETURN_IF_ERROR(AppendProvider(
      library, device, SettingsFor(device, options.precision, runtime, cache, threads), o));
  // What TensorRT leaves goes to CUDA, where that is available.
  if (device == Device::kTensorRt) {
    const Status cuda =
        AppendProvider(library, Device::kCuda,
                       SettingsFor(Device::kCuda, options.precision, runtime, "", threads), o);
    static_cast<void>(cuda.ok());
  }
  return made;
}

}  // namespace

Result<std::unique_ptr<RuntimeSession>> RuntimeSession::Make(
    // NOLINTNEXTLINE(performance-unnecessary-value-param): the session keeps it
    std::shared_ptr<const Library> library, const ModelBytes& model, const SessionOptions& options,
    Device device, const RuntimeOptions& runtime, bool profile) {
  std::unique_ptr<RuntimeSession> session(new RuntimeSession());
  const FunctionTable& api = library->api();
  session->library_ = library;
  session->name_ = model.name;
  session->device_ = device;
  session->threads_ = LibraryThreads(options.pool);
  if (profile) {
    session->profile_folder_ = ScratchFolder();
    if (session->profile_folder_.empty()) {
      return IoError(
          "there is no folder for ONNX Runtime's profile; set TMPDIR to one that can be "
          "written");
    }
  }
  Library::TakeWarnings();
  PEEL_ASSIGN_OR_RETURN(const auto made, MakeOptions(*library, options, device, runtime,
                                                     session->threads_, session->profile_folder_));
  session->session_ = Owned<OrtSession>(api.ReleaseSession);
  // From its file, so that external data are found beside it.
  if (model.file && !model.directory.empty()) {
    PEEL_ORT_RETURN_IF_ERROR(api, CreateSession(library->env(), model.name.c_str(), made.get(),
                                                session->session_.out()));
  } else {
    PEEL_ORT_RETURN_IF_ERROR(
        api, CreateSessionFromArray(library->env(), model.bytes.data(), model.bytes.size(),
                                    made.get(), session->session_.out()));
  }
  PEEL_RETURN_IF_ERROR(session->Describe());
  return session;
}

RuntimeSession::~RuntimeSession() {
  session_ = {};  // an unread profile is written now
  if (profile_folder_.empty()) return;
  std::error_code error;
  fs::remove_all(profile_folder_, error);
}

std::string RuntimeSession::Taken(char* text) const {
  std::string copy = text != nullptr ? text : "";
  if (text != nullptr) {
    static_cast<void>(
        library_->api().ToStatus(library_->api().AllocatorFree(allocator_, text)).ok());
  }
  return copy;
}

Status RuntimeSession::Describe() {
  const FunctionTable& api = library_->api();
  PEEL_ORT_RETURN_IF_ERROR(api, GetAllocatorWithDefaultOptions(&allocator_));
  host_ = Owned<OrtMemoryInfo>(api.ReleaseMemoryInfo);
  PEEL_ORT_RETURN_IF_ERROR(api, CreateCpuMemoryInfo(kDeviceAllocator, kDefaultMemory, host_.out()));
  if (device_ == Device::kCuda || device_ == Device::kTensorRt) {
    Owned<OrtMemoryInfo> pinned(api.ReleaseMemoryInfo);
    Owned<OrtAllocator> proof(api.ReleaseAllocator);
    if (api.ToStatus(api.CreateMemoryInfo("CudaPinned", kDeviceAllocator, 0, kDefaultMemory,
                                          pinned.out()))
            .ok() &&
        api.ToStatus(api.CreateAllocator(session_.get(), pinned.get(), proof.out())).ok()) {
      pinned_ = std::move(pinned);
    }
  }
  PEEL_RETURN_IF_ERROR(ReadPorts(true, &inputs_));
  PEEL_RETURN_IF_ERROR(ReadPorts(false, &outputs_));
  return ReadMetadata();
}

Status RuntimeSession::ReadPorts(bool inputs, std::vector<Port>* ports) const {
  const FunctionTable& api = library_->api();
  const OrtSession* session = session_.get();
  size_t count = 0;
  PEEL_RETURN_IF_ERROR(api.ToStatus(inputs ? api.SessionGetInputCount(session, &count)
                                           : api.SessionGetOutputCount(session, &count)));
  for (size_t i = 0; i < count; ++i) {
    Port port;
    char* name = nullptr;
    Owned<OrtTypeInfo> type(api.ReleaseTypeInfo);
    PEEL_RETURN_IF_ERROR(
        api.ToStatus(inputs ? api.SessionGetInputName(session, i, allocator_, &name)
                            : api.SessionGetOutputName(session, i, allocator_, &name)));
    port.name = Taken(name);
    PEEL_RETURN_IF_ERROR(api.ToStatus(inputs
                                          ? api.SessionGetInputTypeInfo(session, i, type.out())
                                          : api.SessionGetOutputTypeInfo(session, i, type.out())));
    const OrtTensorInfo* tensor = nullptr;  // the type's own
    PEEL_ORT_RETURN_IF_ERROR(api, CastTypeInfoToTensorInfo(type.get(), &tensor));
    if (tensor == nullptr) {
      return Unsupported(std::string(inputs ? "input" : "output") + " '" + port.name +
                         "' is no tensor");
    }
    int element = 0;
    size_t rank = 0;
    PEEL_ORT_RETURN_IF_ERROR(api, GetTensorElementType(tensor, &element));
    port.type = static_cast<DataType>(element);  // both number as ONNX does
    if (DataTypeSize(port.type) == 0) {
      return Unsupported(std::string(inputs ? "input" : "output") + " '" + port.name +
                         "' has elements of a type that Peel does not hold");
    }
    PEEL_ORT_RETURN_IF_ERROR(api, GetDimensionsCount(tensor, &rank));
    port.has_shape = true;
    port.shape.resize(rank);
    std::vector<const char*> names(rank, nullptr);
    PEEL_ORT_RETURN_IF_ERROR(api, GetDimensions(tensor, port.shape.data(), rank));
    PEEL_ORT_RETURN_IF_ERROR(api, GetSymbolicDimensions(tensor, names.data(), rank));
    for (size_t d = 0; d < rank; ++d) {
      const bool symbolic = port.shape[d] < 0;
      port.dim_names.emplace_back(symbolic && names[d] != nullptr ? names[d] : "");
    }
    // An undeclared shape looks like a scalar's here; a network's picture is none.
    if (rank == 0) port.has_shape = false;
    ports->push_back(std::move(port));
  }
  return OkStatus();
}

Status RuntimeSession::ReadMetadata() {
  const FunctionTable& api = library_->api();
  Owned<OrtMetadata> metadata(api.ReleaseModelMetadata);
  PEEL_ORT_RETURN_IF_ERROR(api, SessionGetModelMetadata(session_.get(), metadata.out()));
  char* text = nullptr;
  PEEL_ORT_RETURN_IF_ERROR(api, ModelMetadataGetGraphName(metadata.get(), allocator_, &text));
  info_.graph_name = Taken(text);
  char** keys = nullptr;
  int64_t count = 0;
  PEEL_ORT_RETURN_IF_ERROR(
      api, ModelMetadataGetCustomMetadataMapKeys(metadata.get(), allocator_, &keys, &count));
  for (int64_t i = 0; i < count; ++i) {
    const std::string key = Taken(keys[i]);
    char* value = nullptr;
    PEEL_ORT_RETURN_IF_ERROR(
        api, ModelMetadataLookupCustomMetadataMap(metadata.get(), allocator_, key.c_str(), &value));
    metadata_[key] = Taken(value);
  }
  if (keys != nullptr) PEEL_ORT_RETURN_IF_ERROR(api, AllocatorFree(allocator_, keys));
  return OkStatus();
}

Result<ProfileFacts> RuntimeSession::EndProfile() {
  const FunctionTable& api = library_->api();
  char* path = nullptr;
  PEEL_ORT_RETURN_IF_ERROR(api, SessionEndProfiling(session_.get(), allocator_, &path));
  const std::string file = Taken(path);
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)),
                         std::istreambuf_iterator<char>());
  std::error_code error;
  fs::remove_all(profile_folder_, error);
  profile_folder_.clear();
  return ReadProfile(text);
}

RunsOn RuntimeSession::runs_on() const {
  RunsOn on;
  on.backend = BackendKind::kOnnxRuntime;
  on.device = device_;
  on.version = library_->version();
  on.nodes = facts_.nodes;
  return on;
}

Status RuntimeSession::Check(std::span<const NamedTensor> feeds) const {
  for (const NamedTensor& feed : feeds) {
    const auto port = std::ranges::find(inputs_, feed.name, &Port::name);
    if (port == inputs_.end()) {
      return InvalidArgument(name_ + ": has no input '" + feed.name + "'");
    }
    bool fits = feed.tensor.type() == port->type &&
                (!port->has_shape || feed.tensor.shape().size() == port->shape.size());
    for (size_t d = 0; fits && port->has_shape && d < port->shape.size(); ++d) {
      fits = port->shape[d] < 0 || port->shape[d] == feed.tensor.shape()[d];
    }
    if (!fits) {
      return InvalidArgument(name_ + ": input '" + port->name + "' " + DataTypeName(port->type) +
                             " " + ShapeString(port->shape) + " cannot be " +
                             DataTypeName(feed.tensor.type()) + " " +
                             ShapeString(feed.tensor.shape()));
    }
  }
  for (const Port& port : inputs_) {
    const auto count = std::ranges::count(feeds, port.name, &NamedTensor::name);
    if (count != 1) {
      return InvalidArgument(name_ + ": input '" + port.name +
                             (count == 0 ? "' is not fed" : "' is fed more than once"));
    }
  }
  return OkStatus();
}

Status RuntimeSession::CheckFetches(std::span<const std::string> names) const {
  for (const std::string& name : names) {
    if (std::ranges::find(outputs_, name, &Port::name) == outputs_.end()) {
      std::string list;
      for (const Port& port : outputs_) list += (list.empty() ? "'" : ", '") + port.name + "'";
      return InvalidArgument(name_ + ": has no output '" + name + "'; it has " + list);
    }
  }
  return OkStatus();
}

std::string RuntimeSession::Summary() const {
  std::string text = name_ + "\nruns on    ONNX Runtime " + library_->version() + ", " +
                     std::string(DeviceName(device_)) + "\n";
  if (!info_.graph_name.empty()) text += "graph      " + info_.graph_name + "\n";
  for (const Port& port : inputs_) {
    text += "input      '" + port.name + "' " + DataTypeName(port.type) + " " +
            ShapeString(port.shape) + "\n";
  }
  for (const Port& port : outputs_) {
    text += "output     '" + port.name + "' " + DataTypeName(port.type) + " " +
            ShapeString(port.shape) + "\n";
  }
  for (const auto& [key, value] : metadata_) {
    text += "metadata   " + key + " = " + value.substr(0, 200) + "\n";
  }
  return text;
}

Result<std::string> RuntimeSession::PlanText(
    const std::map<std::string, Shape, std::less<>>&) const {
  return Unsupported(name_ + ": ONNX Runtime runs this model and shows no plan");
}

std::unique_ptr<Context> RuntimeSession::NewContext() const { return NewRuntimeContext(*this); }

}  // namespace peel::engine::ort
