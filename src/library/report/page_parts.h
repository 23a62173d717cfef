#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// What the report's sections are made of. Every std::string_view that is named text is escaped
// here; what is named html stands as it is.

struct ReportPage {
  Store& store;
  std::string folder;  // the report's, absolute: links are relative to it; "": no links
  std::string root;    // text: the folder that all pictures are in, with its last slash; or ""
  uint64_t pictures = 0;
  int shots = 0;  // how many thumbnails the page holds by now
};

std::string CountText(uint64_t count);                     // "12,345"
std::string Plural(uint64_t count, std::string_view one);  // "1 picture", "12,345 pictures"
std::string SizeText(uint64_t bytes);                      // "1.8 MB"
std::string DateText(std::string_view taken_at);           // "1 May 2024"; "" for no date

// html is "" where the section has nothing to show: then so is the result.
std::string Section(std::string_view id, std::string_view title_text, std::string_view lead_html,
                    std::string_view html);

struct Bar {
  std::string text;
  uint64_t count = 0;
};
// A list with a bar for each, the longest is the first; `rest` counts what is not among them.
std::string Bars(const std::vector<Bar>& bars, uint64_t rest = 0);

// Upright columns with an axis below: a heading for those that have one. chart_width in pixels, as
// wide as it is shown, about: where names have no room beside each other some are left out.
struct Column {
  std::string title_text;
  std::string axis_text;  // "" for most
  uint64_t count = 0;
};
std::string Columns(const std::vector<Column>& columns, std::string_view label_text,
                    double chart_width = 1000);

// A picture: its thumbnail as a link to the file, in a frame of its proportions. caption_html
// stands below.
struct Shot {
  int64_t file_id = 0;
  std::string caption_html;
  std::string badge_text;  // in a corner of it
};
Result<std::string> ShotHtml(ReportPage& page, const Shot& shot);
Result<std::string> ShotsHtml(ReportPage& page, const std::vector<Shot>& shots,
                              std::string_view css_class = "");

// A part of a picture, 0 to 1 from its upper left corner, round.
Result<std::string> RoundHtml(ReportPage& page, int64_t file_id, double x, double y, double width,
                              double height);

// A path as it is shown: without the folder that all have in common.
std::string ShownPath(const ReportPage& page, std::string_view path_text);

// Each: fails as the database does.
Result<std::string> TimelineSection(ReportPage& page);
Result<std::string> PlacesSection(ReportPage& page);
Result<std::string> CamerasSection(ReportPage& page);
Result<std::string> ColoursSection(ReportPage& page);
Result<std::string> QualitySection(ReportPage& page);
Result<std::string> DuplicatesSection(ReportPage& page);
Result<std::string> StacksSection(ReportPage& page);
Result<std::string> ScenesSection(ReportPage& page);
Result<std::string> ObjectsSection(ReportPage& page);
Result<std::string> FacesSection(ReportPage& page);
Result<std::string> ErrorsSection(ReportPage& page);
Result<std::string> RunSection(ReportPage& page);

// What the page looks like (CSS), and its own script: the button for light and dark.
std::string_view ReportStyle();
std::string_view ReportScript();

}  // namespace peel::library
