#pragma once

#include <string>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// Writes what the library holds as one HTML file that needs nothing else: no scripts or fonts from
// elsewhere, pictures as the thumbnails of the library inside of it. What it shows is bounded
// (about 200 thumbnails, 200 errors), so that a library of any size opens fast. Pictures link to
// their files relative to the report's own folder. Everything that comes from files is escaped, and
// the page's own policy (CSP) lets nothing run or load but what Peel wrote.
// Errors name `path`, which holds all of it or what it held before.
Status WriteReport(Store& store, const std::string& path);

// The page itself; links are relative to `folder` (absolute, "" for no links).
Result<std::string> ReportHtml(Store& store, const std::string& folder);

}  // namespace peel::library
