#include <CLI/CLI.hpp>

#include "apps/peel/model_command.h"
#include "src/base/cpu.h"

int main(int argc, char** argv) {
  peel::InitCpu();
  CLI::App app{"Takes the background off pictures.", "peel"};
  app.require_subcommand(1);
  int exit_code = 0;
  peel::AddModelCommand(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return exit_code;
}
