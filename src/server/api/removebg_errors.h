#pragma once

#include <string>
#include <string_view>

#include "src/server/http/message.h"

namespace peel::server {

// An error as remove.bg's API has it: {"errors":[{"title","code","detail"}]}. The title is that of
// the code in its published interface (invalid_size …); "" of it: the code's own. `detail` "" is
// left out.
Response RemoveBgError(int status, std::string_view code, std::string_view detail = {},
                       std::string_view title = {});

}  // namespace peel::server
