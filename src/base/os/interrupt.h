#pragma once

#include "src/base/cancel.h"

namespace peel {

// From now on the first SIGINT, SIGTERM or SIGHUP fires Interrupted(), so that the pictures at hand
// can be finished; a second one kills. One that the parent has set to be ignored (nohup, a
// background job of a script) stays ignored.
void CatchInterrupts();
const CancelToken& Interrupted();

// From now on a reader that has gone, and a file that grows beyond `ulimit -f`, are failed writes
// with their own messages, not a sudden death.
void IgnoreFailingWrites();

// A descriptor that can be read once a signal has come, or Wake was called: for whoever waits for
// input meanwhile (ReadSome in base/os/descriptor.h). -1 where there is none to be had.
int WakeDescriptor();
void Wake();

// Ends the process by the signal that has come, as the parent expects it.
void DieOfInterrupt();

}  // namespace peel
