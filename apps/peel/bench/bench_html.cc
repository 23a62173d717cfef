#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <vector>

#include "apps/peel/bench/bench_report.h"
#include "src/base/os/files.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>peel bench</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:980px;margin:2rem auto;padding:0 1rem;color:#1d2530;background:#fff}
h1{font-size:1.5rem;margin-bottom:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p.sub{color:#5b6675;margin-top:.2rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13.5px}
th,td{padding:.28rem .5rem;text-align:right;border-bottom:1px solid #e3e7ec}th{color:#5b6675;font-weight:600}
td,th{white-space:nowrap}td.t,th.t{text-align:left;white-space:normal}tr.wrong td{color:#b3261e}tr.none td{color:#7b8694}
.best{background:#eef6ee;border:1px solid #bfdcc0;border-radius:6px;padding:.6rem .9rem}.best p{margin:.2rem 0}
svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:#1d2530}
.thumbs{display:flex;flex-wrap:wrap;gap:12px}.thumbs figure{margin:0;width:170px}
.thumbs img{width:170px;height:128px;object-fit:contain;border-radius:4px;
background:repeating-conic-gradient(#d8dde3 0 25%,#fff 0 50%) 0 0/16px 16px}
.thumbs figcaption{font-size:12px;color:#5b6675}
</style></head><body>
)";

std::string Escape(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string Base64(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t rest = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < rest ? bytes[i + k] : 0U);
    for (size_t k = 0; k < 4; ++k) {
      text += k <= rest ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string SizeText(int size) { return size == 0 ? "full size" : std::to_string(size) + " px"; }

std::string Label(const Json& entry) {
  return entry["label"].get<std::string>() + ", " + entry["asked_precision"].get<std::string>();
}

// Bars of the medians of one model at one size with a line from the 10th to the 90th percentile.
std::string Chart(const std::vector<const Json*>& entries, int which) {
  constexpr int kRow = 30, kLeft = 170, kWidth = 940, kRight = 110;
  double most = 0;
  for (const Json* entry : entries) {
    most = std::max(most, (*entry)["sizes"][static_cast<size_t>(which)]["high_ms"].get<double>());
  }
  if (most <= 0) return "";
  const auto x = [&](double ms) { return kLeft + ms / most * (kWidth - kLeft - kRight); };
  std::string svg = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">\n", kWidth,
                                kRow * static_cast<int>(entries.size()) + 4);
  int row = 0;
  for (const Json* entry : entries) {
    const Json& size = (*entry)["sizes"][static_cast<size_t>(which)];
    const double median = size["median_ms"], low = size["low_ms"], high = size["high_ms"];
    const bool reference = (*entry)["label"] == "cpu" && (*entry)["asked_precision"] == "fp32";
    const bool faithful = size.value("faithful", false);
    const char* colour = !faithful ? "#d9534f" : reference ? "#9aa7b5" : "#3b7dd8";
    const int top = row++ * kRow + 4;
    const double middle = top + 11;
    svg += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>"
        "<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"22\" rx=\"3\" fill=\"{}\"/>"
        "<path d=\"M{:.1f} {}H{:.1f}M{:.1f} {}v8M{:.1f} {}v8\" stroke=\"#1d2530\" fill=\"none\"/>"
        "<text x=\"{:.1f}\" y=\"{}\">{:.1f} ms{}</text>\n",
        kLeft - 8, middle + 4, Escape(Label(*entry)), kLeft, top, x(median) - kLeft, colour, x(low),
        middle, x(high), x(low), middle - 4, x(high), middle - 4, x(std::max(median, high)) + 8,
        middle + 4, median, faithful ? "" : " (wrong)");
  }
  return svg + "</svg>\n";
}

std::string Table(const Json& document, const std::string& model) {
  std::string html =
      "<table><tr><th class=t>device</th><th class=t>numbers</th><th>size</th><th>median ms</th>"
      "<th>80 % within</th><th>network ms</th><th>images/s</th><th>load ms</th><th>peak MB</th>"
      "<th>mean diff.</th><th>IoU</th></tr>\n";
  for (const Json& entry : document["cases"]) {
    if (entry["model"] != model) continue;
    const std::string head = fmt::format("<td class=t>{}</td><td class=t>{}</td>",
                                         Escape(entry["label"].get<std::string>()),
                                         Escape(entry["asked_precision"].get<std::string>()));
    if (entry["status"] != "ok") {
      html += "<tr class=none>" + head + "<td class=t colspan=9>" +
              Escape(entry.value("reason", "")) + "</td></tr>\n";
      continue;
    }
    for (const Json& size : entry["sizes"]) {
      html += fmt::format(
          "<tr{}>{}<td>{}</td><td>{:.1f}</td><td>{:.1f}–{:.1f}</td><td>{:.1f}</td><td>{:.2f}</td>"
          "<td>{:.0f}</td><td>{:.0f}</td><td>{:.5f}</td><td>{:.4f}</td></tr>\n",
          size.value("faithful", false) ? "" : " class=wrong", head,
          SizeText(size["size"].get<int>()), size["median_ms"].get<double>(),
          size["low_ms"].get<double>(), size["high_ms"].get<double>(),
          size["network_ms"].get<double>(), size["images_per_s"].get<double>(),
          entry["load_ms"].get<double>(), entry["peak_bytes"].get<double>() * 1e-6,
          size["mean_difference"].get<double>(), size["iou"].get<double>());
    }
  }
  return html + "</table>\n";
}

std::string Thumbnails(const std::vector<const Json*>& entries, const std::string& folder) {
  std::string html = "<div class=thumbs>\n";
  for (const Json* entry : entries) {
    const auto bytes = ReadWholeFile(
        folder + "/" + (*entry)["folder"].get<std::string>() + "/thumb-0.png", 1 << 24);
    if (!bytes.ok()) continue;
    html += "<figure><img alt=\"cut-out\" src=\"data:image/png;base64," + Base64(*bytes) +
            "\"><figcaption>" + Escape(Label(*entry)) + "</figcaption></figure>\n";
  }
  return html + "</div>\n";
}

}  // namespace

std::string BenchHtml(const Json& document, const std::string& folder) {
  std::string html = kHead;
  html += fmt::format(
      "<h1>peel bench</h1><p class=sub>peel {}, {}; {} pictures, {} rounds after {} "
      "to warm up. Bytes in, PNG bytes out, one picture at a time.</p>\n",
      Escape(document["version"].get<std::string>()),
      Escape(document["machine"].get<std::string>()), document["pictures"].size(),
      document["rounds"].get<int>(), document["warmup"].get<int>());
  html += "<div class=best>";
  for (const Json& line : document["recommendations"]) {
    html += "<p>" + Escape(line["text"].get<std::string>()) + "</p>";
  }
  html +=
      "<p class=sub><code>peel bench --apply</code> makes the first line the default of "
      "<code>peel cut</code>.</p></div>\n";
  std::vector<std::string> models;
  for (const Json& entry : document["cases"]) {
    const std::string model = entry["model"];
    if (std::ranges::find(models, model) == models.end()) models.push_back(model);
  }
  for (const std::string& model : models) {
    std::vector<const Json*> entries;
    for (const Json& entry : document["cases"]) {
      if (entry["model"] == model && entry["status"] == "ok") entries.push_back(&entry);
    }
    html += "<h2>" + Escape(model) + "</h2>\n";
    if (!entries.empty()) {
      const Json& sizes = (*entries[0])["sizes"];
      for (size_t i = 0; i < sizes.size(); ++i) {
        html += "<p class=sub>" + SizeText(sizes[i]["size"].get<int>()) +
                ": milliseconds a picture, median and 80 % of the runs</p>\n" +
                Chart(entries, static_cast<int>(i));
      }
    }
    html += Table(document, model);
    html += Thumbnails(entries, folder);
  }
  html +=
      "<p class=sub>Grey: the CPU in float32, which the others' mattes are compared with (mean "
      "difference of opacity, IoU of what is more than half subject). Red: not its mattes.</p>"
      "</body></html>\n";
  return html;
}

}  // namespace peel
