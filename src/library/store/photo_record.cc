#include "src/library/store/photo_record.h"

#include "src/library/store/schema.h"

namespace peel::library {

const char* FileStatusName(FileStatus status) {
  switch (status) {
    case FileStatus::kOk:
      return "ok";
    case FileStatus::kPartial:
      return "partial";
    case FileStatus::kError:
      return "error";
    case FileStatus::kGone:
      return "gone";
  }
  return "error";
}

unsigned PhotoRecord::phases() const {
  unsigned phases = kept_phases | vain_phases;
  if (metadata) phases |= kPhaseMetadata;
  if (content) phases |= kPhaseContent;
  if (labels) phases |= kPhaseLabels;
  return phases;
}

}  // namespace peel::library
