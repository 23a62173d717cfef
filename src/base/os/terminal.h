#pragma once

namespace peel {

bool IsTerminal(int fd);

// 0 where it is no terminal, or does not say.
int TerminalColumns(int fd);

}  // namespace peel
