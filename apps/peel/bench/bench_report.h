#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace peel {

// What RunBenchPlan gave, for people and for programs.
void PrintBench(const nlohmann::ordered_json& document);
std::string BenchCsv(const nlohmann::ordered_json& document);
// One page without any other file: tables, bars of times as SVG, small cut-outs from `folder`.
std::string BenchHtml(const nlohmann::ordered_json& document, const std::string& folder);

}  // namespace peel
