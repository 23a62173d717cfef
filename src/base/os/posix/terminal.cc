#include "src/base/os/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace peel {

bool IsTerminal(int fd) { return isatty(fd) != 0; }

int TerminalColumns(int fd) {
  winsize size = {};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace peel
