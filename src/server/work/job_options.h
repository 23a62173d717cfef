#pragma once

#include "src/base/status.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/server/work/job.h"

namespace peel::server {

// A job in the pipeline's words. Its attachments are pictures, which are decoded here: only in a
// worker. kInvalidArgument names the option; an attachment that cannot be decoded is told by its
// name, with the code that decoding it has.
Result<CutOptions> OptionsFor(const CutJob& job, const JobFiles& files);

// The same without the attachments, whose places are empty: for checks and estimates.
Result<CutOptions> OptionsWithoutFiles(const CutJob& job);

// Colours and alpha as two files of an archive.
bool IsZip(const CutJob& job);
// All sheets of a picture as files of an archive.
bool IsSheets(const CutJob& job);

// "image/png", "application/zip" …, of a format that Check() lets pass.
const char* MediaType(const CutJob& job);

}  // namespace peel::server
