#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "apps/peel/console.h"
#include "src/codec/decoder.h"

namespace peel {

// Who decodes in a run over so many pictures, `jobs` at a time: helper processes where there are
// several, so that a file that crashes a library costs no other one; this process for a single
// picture, which has nobody else to hurt (then null is returned). Where no helper can be started, a
// warning says so.
//
// PEEL_ISOLATE=always|never decides otherwise; PEEL_DECODE_TIMEOUT is the seconds after which a
// helper is stopped (60, and 20 more a megabyte of the file).
std::unique_ptr<Decoder> MakeDecoder(size_t pictures, int jobs, Console& console);

// The hidden command that such a helper is. Run by hand it says so and returns kExitUsage.
inline constexpr std::string_view kHelperCommand = "decode-helper";
int RunDecodeHelper();

}  // namespace peel
