#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"

namespace peel::video {

// "000001.png": a frame's name in its folder, counted from 1.
std::string PngFrameName(int64_t number);

// Whether a folder holds just so many whole PNG files by those names, of that size and with alpha
// or without. Looks at their headers and their ends. kCorrupt says which is not as it should be.
Status CheckPngFrames(const std::string& folder, int64_t frames, int width, int height, bool alpha);

}  // namespace peel::video
