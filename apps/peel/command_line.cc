#include "apps/peel/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>

namespace peel {

Option& Option::Group(const char* name) {
  option_->group(name);
  return *this;
}

Option& Option::TypeName(const char* name) {
  option_->type_name(name);
  return *this;
}

Option& Option::Required() {
  option_->required();
  return *this;
}

Option& Option::Range(int least, int most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option& Option::Range(double least, double most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option& Option::Positive() {
  option_->check(CLI::PositiveNumber);
  return *this;
}

Option& Option::OneOf(std::vector<std::string> values) {
  option_->check(CLI::IsMember(std::move(values)));
  return *this;
}

Option& Option::Delimiter(char mark) {
  option_->delimiter(mark);
  return *this;
}

Option& Option::Expected(int count) {
  option_->expected(count);
  return *this;
}

Option& Option::OneValueEach() {
  option_->allow_extra_args(false);
  return *this;
}

Command Command::AddCommand(const char* name, const char* description) {
  return Command(app_->add_subcommand(name, description));
}

Command& Command::Footer(const char* text) {
  app_->footer(text);
  return *this;
}

Command& Command::Hide() {
  app_->group("");
  return *this;
}

Command& Command::RequireCommand(int least, int most) {
  app_->require_subcommand(static_cast<size_t>(least), static_cast<size_t>(most));
  return *this;
}

template <typename T>
Option Command::AddOption(const char* name, T& to, const char* description) {
  return Option(app_->add_option(name, to, description));
}

template Option Command::AddOption(const char*, int&, const char*);
template Option Command::AddOption(const char*, double&, const char*);
template Option Command::AddOption(const char*, uint64_t&, const char*);
template Option Command::AddOption(const char*, std::string&, const char*);
template Option Command::AddOption(const char*, std::optional<int>&, const char*);
template Option Command::AddOption(const char*, std::optional<std::string>&, const char*);
template Option Command::AddOption(const char*, std::vector<int>&, const char*);
template Option Command::AddOption(const char*, std::vector<std::string>&, const char*);

Option Command::AddFlag(const char* name, bool& to, const char* description) {
  return Option(app_->add_flag(name, to, description));
}

Command& Command::OnParsed(std::function<void()> callback) {
  app_->callback(std::move(callback));
  return *this;
}

size_t Command::Count(const std::string& option) const { return app_->get_option(option)->count(); }

bool Command::given() const { return app_->parsed(); }

bool Command::has_given_command() const { return !app_->get_subcommands().empty(); }

std::vector<std::pair<std::string, std::vector<std::string>>> Command::GivenOptions() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> given;
  for (const CLI::Option* option : std::as_const(*app_).get_options()) {
    if (option->count() > 0) given.emplace_back(option->get_name(), option->results());
  }
  return given;
}

CommandLine::CommandLine(const char* name, const char* description, const char* version,
                         const char* footer)
    : app_(std::make_unique<CLI::App>(description, name)), top_(app_.get()) {
  app_->set_version_flag("-V,--version", version);
  app_->footer(footer);
  app_->require_subcommand(1);
}

CommandLine::~CommandLine() = default;

std::vector<std::string> CommandLine::command_names() const {
  std::vector<std::string> names;
  for (const CLI::App* command : app_->get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string CommandLine::help() const { return app_->help(); }

CommandLine::Outcome CommandLine::Parse(std::vector<std::string> arguments) {
  std::ranges::reverse(arguments);  // the order in which CLI11 takes a vector
  Outcome outcome;
  try {
    app_->parse(arguments);
  } catch (const CLI::Success& success) {  // --help, --version
    std::ostringstream text;
    app_->exit(success, text, text);
    outcome.text = text.str();
  } catch (const CLI::ParseError& error) {
    outcome.ok = false;
    outcome.error = error.what();
  }
  return outcome;
}

}  // namespace peel
