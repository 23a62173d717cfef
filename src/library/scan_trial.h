#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/library/labels/labels.h"
#include "src/library/scan_options.h"

namespace peel::library {

// Scans of a sample of pictures that write nothing, to measure ways of working.

// Up to `count` pictures of what the options name, evenly spaced over all of them in the order of
// their names, so that the same folder gives the same sample.
Result<std::vector<std::string>> PickSample(const ScanOptions& options, size_t count);

struct TrialResult {
  size_t pictures = 0, failed = 0;
  double seconds = 0;
  double phase_seconds[3] = {};  // of TimeBaseline: each phase by itself
  uint64_t peak_memory = 0;      // resident, bytes
  std::string runs_on, warning;
  std::vector<Labels> labels;      // of each picture that did not fail
  std::vector<std::string> paths;  // theirs
  double pictures_per_second() const {
    return seconds > 0 ? static_cast<double>(pictures - failed) / seconds : 0;
  }
};

// The pictures through all phases as a scan does it: by options' jobs, batch and networks.
// kCancelled, and the errors of loading networks.
Result<TrialResult> TimeScan(const std::vector<std::string>& sample, const ScanOptions& options);

// The same work done plainly: a picture at a time, each phase over all of them in turn, the
// picture read and decoded at full size in each phase anew, networks in float32.
Result<TrialResult> TimeBaseline(const std::vector<std::string>& sample,
                                 const ScanOptions& options);

// What float32, a picture at a time, says of what TimeScan shows the networks. Nothing is timed.
Result<TrialResult> ReferenceLabels(const std::vector<std::string>& sample,
                                    const ScanOptions& options);

// How far labels agree with the reference's (labels/agreement.h), over pictures in both.
struct TrialAgreement {
  size_t pictures = 0;
  double labels = 1, cosine = 1;
  bool passes = true;
  std::string text;
};
TrialAgreement Compare(const TrialResult& reference, const TrialResult& other);

// One way of working that Tune has tried.
struct TunedTrial {
  int jobs = 1, batch = 1;
  std::string precision;  // "fp32" …
  double pictures_per_second = 0;
  uint64_t peak_memory = 0;
  std::string refused;  // why it cannot be taken; "" where it can
};
struct TunedChoice {
  TunedTrial best;
  std::vector<TunedTrial> trials;
};

// Tries numbers of pictures at a time, batches and precisions, one after the other, each with the
// best of what came before. tell: each trial as it is done. What is less than 3 % faster is not
// worth a change.
Result<TunedChoice> Tune(const std::vector<std::string>& sample, const ScanOptions& options,
                         const std::function<void(const TunedTrial&)>& tell);

}  // namespace peel::library
