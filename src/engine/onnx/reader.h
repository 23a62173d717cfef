#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "src/base/os/source_file.h"
#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// Operator sets of the default domain that the reader accepts.
constexpr int kMinOpset = 7;
constexpr int kMaxOpset = 28;

// Reads an ONNX file. Large constants are read again, and first when they are asked for: see
// Tensor::OfFile.
//
// The graph that comes back is verified and in topological order. What no output needs is left out,
// so an operator that only dead branches use does no harm; intermediate types and shapes are not
// filled in (see Specialise).
//
// kNotFound or kIo where the file cannot be had; kCorrupt where it is cut short, no ONNX at all or
// contradicts itself; kUnsupported, naming node and thing, for sub-graphs, functions, sequences,
// sparse and string tensors, element types below one byte and operator sets outside
// kMinOpset–kMaxOpset. Messages do not name the file; the caller does.
Result<Graph> ReadOnnxFile(const std::string& path);

// The same from memory that owner keeps alive (null: the caller does, for as long as any tensor of
// the graph lives). name becomes Graph::source. External data are looked for in directory and
// nowhere above it; an empty directory means that the model may have none.
// file: the bytes are all that it holds; they need not outlive the call then.
Result<Graph> ReadOnnx(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                       std::string name, const std::string& directory,
                       std::shared_ptr<const SourceFile> file = nullptr);

}  // namespace peel::engine
