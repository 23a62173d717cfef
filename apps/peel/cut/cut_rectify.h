#pragma once

#include "apps/peel/cut/cut_plan.h"
#include "apps/peel/cut/cut_run.h"
#include "src/base/status.h"

namespace peel {

// What the command line says of straightening, into plan.batch.cut.rectify and the places of the
// results. kInvalidArgument and the like name the option.
Status PlanRectify(const CutArguments& arguments, Plan& plan);

}  // namespace peel
