// Groups the pictures that scan_measure measured, one line of its JSON each on the standard input:
// a line of JSON for each group of duplicates. Arguments: the greatest distance of hashes and that
// of crops. A line's "taken_ms" and "camera" (a number) count where they are there.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/base/hash.h"
#include "src/library/duplicates/duplicate_groups.h"

namespace peel::library {
namespace {

struct Input {
  std::vector<DuplicateItem> items;
  std::vector<PdqHashes> hashes;
  std::vector<std::string> paths;
};

Result<Input> Read() {
  Input input;
  for (std::string text; std::getline(std::cin, text);) {
    const auto line = nlohmann::json::parse(text);
    PdqHashes hashes;
    for (size_t i = 0; i < hashes.orientations.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(hashes.orientations[i],
                            ParsePdqHash(line["orientations"][i].get<std::string>()));
    }
    for (size_t i = 0; i < hashes.crops.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(hashes.crops[i], ParsePdqHash(line["crops"][i].get<std::string>()));
    }
    DuplicateItem item;
    item.hash = hashes.orientations[0];
    item.hash_quality = line["pdq_quality"].get<int>();
    item.taken_ms = line.value("taken_ms", kNoTime);
    item.camera = line.value("camera", uint64_t{0});
    item.facts.width = line["width"].get<int>();
    item.facts.height = line["height"].get<int>();
    item.facts.sharpness = line["sharpness"].get<float>();
    input.items.push_back(item);
    input.hashes.push_back(hashes);
    input.paths.push_back(line["path"].get<std::string>());
  }
  return input;
}

int Main(int argc, char** argv) {
  const auto input = Read();
  if (!input.ok()) {
    std::fprintf(stderr, "%s\n", input.status().message().c_str());
    return 1;
  }
  DuplicateOptions options;
  if (argc > 1) options.same_distance = std::atoi(argv[1]);
  if (argc > 2) options.crop_distance = std::atoi(argv[2]);
  ThreadPool pool;
  const auto groups = FindDuplicates(
      input->items, [&](size_t i) -> Result<PdqHashes> { return input->hashes[i]; }, {}, options,
      &pool);
  if (!groups.ok()) {
    std::fprintf(stderr, "%s\n", groups.status().message().c_str());
    return 1;
  }
  for (const DuplicateGroup& group : *groups) {
    nlohmann::json line = {{"tier", TierName(group.tier)}, {"members", nlohmann::json::array()}};
    for (const GroupMember& member : group.members) {
      line["members"].push_back({{"path", input->paths[member.item]},
                                 {"distance", member.distance},
                                 {"best", member.best},
                                 {"reason", member.reason}});
    }
    std::puts(line.dump().c_str());
  }
  return 0;
}

}  // namespace
}  // namespace peel::library

int main(int argc, char** argv) try {
  return peel::library::Main(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
