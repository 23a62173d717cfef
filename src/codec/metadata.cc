#include "src/codec/metadata.h"

#include "src/codec/exif.h"
#include "src/codec/icc.h"

namespace peel {

int OrientationOf(const Metadata& metadata) {
  if (const int exif = ExifOrientation(metadata.exif); exif != 0) return exif;
  if (const int xmp = XmpOrientation(metadata.xmp); xmp != 0) return xmp;
  return 1;
}

Metadata MetadataForOutput(const Metadata& source, int width, int height) {
  Metadata out;
  out.icc = IccForRgb(source.icc);
  out.exif = UpdateExif(source.exif, width, height);
  out.xmp = UpdateXmp(source.xmp);
  return out;
}

}  // namespace peel
