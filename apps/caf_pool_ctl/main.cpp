#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/settings/nearest.hpp"
#include "caf_pool/version.hpp"

#include "commands.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <sysexits.h>
#include <vector>

namespace {

using namespace caf_pool;

using action = std::function<result<std::string>()>;

/// Everything that the command line can say.
struct arguments {
  ctl::connection_options to;
  ctl::config_options config;
  ctl::style how;
  std::string pool;
  std::string statement;
  std::string limit = "30s";
  bool no_color = false;
  bool yes = false;
  action run;
};

int exit_code(errc why) {
  switch (why) {
    case errc::config_invalid:
      return EX_CONFIG;
    case errc::invalid_argument:
      return EX_USAGE;
    case errc::unauthorized:
    case errc::forbidden:
      return EX_NOPERM;
    case errc::node_unreachable:
    case errc::pool_not_found:
      return EX_UNAVAILABLE;
    default:
      return retryable(why) ? EX_TEMPFAIL : EXIT_FAILURE;
  }
}

void add_view(CLI::App& app, arguments& x, const char* name, ctl::view what,
              const char* text) {
  auto* command = app.add_subcommand(name, text);
  command->add_option("pool", x.pool, "Only this pool.");
  command->callback([&x, what] {
    x.run = [&x, what] { return ctl::look(x.to, what, x.pool, x.how); };
  });
}

/// Asks before something that stops callers; a script says --yes.
result<void> confirm(const arguments& x, const char* name) {
  if (x.yes)
    return {};
  if (::isatty(STDIN_FILENO) != 1)
    return error{errc::invalid_argument,
                 std::string{name} + " stops callers; say --yes",
                 {}};
  std::cerr << name << " pool " << x.pool << "? [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes")
    return {};
  return error{errc::cancelled, "nothing was done", {}};
}

void add_control(CLI::App& app, arguments& x, const char* name, verb what,
                 bool stops_callers, const char* text) {
  auto* command = app.add_subcommand(name, text);
  command->add_option("pool", x.pool, "The pool.")->required();
  if (stops_callers)
    command->add_flag("-y,--yes", x.yes, "Do not ask.");
  if (what == verb::drain)
    command->add_option("--limit", x.limit,
                        "Take leases away after this, e.g. 30s.");
  command->callback([&x, name, what, stops_callers] {
    x.run = [&x, name, what, stops_callers]() -> result<std::string> {
      if (stops_callers)
        if (auto sure = confirm(x, name); !sure)
          return sure.error();
      auto limit = parse_duration(x.limit);
      if (!limit)
        return limit.error();
      return ctl::control(x.to, x.pool, what, *limit, x.how);
    };
  });
}

void add_config(CLI::App& app, arguments& x) {
  auto* config = app.add_subcommand("config", "Looks at configuration files.");
  config->require_subcommand(1);
  config
    ->add_option("-c,--config", x.config.location,
                 "Folder with base.toml and profiles, or a single file.")
    ->envname("CAF_POOL_CONFIG");
  config->add_option("-p,--profile", x.config.profile, "Profile.");
  config->add_option("-s,--set", x.config.overrides, "Overrides a setting.");
  auto* check = config->add_subcommand(
    "check", "Tells all problems; 0 if there are none, 78 otherwise.");
  check->callback(
    [&x] { x.run = [&x] { return ctl::check_config(x.config, x.how); }; });
  auto* show = config->add_subcommand(
    "show", "Shows every setting in force; secrets are masked.");
  show->add_flag("--origin", x.config.origin,
                 "Tell where each value comes from.");
  show->callback(
    [&x] { x.run = [&x] { return ctl::show_config(x.config, x.how); }; });
}

void add_exec(CLI::App& app, arguments& x) {
  auto* exec = app.add_subcommand("exec", "Runs one statement or command.");
  exec->add_option("pool", x.pool, "The pool.")->required();
  exec
    ->add_option("statement", x.statement,
                 "The statement; for Redis a command with its arguments.")
    ->required();
  exec->callback([&x] {
    x.run = [&x] { return ctl::exec(x.to, x.pool, x.statement, x.how); };
  });
}

void add_options(CLI::App& app, arguments& x) {
  app.description("Looks at the pools of a node, and operates them.");
  app.set_version_flag("-V,--version", "caf_pool_ctl " + version());
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--connect", x.to.address, "Address of the node.")
    ->envname("CAF_POOL_NODE_ADDRESS");
  app.add_option("--principal", x.to.principal, "Name to log in with.");
  app
    .add_option("--token-file", x.to.token_file,
                "Token file of the node, if not in the state folder of this "
                "user; or set CAF_POOL_TOKEN.")
    ->envname("CAF_POOL_TOKEN_FILE");
  app.add_flag("--json", x.how.json, "Print JSON.");
  app.add_flag("--no-color", x.no_color, "Print plain text.");
  add_view(app, x, "pools", ctl::view::pools, "Sizes and waiters.");
  add_view(app, x, "stats", ctl::view::stats, "Counters and times.");
  add_view(app, x, "health", ctl::view::health, "Which pools serve.");
  add_view(app, x, "leases", ctl::view::leases, "Who holds what since when.");
  add_view(app, x, "connections", ctl::view::connections,
           "Age and use of every connection.");
  add_exec(app, x);
  add_control(app, x, "drain", verb::drain, true,
              "Lets leases end, then closes the pool.");
  add_control(app, x, "pause", verb::pause, true, "Makes callers wait.");
  add_control(app, x, "resume", verb::resume, false, "Ends a pause.");
  add_control(app, x, "reconnect", verb::reconnect, false,
              "Replaces all connections as they come back.");
  add_config(app, x);
  app.footer(
    "Exit codes: 0 done, 1 failed, 64 wrong usage, 69 node or pool not "
    "there, 75 try again,\n77 not allowed, 78 bad configuration.\n\nExamples:\n"
    "  caf_pool_ctl pools\n"
    "  caf_pool_ctl --json stats main\n"
    "  caf_pool_ctl exec main \"SELECT 1\"\n"
    "  caf_pool_ctl exec cache \"GET user:7\"\n"
    "  caf_pool_ctl config show --origin --profile dev");
}

/// The parser says only that a command is missing where one is misspelled.
std::string unknown_command(const CLI::App& app, const CLI::ParseError& why) {
  auto rest = app.remaining();
  if (why.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError)
      || rest.empty() || rest.front().starts_with('-')
      || !app.get_subcommands().empty())
    return {};
  std::vector<std::string> names;
  for (auto* command : app.get_subcommands([](auto*) { return true; }))
    names.push_back(command->get_name());
  auto known = std::vector<std::string_view>{names.begin(), names.end()};
  return "caf_pool_ctl: there is no command \"" + rest.front() + '"'
         + hint_for(rest.front(), known)
         + "\nRun with --help for more information.\n";
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"", "caf_pool_ctl"};
  arguments x;
  add_options(app, x);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ex) {
    if (auto text = unknown_command(app, ex); !text.empty()) {
      std::cerr << text;
      return EX_USAGE;
    }
    return app.exit(ex) == 0 ? EXIT_SUCCESS : EX_USAGE;
  }
  auto* no_color = std::getenv("NO_COLOR");
  x.how.bold = !x.no_color && (no_color == nullptr || *no_color == '\0')
               && ::isatty(STDOUT_FILENO) == 1;
  auto answer = x.run();
  if (!answer) {
    std::cerr << ctl::show_error(answer.error(), x.how);
    return exit_code(answer.error().code);
  }
  std::cout << *answer;
  return EXIT_SUCCESS;
}
