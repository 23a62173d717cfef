#pragma once

#include <string>

#include "src/base/thread_pool.h"
#include "src/codec/encode.h"
#include "src/codec/picture.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/cut_result.h"

// How a result is encoded, and what goes into the file beside its pixels.
namespace peel {

EncodeOptions EncodingFor(const EncodeChoices& choices, const Metadata* metadata, ThreadPool* pool);

// For pixels of this size; what has no place in the format is added to the warning. Of a
// straightened picture the resolution is that of its paper, and no lens has seen it.
Metadata MetadataToWrite(const Picture& picture, Size size, const CutInfo& info,
                         const CutOptions& options, std::string* warning);
// Whether the result carries the input's metadata, its colour profile for one.
bool CarriesMetadata(const CutOptions& options);

}  // namespace peel
