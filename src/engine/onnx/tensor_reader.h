#pragma once

#include <map>
#include <memory>
#include <protozero/data_view.hpp>
#include <span>
#include <string>
#include <vector>

#include "src/base/os/source_file.h"
#include "src/base/status.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine {

// The element type behind a number of TensorProto.DataType; kUnsupported where no tensor of the
// graph can hold it (strings, complex numbers, types below one byte, 8-bit floats).
Result<DataType> DataTypeFromOnnx(int64_t number);

// Decodes TensorProto messages. The methods throw protozero's exceptions where the wire format
// itself is broken; the function that started reading catches them.
class TensorReader {
 public:
  // owner keeps the bytes of all messages alive. directory: where external data lie, "" for none.
  TensorReader(std::shared_ptr<const void> owner, std::string directory)
      : owner_(std::move(owner)), directory_(std::move(directory)) {}
  // Of a file: `bytes`, which are all of it, need only live as long as the reading. Large tensors
  // are read from the file when they are asked for.
  TensorReader(std::shared_ptr<const SourceFile> file, std::span<const uint8_t> bytes,
               std::string directory)
      : file_(std::move(file)), file_bytes_(bytes), directory_(std::move(directory)) {}

  // From memory, zero-copy where the bytes lie raw and aligned.
  Result<Tensor> Read(protozero::data_view message);
  // Only the name field; empty where there is none.
  static std::string Name(protozero::data_view message);

 private:
  struct Fields;
  static Fields ReadFields(protozero::data_view message);
  static Result<Tensor> FromNumbers(Fields& fields, DataType type, int64_t count);
  Result<Tensor> ReadExternal(const Fields& fields, DataType type, Shape shape);

  Result<Tensor> FromRaw(DataType type, Shape shape, std::span<const uint8_t> raw) const;

  std::shared_ptr<const void> owner_;
  std::shared_ptr<const SourceFile> file_;
  std::span<const uint8_t> file_bytes_;
  std::string directory_;
  std::map<std::string, std::shared_ptr<const SourceFile>> external_;  // by location
};

}  // namespace peel::engine
