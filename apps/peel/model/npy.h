#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine {

// NumPy's .npy files, versions 1 to 3 (numpy.lib.format): every numeric type of Tensor in either
// byte order, row-major or column-major (the latter is transposed on reading). bfloat16, which
// NumPy itself lacks, is the two-byte void type that ml_dtypes writes ("V2").

// ReadWholeFile's errors, kCorrupt (not what a .npy file looks like, or shorter than its header
// says), kUnsupported (strings, records, complex numbers, objects). Messages start with the path.
Result<Tensor> ReadNpy(const std::string& path);
// The same from memory; the result owns its elements.
Result<Tensor> ParseNpy(std::span<const uint8_t> bytes);

// As WriteFileAtomically; kUnsupported for strings.
Status WriteNpy(const std::string& path, const Tensor& tensor);
// Version 1, row-major, little-endian.
std::vector<uint8_t> NpyHeader(const Tensor& tensor);

}  // namespace peel::engine
