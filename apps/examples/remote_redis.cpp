// A Redis pool of a node, from another process: the calls of a pool in the
// program, without hiredis.
//
//   example_remote_redis 127.0.0.1:4700 TOKEN_FILE

#include "caf_pool/remote.hpp"

#include <iostream>
#include <optional>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: example_remote_redis ADDRESS TOKEN_FILE\n";
    return 64;
  }
  caf_pool::remote_options options;
  options.address = argv[1];
  if (auto token = caf_pool::token_from_file(argv[2], options.principal))
    options.token = *token;
  auto client = caf_pool::remote_client::connect(options);
  if (!client) {
    std::cerr << client.error().message << '\n';
    return 1;
  }
  caf_pool::remote_redis cache{*client, "cache"};
  auto stored = cache.command("SET", "user:8", "Bob", "EX", 60);
  auto name = cache.command<std::optional<std::string>>("GET", "user:8");
  if (!stored || !name) {
    std::cerr << (stored ? name.error() : stored.error()).message << '\n';
    return 1;
  }
  std::cout << name->value_or("nobody") << '\n';
}
