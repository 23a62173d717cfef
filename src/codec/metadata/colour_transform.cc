#include "src/codec/metadata/colour_transform.h"

#include <limits>
#include <memory>
#include <type_traits>

#include "src/codec/lazy/lcms_library.h"
#include "src/image/rows.h"

namespace peel {
namespace {

// A library's handle and the function of the table that gives it back.
template <typename Handle, typename Free>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Free>;

}  // namespace

Result<ImageU8> ConvertColours(ImageView<const uint8_t> pixels, std::span<const uint8_t> from,
                               std::span<const uint8_t> to, ThreadPool* pool) {
  if (pixels.channels != 3 && pixels.channels != 4) {
    return InvalidArgument("only RGB and RGBA have colours to convert");
  }
  PEEL_ASSIGN_OR_RETURN(const LcmsLibrary* const lcms, OpenLcmsLibrary());
  // A context of its own: the library's global one belongs to the host program.
  const Owned<cmsContext, decltype(lcms->cmsDeleteContext)> context(
      lcms->cmsCreateContext(nullptr, nullptr), lcms->cmsDeleteContext);
  if (!context) return OutOfMemory("there is not enough memory to convert colours");
  using Profile = Owned<cmsHPROFILE, decltype(lcms->cmsCloseProfile)>;
  const auto open = [&](std::span<const uint8_t> icc) -> Result<Profile> {
    if (icc.size() > std::numeric_limits<cmsUInt32Number>::max()) {
      return LimitExceeded("the colour profile is too large");
    }
    Profile profile(icc.empty()
                        ? lcms->cmsCreate_sRGBProfileTHR(context.get())
                        : lcms->cmsOpenProfileFromMemTHR(context.get(), icc.data(),
                                                         static_cast<cmsUInt32Number>(icc.size())),
                    lcms->cmsCloseProfile);
    if (!profile) return Corrupt("the colour profile is damaged");
    if (lcms->cmsGetColorSpace(profile.get()) != cmsSigRgbData) {
      return Unsupported("the colour profile does not describe RGB");
    }
    return profile;
  };
  PEEL_ASSIGN_OR_RETURN(const Profile source, open(from));
  PEEL_ASSIGN_OR_RETURN(const Profile target, open(to));
  const cmsUInt32Number type = pixels.channels == 4 ? TYPE_RGBA_8 : TYPE_RGB_8;
  // Without its one-pixel cache a transform may be used by several threads.
  const Owned<cmsHTRANSFORM, decltype(lcms->cmsDeleteTransform)> transform(
      lcms->cmsCreateTransformTHR(
          context.get(), source.get(), type, target.get(), type, INTENT_RELATIVE_COLORIMETRIC,
          cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_COPY_ALPHA | cmsFLAGS_NOCACHE),
      lcms->cmsDeleteTransform);
  if (!transform) return Corrupt("the colour profile cannot be converted to");

  PEEL_ASSIGN_OR_RETURN(ImageU8 out,
                        ImageU8::Allocate(pixels.width, pixels.height, pixels.channels));
  ForRowBands(pixels.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      lcms->cmsDoTransformLineStride(transform.get(), pixels.row(y), out.row(y),
                                     static_cast<cmsUInt32Number>(pixels.width), 1, 0, 0, 0, 0);
    }
  });
  return out;
}

}  // namespace peel
