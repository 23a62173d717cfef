#pragma once

#include <string>

#include "src/library/scan_networks.h"
#include "src/library/scan_options.h"

// What the library's row of a scan says, as JSON.
namespace peel::library {

// For runs.settings: what was asked for, and with which networks (null: none) on what it runs.
std::string SettingsJson(const ScanOptions& options, const ScanNetworks* networks);

// For runs.figures.
std::string FiguresJson(const ScanFigures& figures);

}  // namespace peel::library
