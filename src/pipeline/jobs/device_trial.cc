#include "src/pipeline/jobs/device_trial.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>

#include "src/engine/device_record.h"

namespace peel {
namespace {

using Clock = std::chrono::steady_clock;

// Of one device on all sizes.
struct Measured {
  DeviceTrial trial;
  std::vector<ImageU8> mattes;
};

Status Measure(const Cutter& cutter, const std::vector<ImageU8>& pictures, int runs,
               Measured& measured) {
  for (const ImageU8& picture : pictures) {
    CutOptions options;
    options.compose.mask_only = true;
    PEEL_ASSIGN_OR_RETURN(Cut matte, cutter.CutPixels(picture.view(), options));
    measured.mattes.push_back(std::move(matte.pixels));
    options.compose.mask_only = false;
    std::vector<double> times;
    for (int i = 0; i <= runs; ++i) {
      const Clock::time_point start = Clock::now();
      PEEL_ASSIGN_OR_RETURN(const Cut cut, cutter.CutPixels(picture.view(), options));
      const std::chrono::duration<double, std::milli> passed = Clock::now() - start;
      if (i > 0) times.push_back(passed.count());  // the first one warms up
    }
    measured.trial.times.push_back(SpreadOf(std::move(times)));
  }
  return OkStatus();
}

Measured Try(const VerifyOptions& options, BackendKind backend, Device device,
             const std::vector<ImageU8>& pictures) {
  Measured measured;
  measured.trial.backend = backend;
  measured.trial.device = device;
  ModelOptions model;
  model.model = options.model;
  model.threads = options.threads;
  model.device = device;
  model.backend = backend;
  model.precision = engine::Precision::kFp32;
  model.strict = true;
  model.runtime = options.runtime;
  const auto cutter = Cutter::Start(model);
  Status status = cutter->Wait();
  if (status.ok()) {
    const ModelInfo& info = cutter->info();
    measured.trial.precision = info.precision;
    measured.trial.backend_name = info.backend;
    measured.trial.nodes = info.nodes;
    measured.trial.load_ms = info.load_ms;
    status = Measure(*cutter, pictures, options.runs, measured);
  }
  measured.trial.proven = status.ok();
  if (!status.ok()) measured.trial.reason = WithoutAdvice(status.message(), device);
  return measured;
}

void CompareWith(const Measured& reference, Measured& other) {
  for (size_t i = 0; i < other.mattes.size() && i < reference.mattes.size(); ++i) {
    const auto distance = CompareMattes(reference.mattes[i].view(), other.mattes[i].view());
    if (!distance.ok()) {
      other.trial.proven = false;
      other.trial.reason = distance.status().message();
      return;
    }
    MatteDistance& worst = other.trial.distance;
    worst.mean_difference = std::max(worst.mean_difference, distance->mean_difference);
    worst.iou = std::min(worst.iou, distance->iou);
  }
  if (IsFaithful(other.trial.distance)) return;
  other.trial.proven = false;
  other.trial.reason = "its mattes are not the CPU's";
}

void Keep(const std::vector<DeviceTrial>& trials) {
  std::vector<engine::ProvenDevice> proven;
  for (const DeviceTrial& trial : trials) {
    if (trial.proven && !trial.times.empty()) {
      proven.push_back({trial.backend, trial.device, trial.times[trial.times.size() / 2].median});
    }
  }
  // Without a cache there is no record, and --device auto stays with the CPU.
  static_cast<void>(engine::WriteDeviceRecord(proven).ok());
}

}  // namespace

std::string WithoutAdvice(std::string text, Device device) {
  const std::string head = "--device " + std::string(engine::DeviceName(device)) + ": ";
  constexpr std::string_view kOther = ". Without --strict another device would be used";
  constexpr std::string_view kPrecision = " is used without --strict";
  if (text.starts_with(head)) text.erase(0, head.size());
  if (text.ends_with(kOther)) text.erase(text.size() - kOther.size());
  if (text.ends_with(kPrecision)) text.erase(text.rfind("; "));
  return text;
}

Spread SpreadOf(std::vector<double> values) {
  Spread spread;
  if (values.empty()) return spread;
  std::ranges::sort(values);
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const size_t below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, values.size() - 1);
    const double part = place - static_cast<double>(below);
    return values[below] * (1 - part) + values[above] * part;
  };
  spread.median = at(0.5);
  spread.low = at(0.1);
  spread.high = at(0.9);
  spread.runs = static_cast<int>(values.size());
  return spread;
}

Result<MatteDistance> CompareMattes(ImageView<const uint8_t> a, ImageView<const uint8_t> b) {
  if (a.width != b.width || a.height != b.height) {
    return InvalidArgument("two mattes to be compared are not of one size");
  }
  int64_t sum = 0, both = 0, either = 0;
  for (int y = 0; y < a.height; ++y) {
    const uint8_t* p = a.row(y);
    const uint8_t* q = b.row(y);
    for (ptrdiff_t x = 0; x < a.width; ++x) {
      const int u = p[x * a.channels], v = q[x * b.channels];
      sum += std::abs(u - v);
      both += u > 127 && v > 127;
      either += u > 127 || v > 127;
    }
  }
  MatteDistance distance;
  const double pixels = static_cast<double>(a.width) * static_cast<double>(a.height);
  distance.mean_difference = static_cast<double>(sum) / (255.0 * std::max(pixels, 1.0));
  if (either > 0) distance.iou = static_cast<double>(both) / static_cast<double>(either);
  return distance;
}

Result<ImageU8> TrialPicture(int width, int height) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 picture, ImageU8::Allocate(width, height, 3));
  const double radius = 0.35 * std::min(width, height);
  const double ball[] = {235, 60, 45};
  for (int y = 0; y < height; ++y) {
    uint8_t* row = picture.view().row(y);
    for (int x = 0; x < width; ++x) {
      const double dx = x - width / 2.0, dy = y - height / 2.0;
      const double inside = std::clamp(radius + 0.5 - std::hypot(dx, dy), 0.0, 1.0);
      const double lit =
          std::clamp(1.1 - std::hypot(dx + radius / 3, dy + radius / 3) / (2 * radius), 0.25, 1.0);
      const double down = static_cast<double>(y) / height;
      const double ground[] = {90 + down * 60, 140 + down * 50, 100};
      for (int c = 0; c < 3; ++c) {
        const double value = ground[c] * (1 - inside) + ball[c] * lit * inside;
        row[3 * x + c] = static_cast<uint8_t>(std::lround(value));
      }
    }
  }
  return picture;
}

Result<std::vector<DeviceTrial>> VerifyDevices(const VerifyOptions& options) {
  std::vector<ImageU8> pictures;
  for (const int size : options.sizes) {
    PEEL_ASSIGN_OR_RETURN(ImageU8 picture, TrialPicture(size, std::max(1, size * 3 / 4)));
    pictures.push_back(std::move(picture));
  }
  Measured reference = Try(options, BackendKind::kNative, Device::kCpu, pictures);
  std::vector<DeviceTrial> trials = {reference.trial};
  for (const Device device : {Device::kCpu, Device::kCuda, Device::kTensorRt, Device::kOpenVino}) {
    Measured other = Try(options, BackendKind::kOnnxRuntime, device, pictures);
    if (other.trial.proven && reference.trial.proven) CompareWith(reference, other);
    // Nothing runs the model natively: ONNX Runtime's CPU is what the others are compared with.
    if (other.trial.proven && !reference.trial.proven && device == Device::kCpu) {
      reference = std::move(other);
      trials.push_back(reference.trial);
      reference.trial.proven = true;
      continue;
    }
    trials.push_back(std::move(other.trial));
  }
  if (std::ranges::none_of(trials, &DeviceTrial::proven)) {
    return NotFound(trials.front().reason);
  }
  Keep(trials);
  return trials;
}

}  // namespace peel
