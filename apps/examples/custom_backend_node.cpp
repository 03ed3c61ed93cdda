// A node with a backend of one's own, and a remote client that uses it.
//
//   example_custom_backend_node FOLDER   keeps the node's token there

#include "caf_pool/config.hpp"
#include "caf_pool/node.hpp"
#include "caf_pool/remote.hpp"

#include "custom_backend.hpp"

#include <iostream>
#include <string>

using namespace caf_pool;

namespace {

backend_registry known_backends() {
  auto info = backend_info{};
  info.name = "counter";
  info.make = [](const pool_config&) -> result<backend_ptr> {
    return backend_ptr{std::make_shared<example::counters>()};
  };
  auto known = backend_registry::with_defaults();
  known.add(std::move(info));
  return known;
}

result<std::string> count_remotely(const std::string& address,
                                   const std::string& token_file) {
  auto options = remote_options{};
  options.address = address;
  auto token = token_from_file(token_file, options.principal);
  if (!token)
    return token.error();
  options.token = *token;
  auto db = remote_client::connect(options);
  if (!db)
    return db.error();
  auto done = db->run("main", opaque{"counter", "next"});
  if (!done)
    return done.error();
  return std::get<opaque>(done->value).bytes;
}

int complain(const error& why) {
  std::cerr << why.message << '\n';
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: example_custom_backend_node FOLDER\n";
    return 64;
  }
  auto token_file = std::string{argv[1]} + "/token";
  auto registry = known_backends();
  auto source = config_source{};
  source.overrides = {"remote.port=0", "remote.token_file=" + token_file,
                      "admin.enabled=false", "log.level=error"};
  auto config
    = load_text("[pools.main]\nbackend = \"counter\"\n", source, registry);
  if (!config)
    return complain(config.error());
  auto running = node::start(*std::move(config), source, registry);
  if (!running)
    return complain(running.error());
  auto number = count_remotely(
    "127.0.0.1:" + std::to_string((*running)->remote_port()), token_file);
  if (!number)
    return complain(number.error());
  std::cout << *number << '\n';
}
