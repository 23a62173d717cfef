#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/engine/session.h"
#include "src/matte/model/catalogue.h"

namespace peel {

// The bytes of a located model. Errors name the file.
Result<engine::ModelBytes> ReadModel(const LocatedModel& where);

// NAME_int8.onnx beside the model's file; in Peel's own model folder for the embedded one.
std::string Int8ModelPath(const LocatedModel& model);

// A model's 8-bit version.
struct Int8Model {
  std::string path;
  engine::ModelBytes file;
};

// NAME_int8.onnx: beside the model's file, then wherever models of that name are looked for.
// kNotFound where there is none, kInvalidArgument where the one found says that it was made from
// other bytes than these; both texts say what to do.
Result<Int8Model> FindInt8Model(const LocatedModel& model, std::span<const uint8_t> bytes);

}  // namespace peel
