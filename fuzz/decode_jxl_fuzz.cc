#include "fuzz/decode_fuzz.h"
#include "src/codec/jxl/jxl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeJxl, peel::ProbeJxl);
  return 0;
}
