#include "src/server/work/protocol.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "src/base/checked.h"
#include "src/base/os/message_socket.h"

namespace peel::server {
namespace {

using Json = nlohmann::json;

constexpr int kMostSide = 1 << 24;
constexpr size_t kMostText = 2048, kMostStages = 32, kMostSheets = 1000;

Result<std::string> Text(const Json& json) {
  // What is no UTF-8 came from a stranger, and is wrong anyway.
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > MessageSocket::kMaxMessage) return LimitExceeded("the options are too long");
  return text;
}

// The bindings name every member of a struct: one that is added there and forgotten here does not
// compile.
template <typename Archive>
void Parts(Archive& archive, RectifyJob& job) {
  auto& [kind, corners, ratio, size, enhance, turn, margin, dpi, cutout, all, keep, draw] = job;
  archive("kind", kind)("corners", corners)("ratio", ratio)("size", size)("enhance", enhance)(
      "turn", turn)("margin", margin)("dpi", dpi)("cutout", cutout)("all", all)("keep", keep)(
      "draw", draw);
}

template <typename Archive>
void Parts(Archive& archive, RectifyDone& done) {
  auto& [ok, reason, kind, corners, ratio, focal_px, homography, confidence, turn, dpi_x, dpi_y,
         sheet, sheets] = done;
  archive("ok", ok)("reason", reason)("kind", kind)("corners", corners)("ratio", ratio)(
      "focal_px", focal_px)("homography", homography)("confidence", confidence)("turn", turn)(
      "dpi_x", dpi_x)("dpi_y", dpi_y)("sheet", sheet)("sheets", sheets);
}

template <typename Archive>
void Parts(Archive& archive, CutJob& job) {
  auto& [model, format, quality, lossless, mask_only, keep_metadata, background, background_fit,
         edges, alpha_matting, matting_foreground, matting_background, matting_erode, compat_rembg,
         post_process_mask, putalpha, decontaminate, keep_largest, fill_holes, shadow, crop, crops,
         size, position, scale, max_size, output_pixels, roi, semitransparency, own_alpha, rectify,
         matte_too, max_pixels, deadline] = job;
  (void)deadline;  // the pool's
  archive("model", model)("format", format)("quality", quality)("lossless", lossless)(
      "mask_only", mask_only)("keep_metadata", keep_metadata)("background", background)(
      "background_fit", background_fit)("edges", edges)("alpha_matting", alpha_matting)(
      "matting_foreground", matting_foreground)("matting_background", matting_background)(
      "matting_erode", matting_erode)("compat_rembg", compat_rembg)(
      "post_process_mask", post_process_mask)("putalpha", putalpha)("decontaminate", decontaminate)(
      "keep_largest", keep_largest)("fill_holes", fill_holes)("shadow", shadow)("crop", crop)(
      "crops", crops)("size", size)("position", position)("scale", scale)("max_size", max_size)(
      "output_pixels", output_pixels)("roi", roi)("semitransparency", semitransparency)(
      "own_alpha", own_alpha)("rectify", rectify)("matte_too", matte_too)("max_pixels", max_pixels);
}

template <typename Archive>
void Parts(Archive& archive, CutDone& done) {
  auto& [bytes, matte, keeper, type, width, height, input_width, input_height, max_width,
         max_height, subject, has_subject, subject_score, coverage, model, device, precision,
         warning, rectify, stages] = done;
  (void)bytes, (void)matte, (void)keeper;  // in the region
  archive("type", type)("width", width)("height", height)("input_width", input_width)(
      "input_height", input_height)("max_width", max_width)("max_height", max_height)(
      "x", subject.x)("y", subject.y)("subject_width", subject.width)(
      "subject_height", subject.height)("has_subject", has_subject)("subject_score", subject_score)(
      "coverage", coverage)("model", model)("device", device)("precision", precision)(
      "warning", warning)("rectify", rectify)("stages", stages);
}

template <typename Archive>
void Parts(Archive& archive, ModelInfo& info) {
  auto& [name, path, device, device_asked, device_reason, backend, nodes, precision,
         precision_detail, threads, warning, load_ms] = info;
  archive("name", name)("path", path)("device", device)("device_asked", device_asked)(
      "device_reason", device_reason)("backend", backend)("nodes", nodes)("precision", precision)(
      "precision_detail", precision_detail)("threads", threads)("warning", warning)("load_ms",
                                                                                    load_ms);
}

template <typename Archive>
void Parts(Archive& archive, ModelOptions& options) {
  auto& [model, threads, executor, bytes, jobs, device, backend, runtime, precision, strict,
         family] = options;
  (void)executor, (void)bytes;  // of one process
  auto& [folders, graph_optimization, inter_threads, arena, parallel, gpu, openvino, asked] =
      runtime;
  archive("model", model)("threads", threads)("jobs", jobs)("device", device)("backend", backend)(
      "precision", precision)("strict", strict)("family", family)("folders", folders)(
      "graph_optimization", graph_optimization)("inter_threads", inter_threads)("arena", arena)(
      "parallel", parallel)("gpu", gpu)("openvino", openvino)("asked", asked);
}

template <typename Archive>
void Parts(Archive& archive, PictureInfo& picture) {
  archive("format", picture.format)("width", picture.width)("height", picture.height)(
      "bits", picture.bits)("frames", picture.frames);
}

template <typename Archive>
void Parts(Archive& archive, FilePart& part) {
  archive("name", part.name)("offset", part.offset)("size", part.size);
}

// Structs inside of others.
template <typename T>
concept Struct = std::is_same_v<T, RectifyJob> || std::is_same_v<T, RectifyDone>;
template <typename T>
Json ToJson(const T& value);
template <typename T>
void FromJson(const Json& json, T& value);

struct Writer {
  Json json = Json::object();

  template <typename T>
  Writer& operator()(const char* name, const T& value) {
    json[name] = ValueOf(value);
    return *this;
  }
  template <typename T>
  static Json ValueOf(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<int>(value);
    } else if constexpr (Struct<T>) {
      return ToJson(value);
    } else {
      return value;
    }
  }
  template <typename T>
  static Json ValueOf(const std::optional<T>& value) {
    return value ? ValueOf(*value) : Json();
  }
  template <Struct T>
  static Json ValueOf(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(ToJson(value));
    return list;
  }
};

template <typename T>
Json ToJson(const T& value) {
  Writer writer;
  Parts(writer, const_cast<T&>(value));
  return std::move(writer.json);
}

// Throws Json's exceptions.
struct Reader {
  const Json& json;

  template <typename T>
  Reader& operator()(const char* name, T& value) {
    Get(json.at(name), value);
    return *this;
  }
  template <typename T>
  static void Get(const Json& from, T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(from.get<int>());
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      // Json would convert what does not fit.
      const bool fits = from.is_number_unsigned()  ? std::in_range<T>(from.get<uint64_t>())
                        : from.is_number_integer() ? std::in_range<T>(from.get<int64_t>())
                                                   : false;
      if (!fits) throw Json::other_error::create(501, "a number does not fit", &from);
      value = from.is_number_unsigned() ? static_cast<T>(from.get<uint64_t>())
                                        : static_cast<T>(from.get<int64_t>());
    } else if constexpr (Struct<T>) {
      FromJson(from, value);
    } else {
      value = from.get<T>();
    }
  }
  template <typename T>
  static void Get(const Json& from, std::optional<T>& value) {
    value.reset();
    if (!from.is_null()) Get(from, value.emplace());
  }
  template <Struct T>
  static void Get(const Json& from, std::vector<T>& values) {
    values.clear();
    for (const Json& one : from) Get(one, values.emplace_back());
  }
};

template <typename T>
void FromJson(const Json& json, T& value) {
  Reader reader{json};
  Parts(reader, value);
}

Status Nonsense(const std::string& what) { return Corrupt("said " + what); }

template <typename T, typename Step>
Result<T> ReadAs(std::span<const uint8_t> bytes, Step&& step) {
  try {
    const Json json = Json::parse(bytes.begin(), bytes.end());
    T message;
    step(json, message);
    return message;
  } catch (const Json::exception&) {
    return Nonsense("what is no message");
  }
}

template <typename Kind>
Kind KindOf(const Json& json, Kind last) {
  const int kind = json.at("kind").get<int>();
  if (kind < 0 || kind > static_cast<int>(last)) {
    throw Json::other_error::create(501, "no such message", &json);
  }
  return static_cast<Kind>(kind);
}

Json StatusJson(const Status& status) {
  return {{"code", static_cast<int>(status.code())},
          {"message", status.message().substr(0, kMostText)}};
}

Status StatusFrom(const Json& json) {
  const int code = json.at("code").get<int>();
  const bool known = code > 0 && code <= static_cast<int>(StatusCode::kInternal);
  return {known ? static_cast<StatusCode>(code) : StatusCode::kInternal,
          json.at("message").get<std::string>()};
}

// A line for people, whoever wrote it.
void MakePlain(std::string& text) {
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (text.size() > kMostText) text.resize(kMostText);
}

bool IsSide(int side) { return side >= 0 && side <= kMostSide; }
bool IsShare(double share) { return share >= 0 && share <= 1; }

// Its kind and reason go into headers.
Status CheckSheet(RectifyDone& sheet) {
  MakePlain(sheet.reason);
  const bool known = sheet.kind == "document" || sheet.kind == "product" || sheet.kind == "screen";
  if (!known && (sheet.ok || !sheet.kind.empty())) return Nonsense("a kind that is none");
  const auto finite = [](double number) { return std::isfinite(number); };
  if (!std::ranges::all_of(sheet.corners, finite) ||
      !std::ranges::all_of(sheet.homography, finite) || !finite(sheet.ratio) ||
      !finite(sheet.focal_px) || !finite(sheet.dpi_x) || !finite(sheet.dpi_y) ||
      !IsShare(sheet.confidence)) {
    return Nonsense("a number that is none");
  }
  return OkStatus();
}

}  // namespace

Result<std::string> Write(const ZygoteRequest& message) {
  Json json = {{"kind", static_cast<int>(message.kind)}, {"worker", message.worker}};
  if (message.kind == ZygoteRequest::Kind::kLoad) {
    json["model"] = ToJson(message.model);
    json["late"] = message.late;
  }
  return Text(json);
}

Result<std::string> Write(const ZygoteAnswer& message) {
  Json json = {{"kind", static_cast<int>(message.kind)}, {"worker", message.worker}};
  switch (message.kind) {
    case ZygoteAnswer::Kind::kLoaded:
      json["info"] = ToJson(message.info);
      break;
    case ZygoteAnswer::Kind::kForked:
      json["pid"] = message.pid;
      break;
    case ZygoteAnswer::Kind::kEnded:
      json["signal"] = message.end.signal;
      json["code"] = message.end.code;
      break;
    default:
      json["status"] = StatusJson(message.status);
  }
  return Text(json);
}

Result<std::string> Write(const WorkerRequest& message) {
  Json json = {{"kind", static_cast<int>(message.kind)},
               {"id", message.id},
               {"memory", message.memory},
               {"threads", message.threads}};
  if (message.kind == WorkerRequest::Kind::kJob) {
    json["job"] = ToJson(message.job);
    Json parts = Json::array();
    for (const FilePart& part : message.parts) parts.push_back(ToJson(part));
    json["parts"] = std::move(parts);
    json["tell_size"] = message.tell_size;
  }
  return Text(json);
}

Result<std::string> Write(const WorkerAnswer& message) {
  Json json = {{"kind", static_cast<int>(message.kind)}, {"id", message.id}};
  switch (message.kind) {
    case WorkerAnswer::Kind::kHello:
      json["info"] = ToJson(message.info);
      break;
    case WorkerAnswer::Kind::kStage:
      json["stage"] = message.stage;
      break;
    case WorkerAnswer::Kind::kSize:
      json["picture"] = ToJson(message.picture);
      break;
    case WorkerAnswer::Kind::kDone: {
      CutDone done = message.done;
      MakePlain(done.warning);
      for (RectifyDone& sheet : done.rectify) MakePlain(sheet.reason);
      json["done"] = ToJson(done);
      json["bytes"] = message.bytes;
      json["matte_bytes"] = message.matte_bytes;
      break;
    }
    case WorkerAnswer::Kind::kFailed:
      json["status"] = StatusJson(message.status);
      break;
  }
  return Text(json);
}

Result<ZygoteRequest> ReadZygoteRequest(std::span<const uint8_t> bytes) {
  return ReadAs<ZygoteRequest>(bytes, [](const Json& json, ZygoteRequest& message) {
    message.kind = KindOf(json, ZygoteRequest::Kind::kFork);
    message.worker = json.at("worker").get<uint64_t>();
    if (message.kind != ZygoteRequest::Kind::kLoad) return;
    FromJson(json.at("model"), message.model);
    message.late = json.at("late").get<bool>();
  });
}

Result<ZygoteAnswer> ReadZygoteAnswer(std::span<const uint8_t> bytes) {
  return ReadAs<ZygoteAnswer>(bytes, [](const Json& json, ZygoteAnswer& message) {
    message.kind = KindOf(json, ZygoteAnswer::Kind::kEnded);
    message.worker = json.at("worker").get<uint64_t>();
    switch (message.kind) {
      case ZygoteAnswer::Kind::kLoaded:
        FromJson(json.at("info"), message.info);
        break;
      case ZygoteAnswer::Kind::kForked:
        message.pid = json.at("pid").get<int>();
        break;
      case ZygoteAnswer::Kind::kEnded:
        message.end = {json.at("signal").get<int>(), json.at("code").get<int>()};
        break;
      default:
        message.status = StatusFrom(json.at("status"));
    }
  });
}

Result<WorkerRequest> ReadWorkerRequest(std::span<const uint8_t> bytes) {
  return ReadAs<WorkerRequest>(bytes, [](const Json& json, WorkerRequest& message) {
    message.kind = KindOf(json, WorkerRequest::Kind::kStop);
    message.id = json.at("id").get<uint64_t>();
    message.memory = json.at("memory").get<uint64_t>();
    message.threads = json.at("threads").get<int>();
    if (message.kind != WorkerRequest::Kind::kJob) return;
    FromJson(json.at("job"), message.job);
    for (const Json& part : json.at("parts")) FromJson(part, message.parts.emplace_back());
    message.tell_size = json.at("tell_size").get<bool>();
  });
}

Result<WorkerAnswer> ReadWorkerAnswer(std::span<const uint8_t> bytes) {
  return ReadAs<WorkerAnswer>(bytes, [](const Json& json, WorkerAnswer& message) {
    message.kind = KindOf(json, WorkerAnswer::Kind::kFailed);
    Reader{json}("id", message.id);
    switch (message.kind) {
      case WorkerAnswer::Kind::kHello:
        FromJson(json.at("info"), message.info);
        break;
      case WorkerAnswer::Kind::kStage:
        message.stage = json.at("stage").get<std::string>();
        MakePlain(message.stage);
        break;
      case WorkerAnswer::Kind::kSize:
        FromJson(json.at("picture"), message.picture);
        break;
      case WorkerAnswer::Kind::kDone:
        FromJson(json.at("done"), message.done);
        Reader{json}("bytes", message.bytes)("matte_bytes", message.matte_bytes);
        break;
      case WorkerAnswer::Kind::kFailed: {
        const Status status = StatusFrom(json.at("status"));
        std::string text = status.message();
        MakePlain(text);
        message.status = {status.code(), std::move(text)};
        break;
      }
    }
  });
}

Status CheckDone(WorkerAnswer& answer, size_t region_bytes) {
  CutDone& done = answer.done;
  const auto total = CheckedAdd(answer.bytes, answer.matte_bytes);
  if (!total || *total > region_bytes) return Nonsense("a result of no size");
  if (done.rectify.size() > kMostSheets) return Nonsense("too many sheets");
  for (RectifyDone& sheet : done.rectify) PEEL_RETURN_IF_ERROR(CheckSheet(sheet));
  // Where nothing was straightened there may be none.
  const bool may_lack = !done.rectify.empty() && !done.rectify.front().ok;
  if (answer.bytes == 0 && !may_lack) return Nonsense("a result of no size");
  for (const int side :
       {done.width, done.height, done.input_width, done.input_height, done.max_width,
        done.max_height, done.subject.x, done.subject.y, done.subject.width, done.subject.height}) {
    if (!IsSide(side)) return Nonsense("a size that no picture has");
  }
  if (answer.bytes > 0 && (done.width == 0 || done.height == 0)) {
    return Nonsense("a size that no picture has");
  }
  if (!IsShare(done.subject_score) || !IsShare(done.coverage))
    return Nonsense("a share that is none");
  if (done.stages.size() > kMostStages) return Nonsense("too many stages");
  for (auto& [stage, milliseconds] : done.stages) {
    if (!std::isfinite(milliseconds) || milliseconds < 0) return Nonsense("a time that is none");
    MakePlain(stage);
  }
  MakePlain(done.warning);
  return OkStatus();
}

Status CheckSize(const PictureInfo& picture) {
  if (picture.width < 1 || picture.height < 1 || !IsSide(picture.width) ||
      !IsSide(picture.height) || picture.bits < 1 || picture.bits > 64 || picture.frames < 1) {
    return Nonsense("a size that no picture has");
  }
  return OkStatus();
}

}  // namespace peel::server
