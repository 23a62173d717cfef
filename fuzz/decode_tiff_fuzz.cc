#include "fuzz/decode_fuzz.h"
#include "src/codec/tiff/tiff.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeTiff, peel::ProbeTiff);
  return 0;
}
