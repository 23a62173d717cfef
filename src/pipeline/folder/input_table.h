#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peel {

// One picture to work on.
struct Input {
  std::string path;  // "-" for standard input
  // The sub-folder below the folder that was named, "" for none: kept below an output folder.
  std::string subfolder;

  bool operator==(const Input&) const = default;
};

// For range-for over what gives its elements by value.
template <typename Table>
class TableIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = decltype(std::declval<const Table&>()[0]);
  using difference_type = std::ptrdiff_t;
  using pointer = const value_type*;
  using reference = value_type;

  TableIterator(const Table* table, size_t number) : table_(table), number_(number) {}
  value_type operator*() const { return (*table_)[number_]; }
  TableIterator& operator++() {
    ++number_;
    return *this;
  }
  TableIterator operator++(int) { return {table_, number_++}; }
  bool operator==(const TableIterator&) const = default;

 private:
  const Table* table_;
  size_t number_;
};

// Many inputs in little room, in the order they were added: a folder's name is kept once, and a
// file takes the bytes of its own name and 16 more (up to twice that while the table grows).
class InputTable {
 public:
  InputTable() = default;
  InputTable(std::initializer_list<Input> inputs) {
    for (const Input& input : inputs) Add(input.path, input.subfolder);
  }
  InputTable(InputTable&&) = default;  // a moved map keeps its nodes
  InputTable& operator=(InputTable&&) = default;
  InputTable(const InputTable&) = delete;
  InputTable& operator=(const InputTable&) = delete;

  // Fewer than 2^32. Returns its number.
  size_t Add(std::string_view path, std::string_view subfolder) {
    const size_t slash = path.rfind('/');
    const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    const uint32_t folder = FolderNumber(path.substr(0, path.size() - name.size()), subfolder);
    files_.push_back({names_.size(), folder, static_cast<uint32_t>(name.size())});
    names_.append(name);
    return files_.size() - 1;
  }

  size_t size() const { return files_.size(); }
  bool empty() const { return files_.empty(); }

  Input operator[](size_t number) const {
    const Folder& folder = *folders_[files_[number].folder];
    return {folder.first + std::string(NameOf(number)), folder.second};
  }
  // Without its folders.
  std::string_view NameOf(size_t number) const {
    return std::string_view{names_}.substr(files_[number].start, files_[number].length);
  }
  // As it is written in the path, with its slash; "" for none.
  const std::string& FolderOf(size_t number) const {
    return folders_[files_[number].folder]->first;
  }

  auto begin() const { return TableIterator<InputTable>(this, 0); }
  auto end() const { return TableIterator<InputTable>(this, size()); }

 private:
  using Folder = std::pair<std::string, std::string>;  // its name and the sub-folder it stands for
  struct File {
    uint64_t start;  // of the name in names_
    uint32_t folder, length;
  };

  uint32_t FolderNumber(std::string_view folder, std::string_view subfolder) {
    // Neighbours lie in one folder.
    if (!files_.empty()) {
      const uint32_t last = files_.back().folder;
      if (folders_[last]->first == folder && folders_[last]->second == subfolder) return last;
    }
    const auto [known, is_new] =
        numbers_.emplace(Folder(folder, subfolder), static_cast<uint32_t>(folders_.size()));
    if (is_new) folders_.push_back(&known->first);
    return known->second;
  }

  std::string names_;
  std::vector<File> files_;
  std::vector<const Folder*> folders_;  // into numbers_
  std::map<Folder, uint32_t> numbers_;
};

}  // namespace peel
