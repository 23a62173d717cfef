#include "src/rectify/pdf/pdf_writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "src/base/checked.h"
#include "src/base/md5.h"
#include "src/rectify/pdf/pdf_pixels.h"
#include "src/rectify/pdf/pdf_text.h"

namespace peel {
namespace {

// Many readers keep places in a file in 32 bits.
constexpr uint64_t kMaxFile = 0xFFFFFFFF;
// More than what a page needs beside its streams, and a document beside its pages.
constexpr uint64_t kPageBytes = 2048, kDocumentBytes = 1 << 16;
// Pages and nodes below one node of the page tree.
constexpr size_t kFanOut = 32;
constexpr double kMinPoints = 3, kMaxPoints = 14400;  // ISO 32000-1, annex C

Status TooLarge() {
  return Unsupported(
      "the PDF would grow beyond 4 GiB, which readers do not take; write the rest of the pages "
      "into "
      "another one");
}

struct Frame {  // of a picture
  int width = 0, height = 0, channels = 0;
  bool alpha = false;
};

Frame FrameOf(const PdfJpeg& jpeg) { return {jpeg.width, jpeg.height, jpeg.channels, false}; }
Frame FrameOf(const PdfG4& fax) { return {fax.width, fax.height, 1, false}; }
Frame FrameOf(const PdfPixels& pixels) {
  const bool alpha = pixels.channels == 2 || pixels.channels == 4;
  return {pixels.width, pixels.height, alpha ? pixels.channels - 1 : pixels.channels, alpha};
}

Status CheckPage(const PdfPage& page, const Frame& frame) {
  const auto* jpeg = std::get_if<PdfJpeg>(&page.picture);
  const auto* fax = std::get_if<PdfG4>(&page.picture);
  const auto* pixels = std::get_if<PdfPixels>(&page.picture);
  if (jpeg != nullptr && jpeg->channels == 4) {
    return Unsupported("a PDF page cannot be made of a CMYK JPEG; decode it to RGB first");
  }
  if (frame.width < 1 || frame.height < 1 || (frame.channels != 1 && frame.channels != 3)) {
    return InvalidArgument(
        "a PDF page needs a picture of at least one pixel, grey or in colour (1 to 4 channels)");
  }
  if (jpeg != nullptr &&
      (jpeg->bytes.size() < 4 || jpeg->bytes[0] != 0xFF || jpeg->bytes[1] != 0xD8)) {
    return InvalidArgument("what should be a JPEG for a PDF page does not begin like one");
  }
  if (fax != nullptr && fax->bytes.empty()) {
    return InvalidArgument("the bilevel picture for a PDF page is empty");
  }
  if (pixels != nullptr && pixels->data == nullptr) {
    return InvalidArgument("the picture for a PDF page has no pixels");
  }
  if (!page.mask.empty() &&
      (frame.alpha || page.mask.channels != 1 || page.mask.width != frame.width ||
       page.mask.height != frame.height || page.mask.data == nullptr)) {
    return InvalidArgument(
        "a PDF page's mask must have one channel and the size of its picture, which then has no "
        "alpha of its own");
  }
  if (page.orientation < 1 || page.orientation > 8) {
    return InvalidArgument("a PDF page's orientation must be one of EXIF's, 1 to 8");
  }
  const double longest = std::max(page.width_pt, page.height_pt);
  if (!(page.width_pt > 0) || !(page.height_pt > 0) || !std::isfinite(longest)) {
    return InvalidArgument("a PDF page must be wider and higher than nothing");
  }
  if (longest > kMaxPoints) {
    return InvalidArgument("a PDF page of " + pdf::Number(longest * 25.4 / 72) +
                           " mm is too large, PDF ends at 5080 mm; ask for more dots per inch or a "
                           "smaller size");
  }
  return OkStatus();
}

bool IsProfileFor(std::span<const uint8_t> icc, int channels) {
  constexpr size_t kHeader = 128, kSpace = 16;
  return icc.size() > kHeader &&
         std::memcmp(icc.data() + kSpace, channels == 1 ? "GRAY" : "RGB ", 4) == 0;
}

std::string Reference(uint32_t object) { return std::to_string(object) + " 0 R"; }

// Maps the unit square, as which PDF sees every picture, to a page of this size.
std::string Placement(int orientation, double w, double h) {
  const std::array<std::array<double, 6>, 8> kMatrices = {{
      {w, 0, 0, h, 0, 0},
      {-w, 0, 0, h, w, 0},
      {-w, 0, 0, -h, w, h},
      {w, 0, 0, -h, 0, h},
      {0, -h, -w, 0, w, h},
      {0, -h, w, 0, 0, h},
      {0, h, w, 0, 0, 0},
      {0, h, -w, 0, w, 0},
  }};
  std::string out;
  for (const double v : kMatrices[static_cast<size_t>(orientation - 1)]) {
    out += pdf::Number(v) + ' ';
  }
  return out;
}

}  // namespace

// A picture ready to be written.
struct PdfWriter::Packed {
  Frame frame;
  std::string coding;  // what the picture's dictionary says of its bytes
  std::span<const uint8_t> bytes;
  pdf::Flate pixels, mask;  // what was packed here; mask: of no size where there is none
  std::span<const uint8_t> icc;
};

PdfWriter::PdfWriter(Sink sink, PdfInfo info) : sink_(std::move(sink)), info_(std::move(info)) {}

PdfWriter::~PdfWriter() = default;

Status PdfWriter::AddPage(int64_t index, const PdfPage& page) {
  Packed packed;
  packed.frame = std::visit([](const auto& picture) { return FrameOf(picture); }, page.picture);
  PEEL_RETURN_IF_ERROR(CheckPage(page, packed.frame));
  if (index < 0) return InvalidArgument("a PDF's pages are counted from 0");
  const std::string width = std::to_string(packed.frame.width);
  int bits = 8;
  if (const auto* jpeg = std::get_if<PdfJpeg>(&page.picture)) {
    packed.bytes = jpeg->bytes;
    packed.coding = "/Filter/DCTDecode";
  } else if (const auto* fax = std::get_if<PdfG4>(&page.picture)) {
    packed.bytes = fax->bytes;
    packed.coding = "/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns " + width + "/Rows " +
                    std::to_string(packed.frame.height) +
                    (fax->black_is_one ? "/BlackIs1 true>>" : ">>");
    bits = 1;
  } else {
    const auto& pixels = std::get<PdfPixels>(page.picture);
    PEEL_ASSIGN_OR_RETURN(packed.pixels, pdf::PackPixels(pixels, 0, packed.frame.channels));
    packed.bytes = packed.pixels.bytes();
    packed.coding = "/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors " +
                    std::to_string(packed.frame.channels) + "/Columns " + width + ">>";
    if (packed.frame.alpha) {
      PEEL_ASSIGN_OR_RETURN(packed.mask, pdf::PackPixels(pixels, packed.frame.channels, 1));
    }
  }
  packed.coding += "/BitsPerComponent " + std::to_string(bits);
  if (bits == 8 && IsProfileFor(page.icc, packed.frame.channels)) packed.icc = page.icc;
  if (!page.mask.empty()) {
    PEEL_ASSIGN_OR_RETURN(packed.mask, pdf::PackPixels(page.mask, 0, 1));
  }

  const std::lock_guard lock(mutex_);
  PEEL_RETURN_IF_ERROR(failed_);
  if (finished_) return InvalidArgument("the PDF is finished, no page can be added");
  if (pages_.contains(index)) {
    return InvalidArgument("page " + std::to_string(index + 1) + " of the PDF is there already");
  }
  const uint64_t tail = kDocumentBytes + 8 * (info_.title.size() + info_.producer.size()) +
                        kPageBytes * (pages_.size() + 1);
  const std::array<uint64_t, 4> parts = {size_, packed.bytes.size(), packed.mask.size,
                                         2 * uint64_t{packed.icc.size()}};
  uint64_t total = tail;
  for (const uint64_t part : parts) {
    const auto sum = CheckedAdd<uint64_t>(total, part);
    if (!sum || *sum > kMaxFile) return TooLarge();
    total = *sum;
  }
  Entry entry;
  entry.orientation = page.orientation;
  entry.width = page.width_pt;
  entry.height = page.height_pt;
  PEEL_RETURN_IF_ERROR(WritePicture(packed, &entry.picture));
  pages_.emplace(index, entry);
  return OkStatus();
}

int64_t PdfWriter::pages() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(pages_.size());
}

Status PdfWriter::Finish() {
  const std::lock_guard lock(mutex_);
  PEEL_RETURN_IF_ERROR(failed_);
  if (finished_) return InvalidArgument("the PDF is finished already");
  if (pages_.empty()) return InvalidArgument("a PDF needs at least one page, and none was added");
  uint32_t root = 0;
  PEEL_RETURN_IF_ERROR(WritePages(&root));
  PEEL_RETURN_IF_ERROR(WriteTail(root));
  finished_ = true;
  return OkStatus();
}

uint32_t PdfWriter::NewObject() {
  offsets_.push_back(0);
  return static_cast<uint32_t>(offsets_.size());
}

Status PdfWriter::Write(std::span<const uint8_t> bytes) {
  PEEL_RETURN_IF_ERROR(failed_);
  failed_ = sink_(bytes);
  size_ += bytes.size();
  return failed_;
}

Status PdfWriter::WriteText(std::string_view text) {
  return Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// The object begins here.
void PdfWriter::Begin(uint32_t object) { offsets_[object - 1] = size_; }

Status PdfWriter::WriteObject(uint32_t object, std::string_view body) {
  Begin(object);
  return WriteText(std::to_string(object) + " 0 obj\n" + std::string(body) + "\nendobj\n");
}

Status PdfWriter::WriteStream(uint32_t object, std::string_view dictionary,
                              std::span<const uint8_t> bytes) {
  Begin(object);
  PEEL_RETURN_IF_ERROR(WriteText(std::to_string(object) + " 0 obj\n<<" + std::string(dictionary) +
                                 "/Length " + std::to_string(bytes.size()) + ">>\nstream\n"));
  PEEL_RETURN_IF_ERROR(Write(bytes));
  return WriteText("\nendstream\nendobj\n");
}

Status PdfWriter::WriteProfile(std::span<const uint8_t> icc, int channels, uint32_t* object) {
  std::string key(icc.begin(), icc.end());
  if (const auto known = profiles_.find(key); known != profiles_.end()) {
    *object = known->second;
    return OkStatus();
  }
  PEEL_ASSIGN_OR_RETURN(const pdf::Flate packed, pdf::Deflate(icc));
  *object = NewObject();
  profiles_.emplace(std::move(key), *object);
  return WriteStream(*object,
                     std::string("/N ") +
                         (channels == 1 ? "1/Alternate/DeviceGray" : "3/Alternate/DeviceRGB") +
                         "/Filter/FlateDecode",
                     packed.bytes());
}

Status PdfWriter::WritePicture(const Packed& packed, uint32_t* object) {
  // A comment of high bytes after the first line, so that it is taken for binary on its way.
  if (size_ == 0) PEEL_RETURN_IF_ERROR(WriteText("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"));
  const std::string common = "/Type/XObject/Subtype/Image/Width " +
                             std::to_string(packed.frame.width) + "/Height " +
                             std::to_string(packed.frame.height);
  std::string dictionary = common + packed.coding + "/ColorSpace";
  if (packed.icc.empty()) {
    dictionary += packed.frame.channels == 1 ? "/DeviceGray" : "/DeviceRGB";
  } else {
    uint32_t profile = 0;
    PEEL_RETURN_IF_ERROR(WriteProfile(packed.icc, packed.frame.channels, &profile));
    dictionary += "[/ICCBased " + Reference(profile) + "]";
  }
  if (packed.mask.size != 0) {
    const uint32_t mask = NewObject();
    PEEL_RETURN_IF_ERROR(WriteStream(
        mask,
        common + "/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors 1/Columns " +
            std::to_string(packed.frame.width) + ">>/BitsPerComponent 8/ColorSpace/DeviceGray",
        packed.mask.bytes()));
    dictionary += "/SMask " + Reference(mask);
  }
  *object = NewObject();
  return WriteStream(*object, dictionary, packed.bytes);
}

// The pages and, above them, nodes of kFanOut children each up to the root.
Status PdfWriter::WritePages(uint32_t* root) {
  struct Node {
    uint32_t object;
    size_t pages;
    std::string body;  // without the parent and the end
  };
  std::vector<Node> level;
  for (const auto& [index, entry] : pages_) {
    std::string content = "q ";
    content += Placement(entry.orientation, entry.width, entry.height);
    content += "cm /P Do Q";
    const uint32_t stream = NewObject();
    PEEL_RETURN_IF_ERROR(WriteStream(
        stream, "", {reinterpret_cast<const uint8_t*>(content.data()), content.size()}));
    level.push_back({NewObject(), 1,
                     "<</Type/Page/MediaBox[0 0 " + pdf::Number(std::max(entry.width, kMinPoints)) +
                         " " + pdf::Number(std::max(entry.height, kMinPoints)) +
                         "]/Resources<</XObject<</P " + Reference(entry.picture) +
                         ">>>>/Contents " + Reference(stream)});
  }
  do {
    std::vector<Node> above;
    for (size_t first = 0; first < level.size(); first += kFanOut) {
      Node parent{NewObject(), 0, "<</Type/Pages/Kids["};
      for (size_t i = first; i < std::min(first + kFanOut, level.size()); ++i) {
        PEEL_RETURN_IF_ERROR(WriteObject(
            level[i].object, level[i].body + "/Parent " + Reference(parent.object) + ">>"));
        if (i != first) parent.body += ' ';
        parent.body += Reference(level[i].object);
        parent.pages += level[i].pages;
      }
      parent.body += "]/Count " + std::to_string(parent.pages);
      above.push_back(std::move(parent));
    }
    level = std::move(above);
  } while (level.size() > 1);
  *root = level[0].object;
  return WriteObject(*root, level[0].body + ">>");
}

Status PdfWriter::WriteTail(uint32_t root) {
  const int64_t* created = info_.created ? &*info_.created : nullptr;
  const std::string xmp = pdf::XmpPacket(info_.title, info_.producer, created);
  const uint32_t metadata = NewObject(), info = NewObject(), catalogue = NewObject();
  PEEL_RETURN_IF_ERROR(WriteStream(metadata, "/Type/Metadata/Subtype/XML",
                                   {reinterpret_cast<const uint8_t*>(xmp.data()), xmp.size()}));
  std::string about = "<<";
  if (!info_.title.empty()) about += "/Title " + pdf::TextString(info_.title);
  if (!info_.producer.empty()) about += "/Producer " + pdf::TextString(info_.producer);
  if (created != nullptr) about += "/CreationDate " + pdf::TextString(pdf::Date(*created));
  PEEL_RETURN_IF_ERROR(WriteObject(info, about + ">>"));
  PEEL_RETURN_IF_ERROR(WriteObject(
      catalogue, "<</Type/Catalog/Pages " + Reference(root) + "/Metadata " + Reference(metadata) +
                     (info_.title.empty() ? "" : "/ViewerPreferences<</DisplayDocTitle true>>") +
                     ">>"));
  const uint64_t table = size_;
  std::string end = "xref\n0 " + std::to_string(offsets_.size() + 1) + "\n0000000000 65535 f \n";
  for (const uint64_t offset : offsets_) {
    const std::string digits = std::to_string(offset);
    end += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
  }
  // What the file is, to tell it from others: its text and the places of all that is in it.
  const std::string name = Md5Hex(about + xmp + end);
  end += "trailer\n<</Size " + std::to_string(offsets_.size() + 1) + "/Root " +
         Reference(catalogue) + "/Info " + Reference(info) + "/ID[<" + name + "><" + name +
         ">]>>\nstartxref\n" + std::to_string(table) + "\n%%EOF\n";
  return WriteText(end);
}

}  // namespace peel
