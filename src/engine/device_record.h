#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/device.h"

namespace peel::engine {

// A device that was proven on this machine, and how long a picture took on it.
struct ProvenDevice {
  BackendKind backend = BackendKind::kNative;
  Device device = Device::kCpu;
  double milliseconds = 0;
};

// Kept in the cache (base/cache_file.h): what `peel doctor --verify` has measured, for --device
// auto. Replaces the record.
Status WriteDeviceRecord(const std::vector<ProvenDevice>& devices);
std::vector<ProvenDevice> ReadDeviceRecord();  // empty without a record

// The fastest of the record; the native CPU where nothing is a tenth faster, and without a record.
ProvenDevice FastestProven();

}  // namespace peel::engine
