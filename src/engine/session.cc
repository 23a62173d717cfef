#include "src/engine/session.h"

#include "src/engine/native_session.h"
#include "src/engine/onnx/reader.h"

namespace peel::engine {
namespace {

Result<std::unique_ptr<Session>> Make(Result<Graph> graph, const std::string& name,
                                      const SessionOptions& options) {
  if (!graph.ok()) return std::move(graph).status().WithContext(name);
  graph->source = name;
  try {
    auto session = NativeSession::Make(*std::move(graph), options);
    if (!session.ok()) return std::move(session).status().WithContext(name);
    return session;
  } catch (const TensorReadError& error) {
    return IoError(error.what()).WithContext(name);
  }
}

}  // namespace

Result<std::unique_ptr<Session>> Session::Load(const std::string& path,
                                               const SessionOptions& options) {
  return Make(ReadOnnxFile(path), path, options);
}

Result<std::unique_ptr<Session>> Session::LoadBytes(std::span<const uint8_t> bytes,
                                                    std::shared_ptr<const void> owner,
                                                    const std::string& name,
                                                    const SessionOptions& options,
                                                    const std::string& directory,
                                                    std::shared_ptr<const SourceFile> file) {
  return Make(ReadOnnx(bytes, std::move(owner), name, directory, std::move(file)), name, options);
}

}  // namespace peel::engine
