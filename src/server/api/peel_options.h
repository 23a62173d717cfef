#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/server/http/message.h"
#include "src/server/work/job.h"

namespace peel::server {

// Reads the program's options of `peel cut` from a form or a query: their names without dashes in
// front, with '-' or '_' between the words. What is no option is refused with the name it was
// likely meant to be: nothing that is asked for is ignored. `others`: names that are not options
// and are the caller's affair. A job that has `rectify` already takes the options of `peel rectify`
// instead. kInvalidArgument.
Status ReadPeelOptions(const Fields& form, const Fields& query,
                       const std::vector<std::string_view>& others, CutJob& job);

// The options' names, for the interface's description and errors.
std::vector<std::string> PeelOptionNames();
std::vector<std::string> RectifyOptionNames();

}  // namespace peel::server
