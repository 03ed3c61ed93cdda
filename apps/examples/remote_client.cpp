// Pools of a node, from another process: no actor, no driver.
//
//   example_remote_client 127.0.0.1:4700 TOKEN_FILE

#include "caf_pool/remote.hpp"

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: example_remote_client ADDRESS TOKEN_FILE\n";
    return 64;
  }
  caf_pool::remote_options options;
  options.address = argv[1];
  if (auto token = caf_pool::token_from_file(argv[2], options.principal))
    options.token = *token;

  auto db = caf_pool::remote_client::connect(options);
  if (!db) {
    std::cerr << db.error().message << '\n';
    return 1;
  }
  auto rows = db->execute("main", "SELECT 6 * 7 AS answer");
  if (!rows) {
    std::cerr << rows.error().message << '\n';
    return 1;
  }
  std::cout << (*rows)[0]["answer"].as<int>() << '\n';

  // Several statements on one connection; the node takes it back if we die.
  if (auto held = db->acquire("main", std::chrono::seconds{2})) {
    auto one = held->execute("SELECT 1");
    std::cout << (one ? "leased" : one.error().message) << '\n';
  }
}
