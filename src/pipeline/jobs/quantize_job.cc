#include "src/pipeline/jobs/quantize_job.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "src/base/float16.h"
#include "src/base/os/files.h"
#include "src/codec/decode.h"
#include "src/matte/model/session_network.h"
#include "src/pipeline/folder/inputs.h"
#include "src/pipeline/model/int8_model.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHeldOutEvery = 4;

Result<engine::Sample> LoadSample(const MatteModelFile& model, const std::string& path) {
  const Limits limits;
  PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadWholeFile(path, limits.max_bytes));
  DecodeOptions decode;
  decode.reduce_to_8_bits = true;
  decode.keep_metadata = false;
  PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(bytes, decode));
  const ImageU8* pixels = picture.u8();
  if (pixels == nullptr) return Internal("a picture was not decoded to 8 bits");
  PEEL_ASSIGN_OR_RETURN(const std::vector<float> values, Preprocess(pixels->view(), model.profile));
  engine::Sample sample;
  sample.name = path;
  sample.feeds.resize(1);
  sample.feeds[0].name = model.input.name;
  PEEL_ASSIGN_OR_RETURN(engine::Tensor tensor,
                        engine::Tensor::Allocate(
                            model.input.type, {1, 3, model.profile.height, model.profile.width}));
  if (model.input.type == engine::DataType::kFloat16) {
    std::ranges::transform(values, tensor.data<uint16_t>(), FloatToHalf);
  } else {
    std::ranges::copy(values, tensor.data<float>());
  }
  sample.feeds[0].tensor = std::move(tensor);
  return sample;
}

}  // namespace

engine::ToMask MatteModelFile::ToMask() const {
  return [profile = profile, fetches = fetches](
             std::span<const engine::Tensor> tensors) -> Result<std::vector<float>> {
    std::vector<NetworkTensor> outputs;
    std::vector<std::vector<float>> values(tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(values[i], tensors[i].AsFloats());
      outputs.push_back({fetches[i], tensors[i].shape(), values[i], nullptr});
    }
    PEEL_ASSIGN_OR_RETURN(const Prediction prediction, ReadOutputs(outputs, profile));
    std::vector<float> mask;
    for (int y = 0; y < prediction.mask.height(); ++y) {
      const float* row = prediction.mask.row(y);
      mask.insert(mask.end(), row, row + prediction.mask.width());
    }
    // Labels: any garment or none, and a third of the range from one to the next.
    if (profile.classes > 1) {
      for (float& v : mask) v = v > 0 ? 0.6f + 0.1f * v : 0.0f;
    }
    return mask;
  };
}

Result<MatteModelFile> OpenMatteModel(const std::string& name_or_file) {
  MatteModelFile model;
  PEEL_ASSIGN_OR_RETURN(
      model.where,
      LocateModel(name_or_file.empty() ? kEmbeddedModel : std::string_view(name_or_file)));
  PEEL_ASSIGN_OR_RETURN(model.file, ReadModel(model.where));
  engine::SessionOptions options;
  options.precision = engine::Precision::kFp32;
  PEEL_ASSIGN_OR_RETURN(auto session, engine::LoadModelBytes(model.file, options));
  const std::shared_ptr<const engine::Session> shared = std::move(session);
  auto network = SessionNetwork::Create(shared);
  if (!network.ok()) return std::move(network).status().WithContext(model.file.name);
  auto profile = MakeProfile(**network, model.where.family);
  if (!profile.ok()) return std::move(profile).status().WithContext(model.file.name);
  model.profile = *std::move(profile);
  model.fetches = {model.profile.mask_output};
  if (!model.profile.subject_output.empty()) {
    model.fetches.push_back(model.profile.subject_output);
  }
  model.input = shared->inputs().front();
  return model;
}

Result<PictureSamples> LoadSamples(const MatteModelFile& model,
                                   const std::vector<std::string>& names, bool recursive,
                                   int max_pictures) {
  const InputList list = ExpandInputs(names, recursive);
  if (list.inputs.empty() && !list.errors.empty()) return list.errors.front().status;
  PictureSamples samples;
  for (const InputFailure& failure : list.errors) {
    samples.skipped.push_back(failure.status.message());
  }
  // One after the other through all of them in equal steps; what cannot be read is stepped over.
  const size_t count = list.inputs.size(), wanted = static_cast<size_t>(std::max(max_pictures, 1));
  std::vector<size_t> order;
  const size_t step = std::max<size_t>(count / std::min(count, wanted), 1);
  for (size_t start = 0; start < step; ++start) {
    for (size_t i = start; i < count; i += step) order.push_back(i);
  }
  std::vector<engine::Sample> read;
  for (const size_t i : order) {
    if (read.size() == wanted) break;
    auto sample = LoadSample(model, list.inputs[i].path);
    if (sample.ok()) {
      read.push_back(*std::move(sample));
    } else {
      samples.skipped.push_back(list.inputs[i].path + ": " + sample.status().message());
    }
  }
  if (read.size() < static_cast<size_t>(kMinPictures)) {
    return InvalidArgument(
        "--images: " + std::to_string(read.size()) + " pictures can be read there, at least " +
        std::to_string(kMinPictures) + " are needed; 16 to 64 of the kind to be cut out are good" +
        (samples.skipped.empty() ? "" : ". The first that cannot: " + samples.skipped.front()));
  }
  for (size_t i = 0; i < read.size(); ++i) {
    auto& to = i % kHeldOutEvery == kHeldOutEvery - 1 ? samples.held_out : samples.calibration;
    to.push_back(std::move(read[i]));
  }
  return samples;
}

Result<QuantizeReport> RunQuantize(const QuantizeJob& job) {
  PEEL_ASSIGN_OR_RETURN(const MatteModelFile model, OpenMatteModel(job.model));
  QuantizeReport report;
  report.model = model.where.name;
  report.source = model.where.embedded() ? "(embedded)" : model.where.path;
  report.source_bytes = model.file.bytes.size();
  report.output = job.output.empty() ? Int8ModelPath(model.where) : job.output;
  if (report.output.empty()) {
    return InvalidArgument("there is no home folder to put the file into; name one with -o FILE");
  }
  if (!model.where.embedded() && IsSameFile(report.output, model.where.path)) {
    return InvalidArgument(report.output + ": is the model itself; name another file with -o");
  }
  PEEL_ASSIGN_OR_RETURN(PictureSamples samples,
                        LoadSamples(model, job.images, job.recursive, job.max_pictures));
  report.skipped = std::move(samples.skipped);
  report.calibration_pictures = static_cast<int>(samples.calibration.size());
  report.held_out_pictures = static_cast<int>(samples.held_out.size());
  ThreadPool pool(job.threads);
  engine::QuantizeOptions options = job.options;
  options.pool = &pool;
  PEEL_ASSIGN_OR_RETURN(report.result,
                        engine::QuantizeModel(model.file, samples.calibration, samples.held_out,
                                              model.fetches, model.ToMask(), options));
  if (job.output.empty() && model.where.embedded()) {
    std::error_code error;  // what goes wrong shows when the file is written
    fs::create_directories(fs::path(report.output).parent_path(), error);
  }
  const std::string& bytes = report.result.bytes;
  Status written = WriteFileAtomically(
      report.output, std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
  if (!written.ok()) return std::move(written).WithContext(report.output);
  report.output_bytes = bytes.size();
  report.result.bytes.clear();
  return report;
}

}  // namespace peel
