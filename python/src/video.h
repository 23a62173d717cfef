#pragma once

#include <nanobind/nanobind.h>

namespace peel::python {

// What peel.h has for films: VideoOptions, VideoFrames, cut_video, probe_video, steady.
void BindVideo(nanobind::module_& m);

}  // namespace peel::python
