#include "src/library/run_json.h"

#include <nlohmann/json.hpp>

#include "src/library/store/path_text.h"

namespace peel::library {

using Json = nlohmann::ordered_json;

std::string SettingsJson(const ScanOptions& options, const ScanNetworks* networks) {
  Json phases = Json::array();
  for (int phase = 0; phase < 3; ++phase) {
    if ((options.phases & (1U << phase)) != 0) phases.push_back(phase + 1);
  }
  Json inputs = Json::array();
  for (const std::string& input : options.inputs) inputs.push_back(TextOfPath(input).text);
  Json json{{"inputs", inputs},     {"phases", phases},       {"recursive", options.recursive},
            {"jobs", options.jobs}, {"batch", options.batch}, {"memory", options.memory}};
  if (networks != nullptr) {
    json["networks"] = Json::parse(networks->models(), nullptr, /*allow_exceptions=*/false);
    json["runs_on"] = networks->runs_on();
  }
  if (!options.settings_from.empty()) json["from"] = TextOfPath(options.settings_from).text;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string FiguresJson(const ScanFigures& f) {
  return Json{{"files", f.files},
              {"scanned", f.scanned},
              {"unchanged", f.unchanged},
              {"unchanged_with_errors", f.unchanged_with_errors},
              {"moved", f.moved},
              {"gone", f.gone},
              {"failed", f.failed},
              {"passed_over", f.passed_over},
              {"films", f.films},
              {"live_photo_films", f.films_of_stills},
              {"sidecars", f.sidecars},
              {"sidecars_unread", f.sidecars_unread},
              {"unreadable", f.folder_errors},
              {"phase_1", f.phase_counts[0]},
              {"phase_2", f.phase_counts[1]},
              {"phase_3", f.phase_counts[2]},
              {"bytes_read", f.bytes_read},
              {"seconds", f.seconds},
              {"listing_seconds", f.listing_seconds},
              {"grouping_seconds", f.grouping_seconds},
              {"thread_seconds",
               {{"metadata", f.metadata_seconds},
                {"read", f.read_seconds},
                {"decode", f.decode_seconds},
                {"measure", f.measure_seconds},
                {"labels", f.label_seconds},
                {"matte", f.matte_seconds},
                {"write", f.write_seconds}}},
              {"exact_groups", f.duplicate_groups[0]},
              {"same_groups", f.duplicate_groups[1]},
              {"similar_groups", f.duplicate_groups[2]},
              {"stacks", f.stacks},
              {"peak_memory", f.peak_memory},
              {"mean_memory", f.mean_memory},
              {"out_of_memory", f.out_of_memory},
              {"batch_at_end", f.batch_at_end},
              {"interrupted", f.interrupted}}
      .dump();
}

}  // namespace peel::library
