// Plans for duplicates as anybody may have edited them: never a crash, and what is read from a plan
// is read from its text again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "src/library/cleanup/plan.h"
#include "src/library/search/folded_words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string& word : peel::library::FoldedWords(text)) {
    if (word.empty()) std::abort();
  }
  const auto plan = peel::library::ParsePlan(text);
  if (!plan.ok()) {
    if (plan.status().message().empty()) std::abort();
    return 0;
  }
  const auto again = peel::library::ParsePlan(peel::library::PlanText(*plan, "library", "plan"));
  if (!again.ok() || again->size() != plan->size()) std::abort();
  for (size_t i = 0; i < plan->size(); ++i) {
    if ((*again)[i].files.size() != (*plan)[i].files.size()) std::abort();
    if ((*again)[i].merge != (*plan)[i].merge) std::abort();
    for (size_t k = 0; k < (*plan)[i].files.size(); ++k) {
      if ((*again)[i].files[k].keep != (*plan)[i].files[k].keep) std::abort();
    }
  }
  return 0;
}
