#pragma once

#include <lcms2.h>

#include "src/base/status.h"
#include "src/codec/lazy/lazy_library.h"

namespace peel {

// clang-format off
#define PEEL_LCMS_FUNCTIONS(F) \
  F(cmsCloseProfile) \
  F(cmsCreateContext) \
  F(cmsCreate_sRGBProfileTHR) \
  F(cmsCreateTransformTHR) \
  F(cmsDeleteContext) \
  F(cmsDeleteTransform) \
  F(cmsDoTransformLineStride) \
  F(cmsGetColorSpace) \
  F(cmsOpenProfileFromMemTHR)
// clang-format on

// Little CMS's functions, by their own names.
struct LcmsLibrary {
  PEEL_LCMS_FUNCTIONS(PEEL_LAZY_MEMBER)
};

// Little CMS, opened at the first call.
Result<const LcmsLibrary*> OpenLcmsLibrary();

}  // namespace peel
