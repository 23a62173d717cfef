#pragma once

#include <csetjmp>
#include <cstdio>
// After cstdio, which it needs.
#include <jpeglib.h>

#include "src/base/status.h"

namespace peel {

// libjpeg reports fatal errors by a call that must not return: it jumps to `jump`, which the
// function that called into libjpeg has set. That function must hold no object with a destructor in
// between.
struct JpegErrors {
  jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
  std::jmp_buf jump;
  int warnings;        // damage that libjpeg worked around
  bool hit_marker;     // one of them: entropy-coded data ended before its picture did
  int hit_marker_row;  // the first row not decoded then

  // To be put into cinfo.err before cinfo is created.
  jpeg_error_mgr* Install();
  // After a jump: what happened, as a Status.
  Status ToStatus(j_common_ptr cinfo) const;
};

}  // namespace peel
