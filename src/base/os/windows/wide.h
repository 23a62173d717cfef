#pragma once

#include <string>
#include <string_view>

namespace peel::windows {

// Names are UTF-8 in Peel and UTF-16 to the system.
std::wstring Wide(std::string_view text);
std::string Narrow(std::wstring_view text);

// The system's last error as an errno. Returns -1.
int SetErrno();

}  // namespace peel::windows
