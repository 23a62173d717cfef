// usage: label_pictures [--objects|--faces|--scenes] [--score S] [--overlap O] [--embedding]
//                       [--clip FOLDER] [--objects-model|--faces-model|--scenes-model ONNX]
//                       [--batch N] [--repeat N] FILE...
// Decodes each file at full size and prints what the networks say of it as a line of JSON; with
// --repeat the CPU milliseconds of one call, the least and the median of N, as well.
// usage: label_pictures --clip FOLDER --texts [FILE...] < TEXTS
// Prints the ids and the vector of each line of the input, then the vector of each file.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/os/source_file.h"
#include "src/codec/decode.h"
#include "src/library/labels/clip.h"
#include "src/library/labels/labeller.h"

namespace peel::library {
namespace {

using nlohmann::json;

struct Arguments {
  LabellerOptions options;
  bool embedding = false;
  size_t batch = 1;
  int repeat = 0;
  bool texts = false;
  std::vector<std::string> files;
};

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "label_pictures: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T OrFail(Result<T> result) {
  if (!result.ok()) Fail(result.status().message());
  return *std::move(result);
}

Arguments Read(int argc, char** argv) {
  Arguments a;
  const auto only = [&](bool LabellerOptions::*which) {
    a.options.objects = a.options.faces = a.options.scenes = false;
    a.options.*which = true;
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto next = [&] {
      if (++i >= argc) Fail(std::string(word) + " needs a value");
      return argv[i];
    };
    if (word == "--objects") {
      only(&LabellerOptions::objects);
    } else if (word == "--faces") {
      only(&LabellerOptions::faces);
    } else if (word == "--scenes") {
      only(&LabellerOptions::scenes);
    } else if (word == "--score") {
      a.options.object_thresholds.score = a.options.face_thresholds.score =
          std::strtof(next(), nullptr);
    } else if (word == "--overlap") {
      a.options.object_thresholds.overlap = std::strtof(next(), nullptr);
    } else if (word == "--embedding") {
      a.embedding = true;
    } else if (word == "--batch") {
      a.batch = std::strtoul(next(), nullptr, 10);
    } else if (word == "--repeat") {
      a.repeat = std::atoi(next());
    } else if (word == "--clip") {
      a.options.clip = next();
    } else if (word == "--texts") {
      a.texts = true;
    } else if (word == "--objects-model") {
      a.options.objects_model = next();
    } else if (word == "--faces-model") {
      a.options.faces_model = next();
    } else if (word == "--scenes-model") {
      a.options.scenes_model = next();
    } else {
      a.files.emplace_back(word);
    }
  }
  return a;
}

// RGB; what is transparent stays as the file has it.
ImageU8 ReadPicture(const std::string& path) {
  const auto file = OrFail(SourceFile::Open(path));
  const auto bytes = OrFail(file->ReadAll());
  DecodeOptions options;
  options.reduce_to_8_bits = true;
  Picture picture = OrFail(Decode(bytes->span(), options));
  auto& pixels = std::get<ImageU8>(picture.pixels);
  if (pixels.channels() == 3) return std::move(pixels);
  ImageU8 rgb = OrFail(ImageU8::Allocate(pixels.width(), pixels.height(), 3));
  const bool grey = pixels.channels() < 3;
  for (int y = 0; y < rgb.height(); ++y) {
    const uint8_t* from = pixels.row(y);
    uint8_t* to = rgb.row(y);
    for (int x = 0; x < rgb.width(); ++x, from += pixels.channels()) {
      for (int c = 0; c < 3; ++c) *to++ = from[grey ? 0 : c];
    }
  }
  return rgb;
}

json ToJson(const Box& box) { return {box.x, box.y, box.width, box.height}; }

json ToJson(const Labels& labels, bool embedding) {
  json objects = json::array(), faces = json::array();
  for (const Detection& d : labels.objects) {
    objects.push_back({{"label", d.label}, {"score", d.score}, {"box", ToJson(d.box)}});
  }
  for (const Face& f : labels.faces) {
    faces.push_back({{"score", f.score}, {"box", ToJson(f.box)}, {"landmarks", f.landmarks}});
  }
  json line = {{"objects", objects},
               {"faces", faces},
               {"scene", labels.scene},
               {"scene_score", labels.scene_score}};
  if (embedding) line["embedding"] = labels.embedding;
  return line;
}

double CpuMs() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

int EmbedAll(const Arguments& a) {
  const auto clip = OrFail(Clip::Load(a.options.clip, a.options.network));
  const ClipTokenizer& tokenizer = clip->tokenizer();
  for (std::string text; std::getline(std::cin, text);) {
    const json line = {{"ids", tokenizer.Encode(text)}, {"vector", OrFail(clip->EmbedText(text))}};
    std::printf("%s\n", line.dump().c_str());
  }
  for (const std::string& file : a.files) {
    const json line = {{"file", file},
                       {"vector", OrFail(clip->EmbedPicture(ReadPicture(file).view()))}};
    std::printf("%s\n", line.dump().c_str());
  }
  return 0;
}

int Main(int argc, char** argv) {
  const Arguments a = Read(argc, argv);
  if (a.texts) return EmbedAll(a);
  const auto labeller = OrFail(Labeller::Load(a.options));
  if (!labeller->info().warning.empty()) {
    std::fprintf(stderr, "%s\n", labeller->info().warning.c_str());
  }
  for (size_t first = 0; first < a.files.size(); first += a.batch) {
    const size_t n = std::min(a.batch, a.files.size() - first);
    std::vector<ImageU8> pictures;
    std::vector<ImageView<const uint8_t>> views;
    for (size_t i = 0; i < n; ++i) pictures.push_back(ReadPicture(a.files[first + i]));
    views.reserve(n);
    for (const ImageU8& picture : pictures) views.push_back(picture.view());
    const std::vector<Labels> labels = OrFail(labeller->LabelBatch(views, a.batch));
    std::vector<double> ms;
    ms.reserve(static_cast<size_t>(std::max(a.repeat, 0)));
    for (int r = 0; r < a.repeat; ++r) {
      const double start = CpuMs();
      OrFail(labeller->LabelBatch(views, a.batch));
      ms.push_back(CpuMs() - start);
    }
    std::sort(ms.begin(), ms.end());
    for (size_t i = 0; i < n; ++i) {
      json line = ToJson(labels[i], a.embedding);
      line["file"] = a.files[first + i];
      if (!ms.empty()) line["cpu_ms"] = {ms.front(), ms[ms.size() / 2]};
      std::printf("%s\n", line.dump().c_str());
    }
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
