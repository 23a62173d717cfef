#include <algorithm>
#include <memory>
#include <string_view>

#include "src/codec/bytes.h"
#include "src/codec/jxl/jxl.h"

#ifdef PEEL_HAVE_JXL
#include "src/base/os/quiet_library.h"
#include "src/codec/lazy/jxl_library.h"
#include "src/codec/lazy/library_text.h"
#endif

namespace peel {

#ifdef PEEL_HAVE_JXL
std::vector<uint8_t> UnpackJxlBox(std::span<const uint8_t> contents, size_t max_bytes) {
  using namespace std::string_view_literals;
  // A file of this box alone: the library unpacks boxes as it comes by them.
  constexpr std::string_view kBegin =
      "\0\0\0\x0CJXL \r\n\x87\n\0\0\0\x14"
      "ftypjxl \0\0\0\0jxl "sv;
  const auto lib = OpenJxlLibrary();
  if (!lib.ok() || contents.size() > UINT32_MAX - 8 || max_bytes == 0) return {};
  std::vector<uint8_t> file(kBegin.begin(), kBegin.end());
  file.resize(file.size() + 4);
  WriteBig32(file.data() + kBegin.size(), static_cast<uint32_t>(contents.size() + 8));
  for (const char c : "brob"sv) file.push_back(static_cast<uint8_t>(c));
  file.insert(file.end(), contents.begin(), contents.end());

  const LibraryPrints prints;
  const std::unique_ptr<JxlDecoder, void (*)(JxlDecoder*)> decoder(
      (*lib)->JxlDecoderCreate(nullptr), (*lib)->JxlDecoderDestroy);
  if (!decoder ||
      (*lib)->JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_BOX) != JXL_DEC_SUCCESS ||
      (*lib)->JxlDecoderSetDecompressBoxes(decoder.get(), JXL_TRUE) != JXL_DEC_SUCCESS) {
    return {};
  }
  (*lib)->JxlDecoderSetInput(decoder.get(), file.data(), file.size());
  std::vector<uint8_t> box;
  bool begun = false;
  for (;;) {
    const JxlDecoderStatus status = (*lib)->JxlDecoderProcessInput(decoder.get());
    if (status == JXL_DEC_BOX && !begun) {
      JxlBoxType type = {};
      if ((*lib)->JxlDecoderGetBoxType(decoder.get(), type, JXL_FALSE) != JXL_DEC_SUCCESS)
        return {};
      if (std::string_view(type, 4) != "brob") continue;
      begun = true;
      box.resize(std::min(std::max<size_t>(4096, contents.size() * 4), max_bytes));
      (*lib)->JxlDecoderSetBoxBuffer(decoder.get(), box.data(), box.size());
    } else if (status == JXL_DEC_BOX_NEED_MORE_OUTPUT && begun) {
      const size_t used = box.size() - (*lib)->JxlDecoderReleaseBoxBuffer(decoder.get());
      if (box.size() >= max_bytes) return {};
      box.resize(std::min(2 * box.size(), max_bytes));
      (*lib)->JxlDecoderSetBoxBuffer(decoder.get(), box.data() + used, box.size() - used);
    } else {
      // It asks for more where there is none: behind the box should be a picture.
      if (!begun || status == JXL_DEC_ERROR) return {};
      box.resize(box.size() - (*lib)->JxlDecoderReleaseBoxBuffer(decoder.get()));
      return box;
    }
  }
}
#else
std::vector<uint8_t> UnpackJxlBox(std::span<const uint8_t> /*contents*/, size_t /*max_bytes*/) {
  return {};
}
#endif

}  // namespace peel
