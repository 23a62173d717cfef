#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/cut_options.h"

// How a picture is decoded for what is to be made of it.
namespace peel {

// An upright picture of width x height scaled down to the longest side and the pixels allowed, at
// least 1x1.
Size TargetSize(int width, int height, const CutOptions& options);

// For any frame or page of a file.
DecodeOptions PlanDecoding(const CutOptions& options, ThreadPool& pool);
// For the first one of this file: a JPEG need not be decoded larger than its result.
DecodeOptions PlanDecodingOf(std::span<const uint8_t> bytes, const CutOptions& options,
                             ThreadPool& pool);

// How many frames follow each other in time; 1 for everything else, broken files too.
int AnimationFrames(std::span<const uint8_t> bytes, const CutOptions& options);
// What to tell of an animation that is not cut out as one.
std::string FirstOf(int frames, const CutOptions& options);

}  // namespace peel
