#include "fuzz/decode_fuzz.h"
#include "src/codec/bmp/bmp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeBmp, peel::ProbeBmp);
  return 0;
}
