#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/server/api/openapi.h"

// The interface's description for people, made from that for programs.
namespace peel::server {
namespace {

using Json = nlohmann::ordered_json;

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Row(const std::string& name, const Json& schema) {
  std::string what = schema.value("description", "");
  if (schema.contains("enum")) {
    what += what.empty() ? "" : ": ";
    for (size_t i = 0; i < schema["enum"].size(); ++i) {
      what += (i > 0 ? ", " : "") + schema["enum"][i].get<std::string>();
    }
  } else if (schema.contains("minimum")) {
    what += ", " + schema["minimum"].dump() + " to " + schema["maximum"].dump();
  }
  return "<tr><th scope=\"row\"><code>" + Escape(name) + "</code></th><td>" + Escape(what) +
         "</td></tr>\n";
}

std::string Table(const std::string& caption, const std::string& rows) {
  return rows.empty() ? "" : "<table><caption>" + caption + "</caption>\n" + rows + "</table>\n";
}

std::string Operation(const std::string& path, const std::string& method, const Json& operation) {
  std::string text = "<section><h3><span class=\"method\">" + method + "</span> <code>" +
                     Escape(path) + "</code></h3>\n<p>" + Escape(operation.value("summary", "")) +
                     "</p>\n";
  std::string rows;
  for (const Json& parameter : operation.value("parameters", Json::array())) {
    Json schema = parameter["schema"];
    schema["description"] = parameter.value("description", "");
    rows += Row(parameter["name"].get<std::string>(), schema);
  }
  text += Table("In the query", rows);
  if (operation.contains("requestBody")) {
    const Json& content = operation["requestBody"]["content"];
    rows.clear();
    if (content.contains("multipart/form-data")) {
      for (const auto& [name, schema] :
           content["multipart/form-data"]["schema"]["properties"].items()) {
        rows += Row(name, schema);
      }
    }
    text += Table("In the form", rows);
  }
  return text + "</section>\n";
}

}  // namespace

Response ApiPage(const Facts& facts) {
  const Json api = Json::parse(OpenApi(facts));
  std::vector<std::pair<std::string, std::string>> groups;
  for (const auto& [path, methods] : api["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      const std::string tag = operation["tags"][0];
      if (groups.empty() || groups.back().first != tag) groups.emplace_back(tag, "");
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      groups.back().second += Operation(path, upper, operation);
    }
  }
  std::string body, menu;
  for (const auto& [tag, text] : groups) {
    menu += "<a href=\"#" + tag + "\">" + tag + "</a>\n";
    body += "<h2 id=\"" + tag + "\">" + tag + "</h2>\n" + text;
  }
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<title>Peel: the interface</title>\n<style>\n"
      ":root{color-scheme:light dark;--line:#8884;--mark:#0a7d5a}"
      "@media(prefers-color-scheme:dark){:root{--mark:#5fd3a8}}"
      "body{font:16px/1.55 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
      "nav{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem}a{color:var(--mark)}"
      "h2{margin:3rem 0 0;border-bottom:1px solid var(--line)}h3{margin:2rem 0 0}"
      ".method{color:var(--mark);font:700 .8em system-ui;letter-spacing:.06em}"
      "table{border-collapse:collapse;width:100%;margin:1rem 0}"
      "caption{text-align:left;font-weight:600;padding:.25rem 0}"
      "th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;"
      "border-top:1px solid var(--line);font-weight:400}th{white-space:nowrap}"
      "code{font-family:ui-monospace,monospace;font-size:.92em}"
      "@media(max-width:34rem){th,td{display:block}td{border:0;padding-top:0}}\n"
      "</style></head><body>\n<h1>Peel " +
      Escape(facts.version) + "</h1>\n<p>" + Escape(api["info"]["description"].get<std::string>()) +
      " The same for programs: <a href=\"/openapi.json\">/openapi.json</a>.</p>\n<nav>" + menu +
      "</nav>\n" + body + "</body></html>\n";
  Response response;
  response.headers.Set("Content-Type", "text/html; charset=utf-8");
  response.headers.Set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'none'");
  response.text = std::move(page);
  return response;
}

}  // namespace peel::server
