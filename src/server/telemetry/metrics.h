#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace peel::server {

// Numbers for Prometheus, in its text format 0.0.4. On the server's one thread, without locks.
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

using LabelValues = std::vector<std::string>;

// All numbers of one name: one for each combination of its labels' values, of which there are no
// more than `kMostSeries`: the values of one more all become "other", so that what strangers send
// does not fill the memory here and in Prometheus.
class MetricFamily {
 public:
  static constexpr size_t kMostSeries = 1000;

  MetricFamily(std::string name, std::string help, std::string type,
               std::vector<std::string> labels);
  virtual ~MetricFamily() = default;
  MetricFamily(const MetricFamily&) = delete;
  MetricFamily& operator=(const MetricFamily&) = delete;

  void Write(std::string* text) const;

 protected:
  // name{labels} as it stands before the number; `extra` is put behind the labels.
  std::string Series(std::string_view suffix, const LabelValues& values,
                     std::string_view extra = "") const;
  // The values under which something is counted, when there are `known` of them.
  LabelValues Bounded(const LabelValues& values, bool is_known, size_t known) const;
  virtual void WriteSeries(std::string* text) const = 0;

  const std::string name_, help_, type_;
  const std::vector<std::string> labels_;
};

// What only grows.
class Counter final : public MetricFamily {
 public:
  Counter(std::string name, std::string help, std::vector<std::string> labels)
      : MetricFamily(std::move(name), std::move(help), "counter", std::move(labels)) {}
  void Add(const LabelValues& values, uint64_t more = 1);
  // For what is counted elsewhere. Never below what it was.
  void SetTotal(const LabelValues& values, uint64_t total);

 private:
  void WriteSeries(std::string* text) const override;
  std::map<LabelValues, uint64_t> series_;
};

// What goes up and down.
class Gauge final : public MetricFamily {
 public:
  Gauge(std::string name, std::string help, std::vector<std::string> labels)
      : MetricFamily(std::move(name), std::move(help), "gauge", std::move(labels)) {}
  void Set(const LabelValues& values, double value);

 private:
  void WriteSeries(std::string* text) const override;
  std::map<LabelValues, double> series_;
};

// How often a value was at most each of some bounds, which rise.
class Histogram final : public MetricFamily {
 public:
  Histogram(std::string name, std::string help, std::vector<std::string> labels,
            std::vector<double> bounds)
      : MetricFamily(std::move(name), std::move(help), "histogram", std::move(labels)),
        bounds_(std::move(bounds)) {}
  void Observe(const LabelValues& values, double value);  // NaN is left out

 private:
  struct One {
    std::vector<uint64_t> buckets;  // each by itself, the last one without a bound
    uint64_t count = 0;
    double sum = 0;
  };
  void WriteSeries(std::string* text) const override;
  const std::vector<double> bounds_;
  std::map<LabelValues, One> series_;
};

}  // namespace peel::server
