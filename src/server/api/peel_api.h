#pragma once

#include <memory>

#include "src/server/api/api.h"

namespace peel::server {

// Peel's own: /v1/cut (one picture: its bytes, or JSON where that is accepted), /v1/batch (many
// pictures, a ZIP archive that is sent while it grows), /v1/about. Parameters are the program's
// options (peel_options.h); pictures come in parts, in the body, in JSON or by image_url. Errors
// are
// {"error":{"code","message"}}.
std::unique_ptr<Api> MakePeelApi(const Facts& facts);

}  // namespace peel::server
