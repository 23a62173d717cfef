#pragma once

#include <memory>

#include "src/server/api/api.h"

namespace peel::server {

// rembg's server (`rembg s`, 2.0.86): GET and POST /api/remove. The parameters a, af, ab, ae, om,
// ppm, dc, bgc, model and extras, in the form or the query. Answers a PNG; errors are FastAPI's
// {"detail": …}. A model that is named gives rembg's pixels, as does ppm; else Peel's own model and
// edges are at work, unless compat=rembg asks for rembg's.
std::unique_ptr<Api> MakeRembgApi();

}  // namespace peel::server
