#include "apps/peel/model/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "apps/peel/output.h"

namespace peel {

void PrintProfile(const std::vector<engine::StepProfile>& steps) {
  double total = 0;
  std::map<std::string, std::pair<double, int>> kernels;
  Print("{:>9} {:>9} {:<22} {:<14} {:<40} {}\n", "ms", "GMAC/s", "kernel", "operator", "shapes",
        "node");
  for (const auto& step : steps) {
    total += step.milliseconds;
    auto& [sum, count] = kernels[step.kernel];
    sum += step.milliseconds;
    ++count;
    const double rate = step.milliseconds > 0
                            ? static_cast<double>(step.multiply_adds) / step.milliseconds * 1e-6
                            : 0;
    Print("{:9.3f} {:>9} {:<22} {:<14} {:<40} {}\n", step.milliseconds,
          step.multiply_adds > 0 ? fmt::format("{:.1f}", rate) : "-", step.kernel, step.op_type,
          step.detail, step.node);
  }
  std::vector<std::pair<std::string, std::pair<double, int>>> order(kernels.begin(), kernels.end());
  std::sort(order.begin(), order.end(),
            [](auto& a, auto& b) { return a.second.first > b.second.first; });
  Print("\n{:>9} {:>6} {:>6}  {}\n", "ms", "%", "steps", "kernel");
  for (const auto& [kernel, sum] : order) {
    Print("{:9.3f} {:6.1f} {:6}  {}\n", sum.first, total > 0 ? 100 * sum.first / total : 0,
          sum.second, kernel);
  }
  Print("{:9.3f}               in all\n", total);
  std::string slow;
  int count = 0;
  for (const auto& step : steps) {
    if (step.kernel != "reference" && step.kernel != "conv_reference") continue;
    slow += (count++ == 0 ? " '" : ", '") + step.node + "'";
  }
  if (count > 0) Print("\n{} on plain reference kernels:{}\n", count, slow);
}

nlohmann::json ProfileJson(const std::vector<engine::StepProfile>& steps) {
  auto list = nlohmann::json::array();
  for (const auto& step : steps) {
    list.push_back({{"node", step.node},
                    {"operator", step.op_type},
                    {"kernel", step.kernel},
                    {"detail", step.detail},
                    {"ms", step.milliseconds},
                    {"multiply_adds", step.multiply_adds}});
  }
  return list;
}

}  // namespace peel
