#pragma once

#include "src/base/status.h"
#include "src/library/scan_options.h"

namespace peel::library {

// Brings the library up to what the folders hold now: every picture in them is read, decoded once,
// and what each phase finds out of it is written into the database. What has not changed since the
// last scan (by size and time of modification, or where that time is another by content) is left
// as it is, but for phases that it lacks. A file that has moved keeps its row by its content; one
// that has vanished is marked.
//
// A file that fails never stops the others: options.done and the run's report tell of it. Returned
// is what kept the scan as a whole from being done: the library cannot be opened or written, a
// network cannot be loaded. Stopped (options.stop) is no error: figures->interrupted. Whatever
// happens the library is whole, and another scan takes up where this one ended.
Status RunScan(const ScanOptions& options, ScanFigures* figures);

// RunScan, and then again for each picture that is written, moved or linked into the folders, until
// options.stop fires; duplicates are looked for after the first scan and at the end.
Status WatchAndScan(const ScanOptions& options, ScanFigures* figures);

}  // namespace peel::library
