#include "fuzz/decode_fuzz.h"
#include "src/codec/webp/webp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeWebp, peel::ProbeWebp);
  return 0;
}
