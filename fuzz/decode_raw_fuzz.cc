#include "fuzz/decode_fuzz.h"
#include "src/codec/raw/raw.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)peel::IsRawTiff({data, size});
  peel::FuzzDecode(data, size, peel::DecodeRawPreview, peel::ProbeRawPreview);
  return 0;
}
