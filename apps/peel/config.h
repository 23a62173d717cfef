#pragma once

#include <map>
#include <optional>
#include <string>

#include "src/base/status.h"

namespace peel {

// What `peel cut`, `peel stream` and `peel serve` take where the command line says nothing: YAML,
// one "key: value" a line.
//   model, device, backend, precision, threads, jobs, ort: as the options of the same names, where
//   the command has them
using Config = std::map<std::string, std::string>;

// $PEEL_CONFIG ("off": none), $XDG_CONFIG_HOME/peel/config.yaml or ~/.config/peel/config.yaml;
// "" where there is no folder for it.
std::string ConfigPath();

// Empty where there is no file. kCorrupt or kInvalidArgument for one that cannot be read, an
// unknown key or a value that its option would not take; file and line are named.
Result<Config> ReadConfig();

// Sets these keys and keeps the others; an empty value removes its key. Returns the file's path.
Result<std::string> UpdateConfig(const Config& changes);

}  // namespace peel
