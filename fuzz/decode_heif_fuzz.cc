#include "fuzz/decode_fuzz.h"
#include "src/codec/heif/heif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peel::FuzzDecode(data, size, peel::DecodeHeif, peel::ProbeHeif);
  return 0;
}
