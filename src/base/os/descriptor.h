#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace peel {

// read(2) and write(2) for descriptors that came from outside. A neighbour (node, ssh, a shell's
// other half) may have set O_NONBLOCK on the pipe that both share: then "not now" means to wait, as
// it would without the flag, which is left as it is because the neighbour relies on it.

// As read(2): the bytes read, 0 at the end, -1 with errno. Waits until there is something.
ptrdiff_t ReadSome(int fd, void* buffer, size_t size);

// The same, but gives up with ECANCELED once `wake` (a pipe or eventfd; -1: none) can be read.
ptrdiff_t ReadSome(int fd, void* buffer, size_t size, int wake);

// Writes all bytes, waiting for room. 0, or the errno of what went wrong; `written` (may be null)
// gets how many bytes went out in either case. A reader that is gone is EPIPE, given that SIGPIPE
// is ignored.
int WriteFully(int fd, std::span<const uint8_t> bytes, size_t* written = nullptr);

// Waits so many milliseconds (-1: for ever) until there is something to read, or room to write; a
// failure counts as either. False where the time is over.
bool WaitReadable(int fd, int milliseconds);
bool WaitWritable(int fd, int milliseconds);

// Where a program was started with descriptor 0, 1 or 2 closed, the next file that it opens would
// take that number and get what is meant for a standard stream. Opens /dev/null on those that are
// closed: for 0 and 1 in the direction that is of no use there, as gnulib's stdopen does for
// coreutils, so that reading and writing still fail with EBADF and are told; on 2 for writing, so
// that messages vanish. To be called before anything is opened.
void OpenStandardDescriptors();

}  // namespace peel
