#pragma once

#include <memory>

#include "src/engine/session.h"
#include "src/matte/network.h"

namespace peel {

// The engine's session as the matte's network. Keeps as many contexts as runs have overlapped.
// kUnsupported for a session whose first input holds no floats.
Result<std::shared_ptr<const Network>> WrapSession(std::shared_ptr<const engine::Session> session);

}  // namespace peel
