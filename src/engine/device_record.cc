#include "src/engine/device_record.h"

#include <sstream>

#include "src/base/cache_file.h"

namespace peel::engine {
namespace {

constexpr std::string_view kKind = "devices";
constexpr double kGain = 0.9;  // what is less of a gain is not worth starting another runtime

std::string Key() { return CacheMachine() + "\ndevices 1"; }

}  // namespace

Status WriteDeviceRecord(const std::vector<ProvenDevice>& devices) {
  std::ostringstream text;
  for (const ProvenDevice& proven : devices) {
    text << BackendName(proven.backend) << ' ' << DeviceName(proven.device) << ' '
         << proven.milliseconds << '\n';
  }
  return WriteCacheFile(kKind, Key(), text.str());
}

std::vector<ProvenDevice> ReadDeviceRecord() {
  std::vector<ProvenDevice> devices;
  if (!AnyCacheFile(kKind)) return devices;
  const auto text = ReadCacheFile(kKind, Key());
  if (!text) return devices;
  std::istringstream stream(*text);
  std::string backend, device;
  for (double milliseconds = 0; stream >> backend >> device >> milliseconds;) {
    const auto kind = BackendFromName(backend);
    const auto where = DeviceFromName(device);
    if (!kind || !where || milliseconds <= 0) return {};
    devices.push_back({*kind, *where, milliseconds});
  }
  return devices;
}

ProvenDevice FastestProven() {
  ProvenDevice best;
  double native = 0;
  const std::vector<ProvenDevice> record = ReadDeviceRecord();
  for (const ProvenDevice& proven : record) {
    if (proven.backend == BackendKind::kNative) native = proven.milliseconds;
  }
  best.milliseconds = native;
  for (const ProvenDevice& proven : record) {
    if (proven.backend == BackendKind::kNative || native <= 0) continue;
    if (proven.milliseconds < kGain * native && proven.milliseconds < best.milliseconds) {
      best = proven;
    }
  }
  return best;
}

}  // namespace peel::engine
