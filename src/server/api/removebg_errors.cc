#include "src/server/api/removebg_errors.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "src/server/api/answers.h"

namespace peel::server {
namespace {

struct Title {
  std::string_view code, title;
};

// remove.bg's codes, which clients compare, and the titles that they show.
constexpr Title kTitles[] = {
    {"missing_source", "No image given"},
    {"multiple_sources",
     "Multiple image sources given: Please provide either the image_url, image_file or "
     "image_file_b64 parameter."},
    {"multiple_bg_sources",
     "Multiple background sources given: Please provide either the bg_color, the bg_image_url or "
     "the bg_image_file parameter."},
    {"failed_to_read_image", "There was an error reading the image."},
    {"invalid_dimensions", "Failed to read image dimensions"},
    {"invalid_file_type", "Invalid file type"},
    {"file_too_large", "File too large"},
    {"resolution_too_high", "Image resolution too high"},
    {"unknown_foreground", "Could not identify foreground in image."},
    {"invalid_image_url", "Invalid image_url: Please provide a valid URL."},
    {"invalid_bg_image_url", "Invalid bg_image_url: Please provide a valid URL."},
    {"failed_image_download", "Failed to download image from given image_url"},
    {"failed_bg_download", "Failed to download background image from given bg_image_url"},
    {"invalid_size", "Invalid value for parameter 'size'"},
    {"invalid_type", "Invalid value for parameter 'type'"},
    {"invalid_type_level", "Invalid value for parameter 'type_level'"},
    {"invalid_format", "Invalid format parameter given"},
    {"invalid_channels", "Invalid value for parameter 'channels'"},
    {"invalid_bg_color", "Invalid bg_color parameter given"},
    {"invalid_roi", "Invalid roi parameter given"},
    {"roi_exceeds_bounds", "ROI exceeds image bounds"},
    {"roi_region_empty", "ROI region is empty"},
    {"invalid_crop", "Invalid crop parameter given"},
    {"invalid_crop_margin", "Invalid crop_margin parameter given"},
    {"invalid_scale", "Invalid scale parameter given"},
    {"invalid_position", "Invalid position parameter given"},
    {"invalid_shadow", "Invalid shadow parameter given"},
    {"invalid_semitransparency", "Invalid semitransparency parameter given"},
    {"auth_failed", "API Key invalid"},
    {"forbidden", "API Key may not do this"},
    {"insufficient_credits", "Insufficient credits"},
    {"rate_limit_exceeded", "Rate limit exceeded"},
    {"not_found", "Not found"},
    {"method_not_allowed", "Method not allowed"},
    {"busy", "Server is busy"},
    {"deadline_exceeded", "Processing took too long"},
    {"internal_error", "Internal error"},
};

}  // namespace

Response RemoveBgError(int status, std::string_view code, std::string_view detail,
                       std::string_view title) {
  for (const Title& entry : kTitles) {
    if (title.empty() && entry.code == code) title = entry.title;
  }
  nlohmann::ordered_json error = {{"title", title.empty() ? code : title}, {"code", code}};
  if (!detail.empty()) error["detail"] = detail;
  return JsonAnswer(status, {{"errors", nlohmann::ordered_json::array({std::move(error)})}});
}

}  // namespace peel::server
