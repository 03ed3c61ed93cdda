#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/load.hpp"
#include "caf_pool/config/profiles.hpp"
#include "caf_pool/log/logger.hpp"
#include "caf_pool/node/node.hpp"
#include "caf_pool/node/process_guard.hpp"
#include "caf_pool/version.hpp"

#include <CLI/CLI.hpp>
#include <signal.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <sysexits.h>
#include <vector>

namespace {

using namespace caf_pool;

struct options {
  std::string profile = "base";
  std::string location;
  std::vector<std::string> overrides;
  bool check_config = false;
  bool allow_root = false;
  bool allow_core_dumps = false;
};

/// Where configurations are, in the order of looking.
std::string default_location(const char* program) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  auto beside = fs::weakly_canonical(program, ignored).parent_path();
  for (auto& place :
       {fs::path{"config"}, beside / "../../../config",
        beside / "../share/caf_pool/config", fs::path{"/etc/caf_pool"}})
    if (fs::exists(place / "base.toml", ignored))
      return place.string();
  return {};
}

void add_options(CLI::App& app, options& x) {
  app.description("Runs connection pools for this and other processes.");
  app.add_option("-p,--profile", x.profile,
                 "Profile to run: dev, staging, prod, test or your own.");
  app
    .add_option("-c,--config", x.location,
                "Folder with base.toml and profiles, or a single file.")
    ->envname("CAF_POOL_CONFIG");
  app.add_option("-s,--set", x.overrides,
                 "Overrides a setting: -s pools.main.max_size=20");
  app.add_flag("-t,--check-config", x.check_config,
               "Only checks the configuration: 0 if it is good, 78 if not.");
  app.add_flag("--allow-root", x.allow_root,
               "Runs as root, too, which it otherwise refuses.");
  app.add_flag("--allow-core-dumps", x.allow_core_dumps,
               "Lets a core dump show memory, secrets included.");
  app.set_version_flag("-V,--version", "caf_pool_node " + version());
  app.footer(
    "Signals: SIGHUP reloads, SIGTERM drains, a second one cancels what runs "
    "and ends at\nonce.\nExit codes: 0 ended well, 1 failed or ended before "
    "everything was done, 64 wrong\nusage, 69 cannot listen, 77 root without --allow-root, 78 bad configuration.\n"
    "Variables that would redirect drivers (PG*, LD_*, SSL_CERT_*, OPENSSL_*) "
    "are ignored;\nCAF_POOL__* are settings.\n\nExamples:\n"
    "  caf_pool_node --profile dev\n"
    "  caf_pool_node --config /etc/shop/pools.toml --check-config");
}

int complain(const error& why) {
  std::cerr << "caf_pool_node: " << to_string(why) << '\n';
  if (why.code == errc::config_invalid)
    return EX_CONFIG;
  if (why.code == errc::forbidden)
    return EX_NOPERM;
  return why.code == errc::open_failed ? EX_UNAVAILABLE : EXIT_FAILURE;
}

/// A reload that comes before the node is up is done then; SIGTERM ends the
/// process at once until there is something to end in order.
void hold_reloads() {
  sigset_t reload;
  sigemptyset(&reload);
  sigaddset(&reload, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &reload, nullptr);
}

/// The configuration was read from the environment as it was.
void harden(const options& x, const log_config& log_settings) {
  auto log = logger{log_settings};
  std::string names;
  for (auto& name : process_guard::clear_environment())
    names += (names.empty() ? "" : ", ") + name;
  if (!names.empty())
    log.write(severity::warning, "environment_ignored",
              {{"variables", names},
               {"text",
                "they would redirect drivers; the configuration "
                "decides alone"}});
  if (!x.allow_core_dumps && !process_guard::forbid_core_dumps())
    log.write(severity::warning, "core_dumps_allowed",
              {{"text", "the system does not let this process forbid them"}});
}

int run(const options& x) {
  auto registry = backend_registry::with_defaults();
  auto source = config_source{};
  source.location = x.location;
  source.profile = x.profile;
  source.environment = current_environment();
  source.overrides = x.overrides;
  auto config = load(source, registry);
  if (!config)
    return complain(config.error());
  if (x.check_config) {
    for (auto& warning : config->warnings)
      std::cerr << "warning: " << to_string(warning) << '\n';
    std::cout << "the configuration is good: profile " << config->node.profile
              << ", " << config->node.pools.size() << " pools\n";
    return EXIT_SUCCESS;
  }
  if (auto allowed = process_guard::check_user(x.allow_root); !allowed)
    return complain(allowed.error());
  harden(x, config->node.log);
  auto running
    = node::start(*std::move(config), std::move(source), std::move(registry));
  if (!running)
    return complain(running.error());
  if (!(*running)->ends())
    std::cout << (*running)->readiness_line() << std::endl;
  return (*running)->serve();
}

} // namespace

int main(int argc, char** argv) {
  hold_reloads();
  CLI::App app{"", "caf_pool_node"};
  options x;
  add_options(app, x);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ex) {
    auto code = app.exit(ex);
    return code == 0 ? EXIT_SUCCESS : EX_USAGE;
  }
  if (x.location.empty())
    x.location = default_location(argv[0]);
  return run(x);
}
