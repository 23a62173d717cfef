#include "fuzz/decode_fuzz.h"
#include "src/codec/heif/avif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeAvif, peel::ProbeAvif);
  return 0;
}
