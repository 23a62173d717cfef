#pragma once

#include <cstddef>

namespace peel {

// Lets the system take back the whole pages within [data, data + bytes), which must lie in a
// read-only private map of a file: the next look at them brings them back from the file. What they
// held no longer counts as this process's memory. Any thread may call.
void DropFilePages(const void* data, size_t bytes);

}  // namespace peel
