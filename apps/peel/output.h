#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace peel {

// The one way to standard output for what a command prints as its result (cut-outs go there by
// WriteFileAtomically). Gathered, and written when there is much of it, at the end of a line on a
// terminal, and by FlushOutput. Waits for a pipe that does not block. By one thread at a time.
void WriteOutput(std::string_view text);

// Writes what was gathered: 0, or the errno of the first failure since the start. Nothing more is
// written after one. main() asks at the end, and makes it a message and an exit code.
int FlushOutput();

template <typename... T>
void Print(fmt::format_string<T...> format, T&&... arguments) {
  WriteOutput(fmt::format(format, std::forward<T>(arguments)...));
}

}  // namespace peel
