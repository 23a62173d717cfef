#include "fuzz/decode_fuzz.h"
#include "src/codec/png/png.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodePng, peel::ProbePng);
  return 0;
}
