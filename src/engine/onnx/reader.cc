#include "src/engine/onnx/reader.h"

#include <exception>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <utility>

#include "src/engine/onnx/graph_reader.h"
#include "src/engine/onnx/raw_graph.h"
#include "src/engine/onnx/wire.h"

namespace peel::engine {
namespace {

// OperatorSetIdProto.
Status ReadOpset(protozero::data_view message, ModelFields* model) {
  std::string domain;
  int64_t version = 0;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1):
        domain = NormalDomain(reader.get_string());
        break;
      case wire::Varint(2):
        version = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }
  if (version < 0 || version > std::numeric_limits<int>::max()) {
    return Corrupt("imports version " + std::to_string(version) + " of an operator set");
  }
  model->opsets[domain] = static_cast<int>(version);
  return OkStatus();
}

// Domain and name of a FunctionProto.
std::pair<std::string, std::string> ReadFunctionName(protozero::data_view message) {
  std::pair<std::string, std::string> id;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1):
        id.second = reader.get_string();
        break;
      case wire::Bytes(10):
        id.first = NormalDomain(reader.get_string());
        break;
      default:
        reader.skip();
    }
  }
  return id;
}

// ModelProto.
Result<Graph> ReadModel(std::span<const uint8_t> bytes, TensorReader tensors, std::string name) {
  Graph graph;
  graph.source = std::move(name);
  ModelFields model;
  std::optional<protozero::data_view> graph_message;
  protozero::pbf_reader reader(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Varint(1): {
        const int64_t version = reader.get_int64();
        if (version < 0 || version > std::numeric_limits<int>::max()) {
          return Corrupt("has the absurd version " + std::to_string(version) + " of ONNX's format");
        }
        graph.ir_version = static_cast<int>(version);
        break;
      }
      case wire::Bytes(7):
        graph_message = reader.get_view();
        break;
      case wire::Bytes(8):
        PEEL_RETURN_IF_ERROR(ReadOpset(reader.get_view(), &model));
        break;
      case wire::Bytes(14): {
        auto [key, value] = wire::ReadStringPair(reader.get_view());
        graph.metadata[std::move(key)] = std::move(value);
        break;
      }
      case wire::Bytes(25):
        model.functions.insert(ReadFunctionName(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
  if (!graph_message) return Corrupt("holds no graph; it is not an ONNX model");
  PEEL_RETURN_IF_ERROR(ReadGraphProto(*graph_message, model, tensors, graph));
  PEEL_RETURN_IF_ERROR(graph.Verify());
  return graph;
}

}  // namespace

Result<Graph> ReadOnnx(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                       std::string name, const std::string& directory,
                       std::shared_ptr<const SourceFile> file) {
  if (bytes.empty()) return Corrupt("is empty; it is not an ONNX model");
  try {
    return ReadModel(bytes,
                     file ? TensorReader(std::move(file), bytes, directory)
                          : TensorReader(std::move(owner), directory),
                     std::move(name));
  } catch (const protozero::exception&) {
    return Corrupt("is cut short, damaged or not an ONNX model");
  } catch (const std::bad_alloc&) {
    return OutOfMemory("needs more memory than can be had");
  }
}

Result<Graph> ReadOnnxFile(const std::string& path) {
  PEEL_ASSIGN_OR_RETURN(auto file, SourceFile::Open(path));
  PEEL_ASSIGN_OR_RETURN(const auto bytes, file->ReadAll());
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return ReadOnnx(bytes->span(), bytes, path, parent.empty() ? "." : parent.string(),
                  std::move(file));
}

}  // namespace peel::engine
