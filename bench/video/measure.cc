// Mattes of raw frames, and what each step takes: what bench/video/mattes.py judges.
//
//   video_measure WIDTH HEIGHT DEPTH CHROMA STEADY [option=value …] < frames > mattes
//
// frames: ffmpeg's rawvideo (CHROMA 420, 422 or 444; DEPTH 8 or 10, of BT.709 and limited range);
// mattes: a byte a pixel, frame after frame. Options: edges (auto, off, refine), threads,
// predictions (a file: what the network says is kept there, and read instead of asked again),
// compose (alpha, mask, side-by-side, over, none: then composed frames instead of mattes are made
// and thrown away, for the time alone). On the standard error one line of JSON: medians over the
// frames in ms, of time and of processor time.
#include <ctime>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/session.h"
#include "src/matte/model/embedded_model.h"
#include "src/matte/model/session_network.h"
#include "src/video/matte/compose_frame.h"
#include "src/video/matte/frame_matting.h"
#include "src/video/matte/reduce_frame.h"

namespace peel::video {
namespace {

using Clock = std::chrono::steady_clock;

double ProcessorTime() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Times of one step, frame by frame.
struct Step {
  std::vector<double> wall, processor;
};

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::map<std::string, Step>& Steps() {
  static std::map<std::string, Step> steps;
  return steps;
}

template <typename F>
auto Timed(const char* name, F body) {
  const auto start = Clock::now();
  const double processor = ProcessorTime();
  auto result = body();
  Step& step = Steps()[name];
  step.wall.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  step.processor.push_back(ProcessorTime() - processor);
  return result;
}

// A network whose answers are kept in a file.
class Kept final : public Network {
 public:
  Kept(std::shared_ptr<const Network> network, const std::string& path)
      : network_(std::move(network)), in_(path, std::ios::binary) {
    if (!path.empty() && !in_) out_.open(path, std::ios::binary);
  }
  const std::vector<NetworkPort>& inputs() const override { return network_->inputs(); }
  const std::vector<NetworkPort>& outputs() const override { return network_->outputs(); }
  const std::map<std::string, std::string, std::less<>>& metadata() const override {
    return network_->metadata();
  }
  Result<std::vector<NetworkTensor>> Run(std::span<const float> input,
                                         std::span<const int64_t> shape,
                                         std::span<const std::string> outputs) const override {
    if (in_.is_open()) {
      std::vector<NetworkTensor> tensors;
      for (const std::string& name : outputs) {
        const bool mask = name == "mask";
        auto values = std::make_shared<std::vector<float>>(
            mask ? static_cast<size_t>(shape[2] * shape[3]) : size_t{1});
        in_.read(reinterpret_cast<char*>(values->data()),
                 static_cast<std::streamsize>(values->size() * sizeof(float)));
        if (!in_) return IoError("the kept predictions end too early");
        NetworkTensor tensor{name, {1, 1}, *values, values};
        if (mask) tensor.shape = {1, 1, shape[2], shape[3]};
        tensors.push_back(std::move(tensor));
      }
      return tensors;
    }
    PEEL_ASSIGN_OR_RETURN(auto tensors,
                          Timed("network", [&] { return network_->Run(input, shape, outputs); }));
    for (const NetworkTensor& tensor : tensors) {
      if (!out_.is_open()) break;
      out_.write(reinterpret_cast<const char*>(tensor.values.data()),
                 static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
    }
    return tensors;
  }

 private:
  std::shared_ptr<const Network> network_;
  mutable std::ifstream in_;
  mutable std::ofstream out_;
};

std::string Option(int argc, char** argv, const std::string& name, const std::string& otherwise) {
  for (int i = 6; i < argc; ++i) {
    const std::string text = argv[i];
    if (text.starts_with(name + "=")) return text.substr(name.size() + 1);
  }
  return otherwise;
}

Status Run(int argc, char** argv) {
  FrameFormat format;
  format.width = std::atoi(argv[1]);
  format.height = std::atoi(argv[2]);
  format.layout.depth = std::atoi(argv[3]);
  const std::string chroma = argv[4], steady = argv[5];
  format.layout.chroma_shift_x = chroma == "444" ? 0 : 1;
  format.layout.chroma_shift_y = chroma == "420" ? 1 : 0;
  format.colour = {"tv", "bt709", "bt709", "bt709"};
  MattingChoices choices;
  choices.steady = steady == "off"      ? Steady::kOff
                   : steady == "strong" ? Steady::kStrong
                                        : Steady::kAuto;
  const std::string edges = Option(argc, argv, "edges", "auto");
  choices.edges = edges == "off" ? Edges::kOff : edges == "refine" ? Edges::kRefine : Edges::kAuto;
  const std::map<std::string, Composed> kinds = {{"alpha", Composed::kAlpha},
                                                 {"mask", Composed::kMask},
                                                 {"side-by-side", Composed::kSideBySide},
                                                 {"over", Composed::kOver}};
  const auto composed = kinds.find(Option(argc, argv, "compose", "none"));

  ThreadPool pool(std::atoi(Option(argc, argv, "threads", "0").c_str()));
  engine::SessionOptions session_options;
  session_options.pool = &pool;
  PEEL_ASSIGN_OR_RETURN(
      std::shared_ptr<const engine::Session> session,
      engine::Session::LoadBytes(EmbeddedModel(), nullptr, "model", session_options));
  PEEL_ASSIGN_OR_RETURN(std::shared_ptr<const Network> network,
                        SessionNetwork::Create(std::move(session)));
  network = std::make_shared<Kept>(std::move(network), Option(argc, argv, "predictions", ""));
  PEEL_ASSIGN_OR_RETURN(const std::unique_ptr<MattingModel> model,
                        MattingModel::Create(std::move(network)));
  PEEL_ASSIGN_OR_RETURN(const std::unique_ptr<FrameMatting> matting,
                        FrameMatting::Create(*model, format, choices, &pool));
  std::unique_ptr<FrameComposer> composer;
  if (composed != kinds.end()) {
    PEEL_ASSIGN_OR_RETURN(composer,
                          FrameComposer::Create(format, composed->second, {}, true, &pool));
  }

  const auto take = [&](std::vector<MattedFrame> ready) -> Status {
    for (MattedFrame& matted : ready) {
      if (composer != nullptr) {
        auto frame =
            Timed("compose", [&] { return composer->Compose(std::move(matted), nullptr); });
        if (!frame.ok()) return std::move(frame).status();
        continue;
      }
      for (int y = 0; y < format.height; ++y) {
        std::fwrite(matted.alpha.row(y), 1, static_cast<size_t>(format.width), stdout);
      }
    }
    return OkStatus();
  };
  int frames = 0;
  for (;; ++frames) {
    PEEL_ASSIGN_OR_RETURN(Frame frame, Frame::Allocate(format.layout, format.width, format.height,
                                                       /*room_for_alpha=*/true));
    if (std::fread(frame.data(), 1, frame.bytes(), stdin) != frame.bytes()) break;
    frame.pts = frames;
    if (composer != nullptr) {  // part of "predict", here by itself
      const auto reduced = Timed(
          "reduce", [&] { return ReduceToRgb(frame, ColourCodeOf(format), 320, 320, &pool); });
      if (!reduced.ok()) return Status(reduced.status());
    }
    PEEL_ASSIGN_OR_RETURN(auto predicted,
                          Timed("predict", [&] { return matting->Predict(frame); }));
    PEEL_ASSIGN_OR_RETURN(auto ready, Timed("matte", [&] {
                            return matting->Add(std::move(frame), std::move(predicted));
                          }));
    PEEL_RETURN_IF_ERROR(take(std::move(ready)));
  }
  PEEL_ASSIGN_OR_RETURN(auto ready, matting->Finish());
  PEEL_RETURN_IF_ERROR(take(std::move(ready)));
  nlohmann::json line = {{"frames", frames}, {"threads", pool.size()}};
  for (const auto& [name, step] : Steps()) {
    line[name + "_ms"] = Median(step.wall);
    line[name + "_cpu_ms"] = Median(step.processor);
  }
  std::fprintf(stderr, "%s\n", line.dump().c_str());
  return OkStatus();
}

}  // namespace
}  // namespace peel::video

int main(int argc, char** argv) try {
  if (argc < 6) {
    std::fputs("usage: video_measure WIDTH HEIGHT DEPTH CHROMA STEADY [option=value …]\n", stderr);
    return 2;
  }
  const peel::Status status = peel::video::Run(argc, argv);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
