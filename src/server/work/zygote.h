#pragma once

namespace peel::server {

// What a zygote does from its start to its end: loads the one model that it is told to, on one
// thread, then forks a worker whenever it is asked to, so that all of them share the pages of the
// packed weights. Tells how each of them ended. Ends, and its workers with it, when the socket's
// other end is gone. Returns the exit code; 2 where the descriptor is no such socket.
//
// A model that does not run in Peel's own engine on the CPU is loaded by each worker after it has
// been forked: neither threads nor a device survive that.
int RunZygote(int descriptor);

}  // namespace peel::server
