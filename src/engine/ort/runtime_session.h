#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/engine/ort/library.h"
#include "src/engine/ort/profile.h"
#include "src/engine/session.h"

namespace peel::engine::ort {

// Session on ONNX Runtime.
class RuntimeSession : public Session {
 public:
  // profile: what runs from now on is written down, for EndProfile; costs those runs a little.
  // options.precision counts for TensorRT and OpenVINO; passes, kernels and extra outputs are the
  // native engine's and do not count. kUnsupported for a device that this library lacks, for inputs
  // or outputs that are no tensors, and for what ONNX Runtime cannot do.
  static Result<std::unique_ptr<RuntimeSession>> Make(std::shared_ptr<const Library> library,
                                                      const ModelBytes& model,
                                                      const SessionOptions& options, Device device,
                                                      const RuntimeOptions& runtime, bool profile);
  ~RuntimeSession() override;

  // Reads what was written since the session began and ends it; the file is removed. Once.
  Result<ProfileFacts> EndProfile();
  // What a run was read back as: for runs_on() and the contexts' Numbers().
  void SetFacts(ProfileFacts facts) { facts_ = std::move(facts); }

  // kInvalidArgument unless feeds are exactly the inputs, of the declared types and shapes.
  Status Check(std::span<const NamedTensor> feeds) const;
  Status CheckFetches(std::span<const std::string> names) const;

  const Library& library() const { return *library_; }
  OrtSession* handle() const { return session_.get(); }
  // Memory of the host from which and to which the device copies fastest; null: any.
  const OrtMemoryInfo* pinned() const { return pinned_.get(); }
  const OrtMemoryInfo* host() const { return host_.get(); }
  OrtAllocator* allocator() const { return allocator_; }
  const NumberReport& numbers() const { return facts_.numbers; }
  const std::string& name() const { return name_; }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return metadata_;
  }
  ModelInfo Info() const override { return info_; }
  std::unique_ptr<Context> NewContext() const override;
  std::string Summary() const override;
  Result<std::string> PlanText(
      const std::map<std::string, Shape, std::less<>>& shapes) const override;
  int threads() const override { return threads_; }
  RunsOn runs_on() const override;

 private:
  RuntimeSession() = default;
  Status Describe();
  Status ReadPorts(bool inputs, std::vector<Port>* ports) const;
  Status ReadMetadata();
  std::string Taken(char* text) const;  // takes ONNX Runtime's text

  std::shared_ptr<const Library> library_;
  Owned<OrtSession> session_;
  Owned<OrtMemoryInfo> host_, pinned_;
  OrtAllocator* allocator_ = nullptr;  // the library's own, never freed
  std::string name_, profile_folder_;
  Device device_ = Device::kCpu;
  int threads_ = 1;
  std::vector<Port> inputs_, outputs_;
  std::map<std::string, std::string, std::less<>> metadata_;
  ModelInfo info_;
  ProfileFacts facts_;
};

// A context that feeds and fetches through ONNX Runtime's I/O binding.
std::unique_ptr<Context> NewRuntimeContext(const RuntimeSession& session);

}  // namespace peel::engine::ort
