#include "fuzz/decode_fuzz.h"
#include "src/codec/gif/gif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeGif, peel::ProbeGif);
  return 0;
}
