#pragma once

namespace peel {

// Whether somebody reads along, rather than a file or a pipe.
bool IsTerminal(int fd);

// 0 where it is no terminal, or does not say.
int TerminalColumns(int fd);

}  // namespace peel
