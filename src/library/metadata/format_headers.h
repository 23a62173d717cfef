#pragma once

#include "src/base/status.h"
#include "src/library/metadata/header_reader.h"
#include "src/library/metadata/photo_facts.h"

namespace peel::library {

// Each walks one format's headers. Damage behind the picture's size is a warning of the reader;
// kCorrupt where the size itself cannot be read.

// Segments up to the first scan; Samsung's trailer (SEF) for its motion photos.
Status ReadJpegHeaders(HeaderReader* file, PhotoFacts* facts);
// All chunks, over the pixels to those behind them.
Status ReadPngHeaders(HeaderReader* file, PhotoFacts* facts);
Status ReadWebpHeaders(HeaderReader* file, PhotoFacts* facts);
// GIF has no lengths but those of blocks of 255 bytes: up to the second frame is read.
Status ReadGifHeaders(HeaderReader* file, PhotoFacts* facts);
Status ReadBmpHeaders(HeaderReader* file, PhotoFacts* facts);
// TIFF and BigTIFF, and the raw files that are built alike: CR2, NEF, ARW, DNG, PEF, SRW, 3FR,
// ORF, RW2. Sets the format: "raw" where it is one.
Status ReadTiffHeaders(HeaderReader* file, PhotoFacts* facts);
// Fujifilm's RAF.
Status ReadRafHeaders(HeaderReader* file, PhotoFacts* facts);
// HEIC, HEIF, AVIF and Canon's CR3.
Status ReadIsoHeaders(HeaderReader* file, PhotoFacts* facts);
// JPEG XL, in a container or bare.
Status ReadJxlHeaders(HeaderReader* file, PhotoFacts* facts);

// A JPEG that lies inside of another file.
Status ReadJpegPart(Part jpeg, PhotoFacts* facts);

}  // namespace peel::library
