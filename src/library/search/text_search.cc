#include "src/library/search/text_search.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "src/library/search/folded_words.h"

namespace peel::library {
namespace {

// Where a word may stand, and what it counts there.
struct Field {
  const char* name;
  double weight;
};
enum FieldIndex : size_t {
  kTitle,
  kKeywords,
  kObjects,
  kScene,
  kPlace,
  kDescription,
  kDate,
  kCamera,
  kFileName,
  kFolders,
  kFieldCount
};
constexpr std::array<Field, kFieldCount> kFields = {{{"title", 9},
                                                     {"keyword", 9},
                                                     {"object", 8},
                                                     {"scene", 7},
                                                     {"place", 7},
                                                     {"description", 5},
                                                     {"date", 5},
                                                     {"camera", 4},
                                                     {"name", 3},
                                                     {"folder", 2}}};
constexpr double kPrefix = 0.6;  // of a word's weight, for one that begins with it
constexpr size_t kLeastPrefix = 2;

constexpr std::array<const char*, 12> kMonths = {"january",   "february", "march",    "april",
                                                 "may",       "june",     "july",     "august",
                                                 "september", "october",  "november", "december"};

// A word of the query with what else it may be called: words that must stand side by side, each
// with how much it counts.
struct Meaning {
  std::vector<std::string> words;
  double weight = 1;
  bool is_label = false;  // looked for in objects and scenes alone
};
struct QueryWord {
  std::string text;
  std::vector<Meaning> meanings;
};

std::string Singular(const std::string& word) {
  if (word.size() > 4 && word.ends_with("ies")) return word.substr(0, word.size() - 3) + "y";
  for (const std::string_view end : {"sses", "shes", "ches", "xes"}) {
    if (word.ends_with(end)) return word.substr(0, word.size() - 2);
  }
  if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss")) {
    return word.substr(0, word.size() - 1);
  }
  return word;
}

std::vector<QueryWord> QueryOf(std::string_view text, const WordLabels& labels) {
  std::vector<QueryWord> query;
  for (const std::string& word : FoldedWords(text)) {
    QueryWord wanted = {word, {{{word}, 1, false}}};
    if (const std::string singular = Singular(word); singular != word) {
      wanted.meanings.push_back({{singular}, 0.95, false});
    }
    for (const auto& [label, weight] : labels ? labels(word) : decltype(labels(word))()) {
      wanted.meanings.push_back({FoldedWords(label), 0.9 * static_cast<double>(weight), true});
    }
    query.push_back(std::move(wanted));
  }
  return query;
}

struct Document {
  std::array<std::vector<std::string>, kFieldCount> words;
  std::array<std::string, kFieldCount> texts;  // as they are shown

  void Set(FieldIndex field, std::string_view text) {
    if (text.empty()) return;
    texts[field] = text;
    words[field] = FoldedWords(text);
  }
};

// How well the words stand side by side in a field, 0 to 1.
double FitOf(const std::vector<std::string>& wanted, const std::vector<std::string>& words) {
  double best = 0;
  if (wanted.empty() || words.size() < wanted.size()) return 0;
  for (size_t at = 0; at + wanted.size() <= words.size(); ++at) {
    bool fits = true;
    double fit = 1;
    for (size_t i = 0; i < wanted.size() && fits; ++i) {
      const std::string& word = words[at + i];
      if (word == wanted[i]) continue;
      fits =
          i + 1 == wanted.size() && wanted[i].size() >= kLeastPrefix && word.starts_with(wanted[i]);
      fit = kPrefix;
    }
    if (fits) best = std::max(best, fit);
  }
  return best;
}

struct Fit {
  double score = 0;
  size_t field = kFieldCount;
};

Fit BestFit(const QueryWord& word, const Document& document) {
  Fit best;
  for (const Meaning& meaning : word.meanings) {
    for (size_t field = 0; field < kFieldCount; ++field) {
      if (meaning.is_label && field != kObjects && field != kScene) continue;
      const double score =
          meaning.weight * kFields[field].weight * FitOf(meaning.words, document.words[field]);
      if (score > best.score) best = {score, field};
    }
  }
  return best;
}

void SetDate(Document& document, std::string_view taken_at) {
  if (taken_at.size() < 10) return;
  std::string text(taken_at.substr(0, 10));
  const int month = (taken_at[5] - '0') * 10 + (taken_at[6] - '0');
  if (month >= 1 && month <= 12) {
    text += std::string(" ") + kMonths[static_cast<size_t>(month - 1)];
  }
  document.Set(kDate, text);
  document.texts[kDate] = taken_at.substr(0, 10);
}

std::optional<FoundPhoto> Judge(const std::vector<QueryWord>& query, const Document& document,
                                double quality) {
  FoundPhoto found;
  std::set<size_t> fields;
  for (const QueryWord& word : query) {
    const Fit fit = BestFit(word, document);
    if (fit.field == kFieldCount) return std::nullopt;
    found.score += fit.score;
    fields.insert(fit.field);
  }
  for (const size_t field : fields) {
    if (!found.why.empty()) found.why += "; ";
    found.why += std::string(kFields[field].name) + ": " + document.texts[field];
  }
  found.score += quality;
  return found;
}

// The labels of one file after another, in rising order of the files.
class ObjectReader {
 public:
  static Result<ObjectReader> Open(Store& store) {
    PEEL_ASSIGN_OR_RETURN(Statement rows,
                          store.database().Prepare(
                              "SELECT DISTINCT file_id, label FROM detections ORDER BY file_id"));
    ObjectReader reader(std::move(rows));
    PEEL_RETURN_IF_ERROR(reader.Next());
    return reader;
  }

  Result<std::string> Of(int64_t file_id) {
    std::string labels;
    while (has_row_ && rows_.integer(0) <= file_id) {
      if (rows_.integer(0) == file_id) {
        if (!labels.empty()) labels += ", ";
        labels += rows_.text(1);
      }
      PEEL_RETURN_IF_ERROR(Next());
    }
    return labels;
  }

 private:
  explicit ObjectReader(Statement rows) : rows_(std::move(rows)) {}
  Status Next() {
    PEEL_ASSIGN_OR_RETURN(has_row_, rows_.Step());
    return OkStatus();
  }

  Statement rows_;
  bool has_row_ = false;
};

bool IsBetter(const FoundPhoto& a, const FoundPhoto& b) {
  return a.score != b.score ? a.score > b.score : a.file_id < b.file_id;
}

}  // namespace

Result<std::vector<FoundPhoto>> FindByText(Store& store, std::string_view text, size_t limit,
                                           const WordLabels& labels) {
  const std::vector<QueryWord> query = QueryOf(text, labels);
  if (query.empty()) {
    return InvalidArgument("there are no words to look for in \"" + std::string(text) + "\"");
  }
  PEEL_ASSIGN_OR_RETURN(ObjectReader objects, ObjectReader::Open(store));
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT f.id, f.path, m.title, m.keywords, s.scene, m.city, m.country, m.description, "
          "m.taken_at, m.make, m.model, m.lens, q.quality FROM files f LEFT JOIN metadata m ON "
          "m.file_id = f.id LEFT JOIN measures q ON q.file_id = f.id LEFT JOIN scenes s ON "
          "s.file_id "
          "= f.id WHERE f.status <> 'gone' ORDER BY f.id"));
  std::vector<FoundPhoto> best;  // a heap, the least of them first
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const int64_t id = row.integer(0);
    Document document;
    const std::string_view path = row.text(1);
    const size_t name = path.find_last_of('/') + 1;
    document.Set(kFileName, path.substr(name));
    document.Set(kFolders, path.substr(0, name));
    document.Set(kTitle, row.text(2));
    document.Set(kKeywords, row.text(3));
    document.Set(kScene, row.text(4));
    const auto joined = [&](int first, int second) {
      std::string both(row.text(first));
      if (!both.empty() && !row.text(second).empty()) both += ", ";
      return both.append(row.text(second));
    };
    document.Set(kPlace, joined(5, 6));
    document.Set(kDescription, row.text(7));
    SetDate(document, row.text(8));
    document.Set(kCamera, joined(9, 10) + " " + std::string(row.text(11)));
    PEEL_ASSIGN_OR_RETURN(const std::string shown, objects.Of(id));
    document.Set(kObjects, shown);
    std::optional<FoundPhoto> found = Judge(query, document, row.real(12));
    if (!found) continue;
    found->file_id = id;
    best.push_back(*std::move(found));
    std::ranges::push_heap(best, IsBetter);
    if (best.size() > limit) {
      std::ranges::pop_heap(best, IsBetter);
      best.pop_back();
    }
  }
  std::ranges::sort(best, IsBetter);
  return best;
}

}  // namespace peel::library
