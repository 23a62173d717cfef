#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/ort/api.h"
#include "src/engine/ort/options.h"

namespace peel::engine::ort {

// A place where ONNX Runtime was looked for in vain.
struct LibraryTrial {
  std::string path;    // a file, or the name given to the dynamic linker
  std::string reason;  // why it is not used
};

// ONNX Runtime as loaded into this process. Never unloaded again: its threads and other libraries'
// exit handlers may outlive every user.
class Library {
 public:
  // The first that can be used of
  //   $PEEL_ORT_LIB, a file or the folder that holds it, and then nothing else; "off": none;
  //   the wheels onnxruntime and onnxruntime-gpu in options.folders, $VIRTUAL_ENV, $CONDA_PREFIX,
  //   python3 on $PATH and ~/.local;
  //   the system's libonnxruntime.so.
  // kNotFound says where it looked and what to do. trials (may be null) gets what was passed over.
  static Result<std::shared_ptr<const Library>> Find(const RuntimeOptions& options,
                                                     std::vector<LibraryTrial>* trials = nullptr);

  const FunctionTable& api() const { return api_; }
  const OrtEnv* env() const { return env_; }
  const std::string& path() const { return path_; }        // of the file, resolved
  const std::string& version() const { return version_; }  // "1.31.1"
  // As the library names them, in its order of preference. That a provider is listed says that the
  // library was built with it, not that it works.
  const std::vector<std::string>& providers() const { return providers_; }
  bool HasProvider(std::string_view name) const;
  std::string folder() const;  // of the file; its providers' libraries lie there

  // What the library has warned of since the last call, a line each.
  static std::string TakeWarnings();

 private:
  Library() = default;
  static Result<std::shared_ptr<const Library>> Open(const std::string& path);

  FunctionTable api_;
  const OrtEnv* env_ = nullptr;
  std::string path_, version_;
  std::vector<std::string> providers_;
};

// Official builds of ONNX Runtime send usage data from 1.29 on unless one of these is 1 in the
// environment when they are loaded. Find does not set them, since the environment is not the
// library's to write into while other threads may read it: a program does, before it has any. What
// can be switched off after loading, Find does.
inline constexpr const char* kTelemetryVariables[] = {"ORT_DISABLE_TELEMETRY",
                                                      "ORT_TELEMETRY_DISABLED"};

// Folders of Python packages on this machine in the order above; none that is not there.
std::vector<std::string> PackageFolders(const RuntimeOptions& options);

}  // namespace peel::engine::ort
