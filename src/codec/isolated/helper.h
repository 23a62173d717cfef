#pragma once

namespace peel::isolated {

// What a decode helper does from its start to its end: puts itself behind walls that cost little
// (no core dumps, no new privileges, few descriptors, first in line when memory runs out), then
// decodes what comes in over the descriptor (protocol.h) until the other end is gone. Ends with the
// parent whatever it is doing. Returns the exit code; 2 where the descriptor is not such a socket.
//
// PEEL_TEST_DECODE_HELPER=crash|hang|exit|garbage makes it do that instead of decoding a file whose
// last bytes are "PEEL-TEST", and probe-crash and so on instead of reading its header: how the
// tests see that the parent holds.
int RunHelper(int descriptor);

}  // namespace peel::isolated
