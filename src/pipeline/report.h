#pragma once

#include <string>
#include <vector>

#include "src/pipeline/batch.h"

namespace peel {

// The text of --report: a JSON array with one object a picture, in the order given: input, output,
// status ("done", "skipped", "failed"), error {code, message} where it failed, warning, subject,
// subject_score, coverage, width, height, input_bytes, output_bytes, model, device, precision,
// precision_detail, threads, times_ms {read, decode, …, total}. `model` may be null where none was
// loaded.
std::string ReportJson(const std::vector<FileReport>& reports, const ModelInfo* model);

// "corrupt", "not_found" …: a word for a failure that scripts can rely on.
const char* StatusWord(StatusCode code);

}  // namespace peel
