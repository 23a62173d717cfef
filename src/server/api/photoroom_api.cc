#include <nlohmann/json.hpp>
#include <utility>

#include "src/image/colour.h"
#include "src/server/api/answers.h"
#include "src/server/api/parameters.h"
#include "src/server/api/picture_apis.h"

namespace peel::server {
namespace {

class PhotoroomApi final : public Api {
 public:
  std::string_view name() const override { return "photoroom"; }
  std::vector<std::string_view> Routes() const override { return {"/v1/segment"}; }
  std::string Methods(std::string_view) const override { return "POST"; }
  Response Error(int status, const std::string& message) override {
    return JsonAnswer(
        status,
        {{"detail", message}, {"status_code", status}, {"type", std::string(ErrorCode(status))}});
  }

  Plan Handle(const std::shared_ptr<const Request>& request, const Caller&) override {
    const auto form = ReadForm(*request);
    if (!form.ok()) {
      return Error(form.status().code() == StatusCode::kLimit ? 413 : 400, form.status().message());
    }
    Work work;
    work.files.keeper = request;
    if (const FormFile* const file = form->File("image_file")) {
      work.files.picture = file->bytes;
    } else {
      return Error(400, "image_file is missing: send it as multipart/form-data");
    }
    const Parameters given(form->fields, request->query);
    if (Status status = TakeOptions(given, work.job); !status.ok()) {
      return Error(400, status.message());
    }
    if (Status status = work.job.Check(); !status.ok()) return Error(400, status.message());
    const bool wants_json =
        request->headers.Get("Accept").find("application/json") != std::string_view::npos;
    work.respond = [this, wants_json](const Outcome& outcome) {
      if (!outcome.ok()) {
        return WithRetry(Error(HttpStatus(outcome.failure), outcome.failure.message),
                         outcome.failure);
      }
      if (wants_json) {
        return JsonAnswer(200, {{"base64img", EncodeBase64(outcome.done->bytes)}});
      }
      return PictureAnswer(*outcome.done);
    };
    return work;
  }

 private:
  static Status TakeOptions(const Parameters& given, CutJob& job) {
    PEEL_ASSIGN_OR_RETURN(job.format,
                          given.Choice("format", "png", {"png", "jpg", "jpeg", "webp"}));
    if (job.format == "jpeg") job.format = "jpg";
    PEEL_ASSIGN_OR_RETURN(const std::string channels,
                          given.Choice("channels", "rgba", {"rgba", "alpha"}));
    job.mask_only = channels == "alpha";
    PEEL_ASSIGN_OR_RETURN(const std::string size,
                          given.Choice("size", "full", {"preview", "medium", "hd", "full"}));
    job.output_pixels = size == "preview"  ? 250'000
                        : size == "medium" ? 1'500'000
                        : size == "hd"     ? 4'000'000
                                           : 25'000'000;
    PEEL_ASSIGN_OR_RETURN(job.crops, given.Bool("crop", false));
    if (job.crops) job.crop = {"0px", "0px", "0px", "0px"};
    PEEL_RETURN_IF_ERROR(given.Bool("despill", false).status());  // always done
    if (const auto colour = given.Text("bg_color"); colour && !job.mask_only) {
      for (const std::string& candidate : {"#" + *colour, *colour}) {
        if (ParseColour(candidate).ok()) {
          job.background = candidate;
          return OkStatus();
        }
      }
      return InvalidArgument("bg_color is a hex code such as FF0000 or a colour's name");
    }
    return OkStatus();
  }
};

}  // namespace

std::unique_ptr<Api> MakePhotoroomApi() { return std::make_unique<PhotoroomApi>(); }

}  // namespace peel::server
