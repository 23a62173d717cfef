#include "src/codec/jpeg/jpeg_error.h"

#include <jerror.h>

#include <string>

namespace peel {
namespace {

[[noreturn]] void OnError(j_common_ptr cinfo) {
  std::longjmp(reinterpret_cast<JpegErrors*>(cinfo->err)->jump, 1);
}

void OnMessage(j_common_ptr cinfo, int level) {
  if (level >= 0) return;  // traces
  auto* errors = reinterpret_cast<JpegErrors*>(cinfo->err);
  ++errors->warnings;
  if (errors->base.msg_code == JWRN_HIT_MARKER && !errors->hit_marker && cinfo->is_decompressor) {
    errors->hit_marker = true;
    errors->hit_marker_row =
        static_cast<int>(reinterpret_cast<j_decompress_ptr>(cinfo)->output_scanline);
  }
}

void Silent(j_common_ptr) {}

}  // namespace

jpeg_error_mgr* JpegErrors::Install() {
  jpeg_std_error(&base);
  base.error_exit = OnError;
  base.emit_message = OnMessage;
  base.output_message = Silent;
  warnings = 0;
  hit_marker = false;
  hit_marker_row = 0;
  return &base;
}

Status JpegErrors::ToStatus(j_common_ptr cinfo) const {
  char text[JMSG_LENGTH_MAX] = "";
  base.format_message(cinfo, text);
  switch (base.msg_code) {
    case JERR_OUT_OF_MEMORY:
      return OutOfMemory("no memory left while working on the JPEG");
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
      return Unsupported("a kind of JPEG that Peel does not read (" + std::string(text) +
                         "); save it as an ordinary 8-bit JPEG or PNG first");
    default:
      return Corrupt("the JPEG is damaged: " + std::string(text));
  }
}

}  // namespace peel
