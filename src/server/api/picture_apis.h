#pragma once

#include <memory>

#include "src/server/api/api.h"

namespace peel::server {

// Clipdrop: POST /remove-background/v1 with the part image_file; PNG, JPEG or WebP by Accept.
// Errors are {"error": …}.
std::unique_ptr<Api> MakeClipdropApi();

// Photoroom: POST /v1/segment with the part image_file and format, channels, size, crop, bg_color.
// Errors are {"detail", "status_code", "type"}.
std::unique_ptr<Api> MakePhotoroomApi();

// withoutBG's self-hosted server: POST /v1/remove-background with raw bytes, the part image or JSON
// {"image"}; bytes by ?output=cutout|matte|processed, or for JSON {"processed", "alphaMatte",
// "latencyMs"}. Errors are {"error": …}.
std::unique_ptr<Api> MakeWithoutBgApi();

}  // namespace peel::server
