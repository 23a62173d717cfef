#include "src/server/http/form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "src/server/http/text.h"

namespace peel::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Request Body(std::string_view type, std::string_view body) {
  Request request;
  if (!type.empty()) request.headers.Add("content-type", std::string(type));
  const auto bytes = BytesOf(body);
  request.body.assign(bytes.begin(), bytes.end());
  return request;
}

std::string ErrorOf(const Request& request, const FormLimits& limits = {}) {
  const auto form = ReadForm(request, limits);
  return form.ok() ? "" : form.status().message();
}

constexpr std::string_view kMultipart = "multipart/form-data; boundary=\"b 1\"";

std::string Part(std::string_view head, std::string_view content) {
  return "--b 1\r\n" + std::string(head) + "\r\n\r\n" + std::string(content) + "\r\n";
}

TEST(FormTest, ReadsFieldsAndFilesOfMultipart) {
  const std::string jpeg("\xff\xd8\r\n--b\r\n--b 1x\0\r\n", 18);
  const Request request =
      Body(kMultipart,
           "preamble\r\n" + Part("Content-Disposition: form-data; name=\"size\"", "auto\r\n") +
               Part("content-disposition:form-data;name=format", "") +
               Part("Content-Disposition: form-data; name=\"image_file\"", jpeg) +
               Part("Content-Disposition: form-data; name=\"other\"; filename=\"C:\\d\\a "
                    "\\\"b\\\".jpg\"\r\n"
                    "Content-Type: image/jpeg",
                    "x") +
               Part("Content-Disposition: form-data; name=\"third\"; filename=\"a.png\"; "
                    "filename*=UTF-8''%c3%a4%2fb.png",
                    "y") +
               Part("Content-Disposition: form-data; name=\"blob\"\r\nContent-Type: "
                    "application/octet-stream",
                    "z") +
               Part("Content-Disposition: form-data; name=\"none\"; filename=\"\"", "") +
               "--b 1--\r\nepilogue --b 1\r\n");
  const auto form = ReadForm(request);
  ASSERT_TRUE(form.ok()) << form.status().message();
  EXPECT_EQ(form->kind, Form::Kind::kMultipart);
  EXPECT_THAT(form->fields.all(),
              UnorderedElementsAre(Pair("size", "auto\r\n"), Pair("format", "")));
  ASSERT_EQ(form->files.size(), 4u);
  ASSERT_NE(form->File("image_file"), nullptr);
  EXPECT_EQ(TextOf(form->File("image_file")->bytes), jpeg);
  EXPECT_EQ(form->File("other")->file_name, "a \"b\".jpg");
  EXPECT_EQ(form->File("other")->type, "image/jpeg");
  EXPECT_EQ(form->File("third")->file_name, "b.png");
  EXPECT_EQ(TextOf(form->File("blob")->bytes), "z");
  EXPECT_EQ(form->File("none"), nullptr);
  // Views of the body, not copies.
  EXPECT_GE(form->File("third")->bytes.data(), request.body.data());
  EXPECT_LT(form->File("third")->bytes.data(), request.body.data() + request.body.size());
}

TEST(FormTest, TellsWhatIsWrongWithMultipart) {
  const std::string field = Part("Content-Disposition: form-data; name=\"a\"", "1");
  const std::string end = "--b 1--\r\n";
  EXPECT_EQ(ErrorOf(Body(kMultipart, field + end)), "");
  EXPECT_EQ(ErrorOf(Body(kMultipart, field + "--b 1--")), "");
  EXPECT_EQ(ErrorOf(Body(kMultipart, end)), "");
  EXPECT_THAT(ErrorOf(Body("multipart/form-data", field + end)), HasSubstr("names no boundary"));
  EXPECT_THAT(ErrorOf(Body("multipart/form-data; boundary=c", field + end)),
              HasSubstr("no line \"--c\""));
  EXPECT_THAT(ErrorOf(Body("multipart/form-data; boundary=\"\"", field)), HasSubstr("boundary"));
  EXPECT_THAT(ErrorOf(Body("multipart/form-data; boundary=" + std::string(71, 'x'), field)),
              HasSubstr("1 to 70"));
  EXPECT_THAT(ErrorOf(Body(kMultipart, field)), HasSubstr("cut off"));
  EXPECT_THAT(ErrorOf(Body(kMultipart, "--b 1\r\nContent-Dispo")),
              HasSubstr("ends within a part's headers"));
  EXPECT_THAT(ErrorOf(Body(kMultipart, Part("Content-Type: text/plain", "1") + end)),
              HasSubstr("without a Content-Disposition"));
  EXPECT_THAT(ErrorOf(Body(kMultipart, Part("Content-Disposition: form-data", "1") + end)),
              HasSubstr("without a name"));
  EXPECT_THAT(
      ErrorOf(Body(kMultipart, Part("Content-Disposition: form-data; name=\"a", "1") + end)),
      HasSubstr("not closed"));
  EXPECT_THAT(ErrorOf(Body(kMultipart, Part("Content-Disposition: form-data; name=a\r\n"
                                            "Content-Type: multipart/mixed; boundary=c",
                                            "1") +
                                           end)),
              HasSubstr("parts within parts"));
  EXPECT_THAT(ErrorOf(Body(kMultipart, Part("Content-Disposition: form-data; name=a\r\n"
                                            "Content-Transfer-Encoding: base64",
                                            "1") +
                                           end)),
              HasSubstr("send its bytes as they are"));
  EXPECT_THAT(
      ErrorOf(Body(kMultipart, Part("Content-Disposition: form-data; name=a\n", "1") + end)),
      HasSubstr("CRLF"));
  EXPECT_THAT(
      ErrorOf(Body(kMultipart, Part("Content-Disposition: form-data; name=a", "\xff\xd8") + end)),
      HasSubstr("not UTF-8"));
}

TEST(FormTest, KeepsItsLimits) {
  const std::string field = Part("Content-Disposition: form-data; name=\"a\"", "1");
  const std::string end = "--b 1--\r\n";
  std::string many;
  for (int i = 0; i < 5; ++i) many += field;
  EXPECT_EQ(ErrorOf(Body(kMultipart, many + end), {.max_parts = 5}), "");
  const auto refused = ReadForm(Body(kMultipart, many + end), {.max_parts = 4});
  EXPECT_EQ(refused.status().code(), StatusCode::kLimit);
  EXPECT_THAT(ErrorOf(Body("application/x-www-form-urlencoded", "a&b&c"), {.max_parts = 2}),
              HasSubstr("more than 2 fields"));
  EXPECT_THAT(ErrorOf(Body("application/json", R"({"a":1,"b":1,"c":1})"), {.max_parts = 2}),
              HasSubstr("more than 2 fields"));
  const std::string head = "Content-Disposition: form-data; name=a\r\nX: ";
  EXPECT_EQ(ErrorOf(Body(kMultipart, Part(head + std::string(60, 'x'), "1") + end),
                    {.max_part_headers = 110}),
            "");
  EXPECT_THAT(ErrorOf(Body(kMultipart, Part(head + std::string(100, 'x'), "1") + end),
                      {.max_part_headers = 110}),
              HasSubstr("longer than 110"));
  EXPECT_THAT(
      ErrorOf(Body(kMultipart,
                   Part("Content-Disposition: form-data; name=a", std::string(11, 'x')) + end),
              {.max_field = 10}),
      HasSubstr("longer than 10"));
  EXPECT_THAT(ErrorOf(Body("application/x-www-form-urlencoded", "a=" + std::string(11, 'x')),
                      {.max_text = 10}),
              HasSubstr("longer than 10"));
  EXPECT_THAT(ErrorOf(Body("application/json", "{\"a\":\"" + std::string(11, 'x') + "\"}"),
                      {.max_text = 10}),
              HasSubstr("longer than 10"));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "[";
  EXPECT_THAT(ErrorOf(Body("application/json", "{\"a\":" + deep)), HasSubstr("nested"));
}

// What made other parsers quadratic: beginnings of boundaries without end, and heads without end.
TEST(FormTest, TakesTimeInProportionToTheBody) {
  const std::string boundary(70, '-');
  const std::string type = "multipart/form-data; boundary=" + boundary;
  const std::string open = "--" + boundary + "\r\nContent-Disposition: form-data; name=a\r\n\r\n";
  for (const std::string& piece :
       {std::string("\r\n--" + std::string(69, '-') + "x"), std::string("\r\n"), std::string("\r"),
        std::string("-"), "\r\n--" + boundary + "x"}) {
    std::string body = open;
    while (body.size() < (size_t{8} << 20)) body += piece;
    // A quadratic reader takes hours, for which no test has the time. Dashes alone are the boundary
    // and its end.
    EXPECT_EQ(ReadForm(Body(type, body)).ok(), piece == "-");
  }
}

TEST(FormTest, ReadsUrlencodedBodies) {
  const auto form = ReadForm(Body("application/x-www-form-urlencoded; charset=UTF-8",
                                  "image_file_b64=%2B%2f%3D+x&size=auto&size=full&&empty"));
  ASSERT_TRUE(form.ok()) << form.status().message();
  EXPECT_EQ(form->kind, Form::Kind::kUrlencoded);
  EXPECT_EQ(form->fields.Get("image_file_b64"), "+/= x");
  EXPECT_EQ(form->fields.Get("size"), "auto");
  EXPECT_EQ(form->fields.all().size(), 4u);
  EXPECT_THAT(ErrorOf(Body("application/x-www-form-urlencoded", "a=%4")), HasSubstr("%25"));
  EXPECT_THAT(ErrorOf(Body("application/x-www-form-urlencoded", "a=%ff")), HasSubstr("UTF-8"));
  EXPECT_THAT(ErrorOf(Body("application/x-www-form-urlencoded", "a=%00")), HasSubstr("NUL"));
}

TEST(FormTest, ReadsJsonObjects) {
  const auto form = ReadForm(
      Body("application/json",
           R"( {"image":"a\/b\u00e4\ud83d\ude00\n","n":-1.5e3,"yes":true,"no":false,"none":null,)"
           R"("list":[1,{"x":[]} , "]"],"twice":1,"twice":2} )"));
  ASSERT_TRUE(form.ok()) << form.status().message();
  EXPECT_EQ(form->kind, Form::Kind::kJson);
  EXPECT_THAT(form->fields.all(),
              UnorderedElementsAre(Pair("image", "a/b\u00e4\U0001F600\n"), Pair("n", "-1.5e3"),
                                   Pair("yes", "true"), Pair("no", "false"),
                                   Pair("list", R"([1,{"x":[]} , "]"])"), Pair("twice", "2")));
  for (const char* broken : {"",
                             "[]",
                             "{",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{\"a\":1}x",
                             "{\"a\":01}",
                             "{\"a\":1.}",
                             "{\"a\":\"\\x\"}",
                             "{\"a\":\"\\ud800\"}",
                             "{\"a\":\"\n\"}",
                             "{\"a\":[1 2]}",
                             "{\"a\":[1,]}",
                             "{\"a\":{\"b\"}}",
                             "{\"a\":{1:2}}",
                             "{\"a\":\"\xff\"}",
                             "{\"a\":nul}",
                             "{\"a\":[}",
                             "{a:1}"}) {
    const Request request = Body("application/json", std::string(broken) + " ");
    const auto refused = ReadForm(request);
    ASSERT_FALSE(refused.ok()) << broken;
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument) << broken;
  }
}

TEST(FormTest, KnowsBodiesByTheirType) {
  const Request picture = Body("image/png", "\x89PNG");
  const auto raw = ReadForm(picture);
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(raw->kind, Form::Kind::kRaw);
  EXPECT_EQ(TextOf(raw->File("")->bytes), "\x89PNG");
  EXPECT_EQ(ReadForm(Body("", "\x89PNG"))->kind, Form::Kind::kRaw);
  EXPECT_EQ(ReadForm(Body("", ""))->kind, Form::Kind::kNone);
  EXPECT_EQ(ReadForm(Body("application/json", ""))->kind, Form::Kind::kNone);
  EXPECT_EQ(ReadForm(Body("application/xml", "<a/>")).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(ReadForm(Body("text/plain", "a")).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(ReadForm(Body("multipart/mixed; boundary=a", "a")).status().code(),
            StatusCode::kUnsupported);
}

TEST(Base64Test, DecodesWhatItEncodes) {
  std::vector<uint8_t> bytes;
  for (int size = 0; size < 300; ++size) {
    const auto back = DecodeBase64(EncodeBase64(bytes));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, bytes);
    bytes.push_back(static_cast<uint8_t>(size * 89 + 7));
  }
  EXPECT_EQ(EncodeBase64(BytesOf("foobar")), "Zm9vYmFy");
  EXPECT_EQ(EncodeBase64(BytesOf("fooba")), "Zm9vYmE=");
  EXPECT_EQ(EncodeBase64(BytesOf("foob")), "Zm9vYg==");
}

TEST(Base64Test, TakesWhatClientsSend) {
  const auto text = [](std::string_view base64) {
    const auto bytes = DecodeBase64(base64);
    return bytes.ok() ? std::string(TextOf(*bytes)) : bytes.status().message();
  };
  EXPECT_EQ(text("Zm9v\r\nYm\nE ="), "fooba");
  EXPECT_EQ(text("Zm9vYmE"), "fooba");
  EXPECT_EQ(text("data:image/png;base64,Zm9v"), "foo");
  EXPECT_EQ(text("-_-_"), text("+/+/"));
  EXPECT_EQ(text(""), "");
  EXPECT_THAT(text("Zm9vY"), HasSubstr("cut off"));
  EXPECT_THAT(text("Zm9vYg="), HasSubstr("cut off"));
  EXPECT_THAT(text("Zm9v="), HasSubstr("cut off"));
  EXPECT_THAT(text("Zg==Zg=="), HasSubstr("goes on"));
  EXPECT_THAT(text("Zm9v*mFy"), HasSubstr("character 5"));
}

}  // namespace
}  // namespace peel::server
