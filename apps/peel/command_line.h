#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

// CLI11 behind a narrow interface: it is a large header-only library, and only command_line.cc
// pays for compiling it.
namespace peel {

// One option or positional argument of a command. Setters return the option itself.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option& Group(const char* name);     // the heading in --help it stands under
  Option& TypeName(const char* name);  // what --help shows for the value
  Option& Required();
  Option& Range(int least, int most);
  Option& Range(double least, double most);
  Option& Positive();
  Option& OneOf(std::vector<std::string> values);
  Option& Delimiter(char mark);  // several values in one word
  Option& Expected(int count);   // exactly so many values
  Option& OneValueEach();        // given several times, one value each time

 private:
  CLI::Option* option_;
};

// A (sub)command. Cheap to copy; lives as long as its CommandLine.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  Command AddCommand(const char* name, const char* description);
  Command& Footer(const char* text);
  Command& Hide();                               // does not show in --help
  Command& RequireCommand(int least, int most);  // of its sub-commands

  // What the option sets must outlive the parsing. A name without dashes is a positional argument.
  // T: int, double, uint64_t, std::string, std::optional<int>, std::optional<std::string>,
  // std::vector<int> or std::vector<std::string>.
  template <typename T>
  Option AddOption(const char* name, T& to, const char* description);
  Option AddFlag(const char* name, bool& to, const char* description);

  // Called once the whole command line is parsed, if this command was given.
  Command& OnParsed(std::function<void()> callback);
  // After parsing: how often the option was given; whether this command was; whether any of its
  // sub-commands was.
  size_t Count(const std::string& option) const;
  bool given() const;
  bool has_given_command() const;
  // The options that were given, by their first names, with their values as typed.
  std::vector<std::pair<std::string, std::vector<std::string>>> GivenOptions() const;

 private:
  CLI::App* app_;
};

// The whole of it: the program's name, its commands, one parse.
class CommandLine {
 public:
  CommandLine(const char* name, const char* description, const char* version, const char* footer);
  ~CommandLine();

  Command& top() { return top_; }
  std::vector<std::string> command_names() const;
  std::string help() const;

  struct Outcome {
    bool ok = true;     // false: error says what is wrong with the arguments
    std::string text;   // for standard output: what --help or --version ask for; else ""
    std::string error;  // ""
  };
  // Sets what the options name and calls the callbacks. What a callback throws comes through.
  Outcome Parse(std::vector<std::string> arguments);

 private:
  std::unique_ptr<CLI::App> app_;
  Command top_;
};

}  // namespace peel
