#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/version.hpp"

#include "demo.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <sysexits.h>

int main(int argc, char** argv) {
  using namespace caf_pool;
  CLI::App app{"Drives load through a node and checks what it wrote.",
               "caf_pool_demo"};
  demo::load_options x;
  std::string length = "5s";
  app.set_version_flag("-V,--version", "caf_pool_demo " + version());
  app.add_option("--connect", x.address, "Address of the node.");
  app.add_option("--token-file", x.token_file, "Its token file.")->required();
  app.add_option("--principal", x.principal, "Name to log in with.");
  app.add_option("--pool", x.pool, "Pool to use.");
  app.add_option("--threads", x.threads, "Clients at a time.");
  app.add_option("--time", length, "How long, e.g. 5s.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& ex) {
    return app.exit(ex) == 0 ? EXIT_SUCCESS : EX_USAGE;
  }
  auto limit = parse_duration(length);
  if (!limit) {
    std::cerr << "caf_pool_demo: " << to_string(limit.error()) << '\n';
    return EX_USAGE;
  }
  x.length = *limit;
  if (auto done = demo::drive_load(x); !done) {
    std::cerr << "caf_pool_demo: " << to_string(done.error()) << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
