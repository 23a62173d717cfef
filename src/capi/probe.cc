// Looking at a file: see include/peel/peel.h.
#include <peel/peel.h>

#include <span>
#include <string>
#include <utility>

#include "src/capi/handles.h"
#include "src/codec/decode.h"
#include "src/codec/sniff.h"

namespace peel {
namespace {

bool Good(const peel_info* info) { return info != nullptr && info->status == PEEL_OK; }

}  // namespace
}  // namespace peel

extern "C" {

peel_info* peel_probe(const void* bytes, size_t size) {
  return peel::Guarded<peel_info>([&](peel_info& info) -> peel::Status {
    if (bytes == nullptr && size > 0) return peel::InvalidArgument("there are no bytes");
    PEEL_ASSIGN_OR_RETURN(info.picture, peel::Probe(std::span<const uint8_t>(
                                            static_cast<const uint8_t*>(bytes), size)));
    info.format = peel::FormatName(info.picture.format);
    if (info.picture.orientation >= 5) std::swap(info.picture.width, info.picture.height);
    return peel::OkStatus();
  });
}

void peel_info_free(peel_info* info) { delete info; }

peel_status peel_info_status(const peel_info* info) {
  return info != nullptr ? info->status : PEEL_OUT_OF_MEMORY;
}
const char* peel_info_error(const peel_info* info) {
  return info != nullptr ? info->error.c_str() : "out of memory";
}
const char* peel_info_format(const peel_info* info) {
  return peel::Good(info) ? info->format.c_str() : "";
}
int peel_info_width(const peel_info* info) { return peel::Good(info) ? info->picture.width : 0; }
int peel_info_height(const peel_info* info) { return peel::Good(info) ? info->picture.height : 0; }
int peel_info_orientation(const peel_info* info) {
  return peel::Good(info) ? info->picture.orientation : 0;
}
int peel_info_frames(const peel_info* info) { return peel::Good(info) ? info->picture.frames : 0; }
int peel_info_bits(const peel_info* info) { return peel::Good(info) ? info->picture.bits : 0; }
int peel_info_channels(const peel_info* info) {
  return peel::Good(info) ? info->picture.channels : 0;
}
int peel_info_has_alpha(const peel_info* info) {
  return peel::Good(info) && info->picture.has_alpha ? 1 : 0;
}

}  // extern "C"
