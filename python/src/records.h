#pragma once

#include <nanobind/nanobind.h>

namespace peel::python {

// What a run over a folder writes down (src/pipeline/folder): content and settings as hashes, and
// the manifest's lines, for runs that Python divides among machines. Names are bytes, as a file
// system has them.
void BindRecords(nanobind::module_& m);

}  // namespace peel::python
