#include "src/engine/session.h"

#include "src/engine/native_session.h"
#include "src/engine/onnx/reader.h"

namespace peel::engine {
namespace {

Result<std::unique_ptr<Session>> Make(Result<Graph> graph, const std::string& name,
                                      const SessionOptions& options) {
  if (!graph.ok()) return std::move(graph).status().WithContext(name);
  graph->source = name;
  auto session = NativeSession::Make(*std::move(graph), options);
  if (!session.ok()) return std::move(session).status().WithContext(name);
  return session;
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
                                                    const std::string& directory, bool file_map) {
  Result<Graph> graph = ReadOnnx(bytes, std::move(owner), name, directory);
  if (graph.ok() && file_map) graph->maps.push_back(bytes);
  return Make(std::move(graph), name, options);
}

}  // namespace peel::engine
