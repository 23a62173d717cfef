#include "src/library/grouping.h"

namespace peel::library {

Result<GroupFigures> WriteGroups(Store& store, const CancelToken* stop) {
  (void)store;
  (void)stop;
  return GroupFigures{};
}

}  // namespace peel::library
