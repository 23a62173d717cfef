#include "src/server/telemetry/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace peel::server {
namespace {

// In quotes where it is a label's value; line feeds and backslashes are escaped in help texts too.
std::string Escaped(std::string_view text, bool is_value) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (c == '"' && is_value) {
      escaped += "\\\"";
    } else {
      // The format is UTF-8, values are names of our own: what is none of them need not be kept.
      escaped += c >= ' ' && c <= '~' ? c : '?';
    }
  }
  return escaped;
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 64> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

void Line(std::string* text, const std::string& series, const std::string& number) {
  text->append(series).append(" ").append(number).append("\n");
}

}  // namespace

MetricFamily::MetricFamily(std::string name, std::string help, std::string type,
                           std::vector<std::string> labels)
    : name_(std::move(name)),
      help_(std::move(help)),
      type_(std::move(type)),
      labels_(std::move(labels)) {}

void MetricFamily::Write(std::string* text) const {
  text->append("# HELP ").append(name_).append(" ").append(Escaped(help_, false)).append("\n");
  text->append("# TYPE ").append(name_).append(" ").append(type_).append("\n");
  WriteSeries(text);
}

std::string MetricFamily::Series(std::string_view suffix, const LabelValues& values,
                                 std::string_view extra) const {
  std::string inside;
  for (size_t i = 0; i < labels_.size(); ++i) {
    if (!inside.empty()) inside += ',';
    inside.append(labels_[i]).append("=\"").append(Escaped(values[i], true)).append("\"");
  }
  if (!extra.empty()) inside.append(inside.empty() ? "" : ",").append(extra);
  std::string series = std::string(name_).append(suffix);
  if (!inside.empty()) series.append("{").append(inside).append("}");
  return series;
}

LabelValues MetricFamily::Bounded(const LabelValues& values, bool is_known, size_t known) const {
  if (is_known && values.size() == labels_.size()) return values;
  if (known >= kMostSeries) return LabelValues(labels_.size(), "other");
  LabelValues sized = values;
  sized.resize(labels_.size());
  return sized;
}

void Counter::Add(const LabelValues& values, uint64_t more) {
  series_[Bounded(values, series_.contains(values), series_.size())] += more;
}

void Counter::SetTotal(const LabelValues& values, uint64_t total) {
  uint64_t& value = series_[Bounded(values, series_.contains(values), series_.size())];
  value = std::max(value, total);
}

void Counter::WriteSeries(std::string* text) const {
  for (const auto& [values, number] : series_)
    Line(text, Series("", values), std::to_string(number));
  if (labels_.empty() && series_.empty()) Line(text, Series("", {}), "0");
}

void Gauge::Set(const LabelValues& values, double value) {
  series_[Bounded(values, series_.contains(values), series_.size())] = value;
}

void Gauge::WriteSeries(std::string* text) const {
  for (const auto& [values, number] : series_) Line(text, Series("", values), Number(number));
  if (labels_.empty() && series_.empty()) Line(text, Series("", {}), "0");
}

void Histogram::Observe(const LabelValues& values, double value) {
  if (std::isnan(value)) return;
  One& one = series_[Bounded(values, series_.contains(values), series_.size())];
  one.buckets.resize(bounds_.size() + 1);
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  ++one.buckets[static_cast<size_t>(bucket)];
  ++one.count;
  one.sum += value;
}

void Histogram::WriteSeries(std::string* text) const {
  for (const auto& [values, one] : series_) {
    uint64_t below = 0;
    for (size_t i = 0; i <= bounds_.size(); ++i) {
      below += one.buckets[i];
      const std::string bound = i < bounds_.size() ? Number(bounds_[i]) : "+Inf";
      Line(text, Series("_bucket", values, std::string("le=\"").append(bound) + "\""),
           std::to_string(below));
    }
    Line(text, Series("_sum", values), Number(one.sum));
    Line(text, Series("_count", values), std::to_string(one.count));
  }
}

}  // namespace peel::server
