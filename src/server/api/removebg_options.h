#pragma once

#include <string>
#include <string_view>

#include "src/server/api/parameters.h"
#include "src/server/work/job.h"

namespace peel::server {

// What remove.bg's parameters ask for.
struct RemoveBgOptions {
  CutJob job;
  std::string size = "preview";  // as its own name
  int type_level = 1;            // 0: no X-Type
  // The least size that a picture must have for the region of interest to lie within it; 0: any.
  int roi_width = 0, roi_height = 0;
};

// The code of remove.bg's error, and what would be possible; code "": none.
struct RemoveBgRefusal {
  std::string code, detail;
};

// Reads all of remove.bg's parameters but those that bring pictures: size, type, type_level,
// format, channels, roi, crop, crop_margin, scale, position, bg_color, add_shadow, shadow_type,
// shadow_opacity, semitransparency. `has_bg_image`: a background picture comes as well.
RemoveBgRefusal ReadRemoveBgOptions(const Parameters& given, bool has_bg_image,
                                    RemoveBgOptions& options);

}  // namespace peel::server
