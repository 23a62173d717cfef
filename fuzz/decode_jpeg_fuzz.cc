#include "fuzz/decode_fuzz.h"
#include "src/codec/jpeg/jpeg.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeJpeg, peel::ProbeJpeg);
  return 0;
}
