#pragma once

#include "src/base/status.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/rectify_result.h"
#include "src/server/work/job.h"

namespace peel::server {

// The part of a job's options that is about straightening, in the pipeline's words: nothing where
// the job is none of that. kInvalidArgument names the option.
Status PlanRectify(const CutJob& job, CutOptions& cut);

// What became of the quad, for the job's answer.
RectifyDone DescribeRectify(const RectifyResult& result);

}  // namespace peel::server
