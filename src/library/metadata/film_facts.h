#pragma once

#include <optional>
#include <string>

#include "src/base/os/source_file.h"
#include "src/base/status.h"
#include "src/library/metadata/header_reader.h"

namespace peel::library {

// What a film's file says that tells whose film it is.
struct FilmFacts {
  // QuickTime's metadata key com.apple.quicktime.content.identifier (exiftool: ContentIdentifier):
  // the same in a live photo's still and its film. CleanText; empty where there is none.
  std::string content_identifier;
  std::optional<double> duration_s;  // above 0; nothing where the header does not say
  std::string warning;               // what was damaged and passed over, as a sentence
};

// Of MP4 and QuickTime's MOV (ISO/IEC 14496-12, Apple's QuickTime File Format): the header alone is
// read, wherever in the file it lies. The bounds are HeaderReader's. Errors name no file:
// kUnsupported (another format), kCorrupt (the header is missing, as where the file ends before
// it), kIo. Any thread.
Result<FilmFacts> ReadFilmFacts(const SourceFile& file);
// Of a file that is open already, or of bytes in memory.
Result<FilmFacts> ReadFilmFacts(HeaderReader* file);

}  // namespace peel::library
