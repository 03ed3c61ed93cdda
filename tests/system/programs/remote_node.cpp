// A node process for tests that kill, freeze and restart nodes: one SQLite
// pool "main" on a file. Serves until its stdin is closed.

#include "caf_pool/actor/manager.hpp"
#include "caf_pool/gate/remote_gate.hpp"
#include "caf_pool/remote/setup.hpp"

#include <iostream>
#include <string>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

struct system_config : caf::actor_system_config {
  explicit system_config(const remote_config& remote) {
    configure_pools(*this);
    configure_gate(*this, {remote.heartbeat, remote.lease_ttl});
  }
};

bool add_pool(caf::actor_system& sys, const manager_handle& manager,
              const std::string& path) {
  auto config = pool_config{};
  config.min_size = 0;
  config.options["path"] = path;
  config.options["wal"] = "true";
  auto worked = false;
  caf::scoped_actor self{sys};
  ask(self.ptr(), manager, 1min, create_pool{config, nullptr})
    .receive([&worked](const pool_handle&) { worked = true; },
             [](const caf::error& why) {
               std::cerr << to_string(from_caf(why)) << std::endl;
             });
  return worked;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 5)
    return 64;
  auto remote = remote_config{};
  remote.port = static_cast<std::uint16_t>(std::stoi(argv[1]));
  remote.token_file = argv[2];
  remote.lease_ttl = std::chrono::milliseconds{std::stoi(argv[4])};
  remote.heartbeat = remote.lease_ttl / 5;
  system_config config{remote};
  caf::actor_system sys{config};
  auto manager = spawn_manager(
    sys, std::make_shared<backend_registry>(backend_registry::with_defaults()));
  if (!add_pool(sys, manager, argv[3]))
    return 1;
  auto options = gate_options{};
  options.remote = remote;
  auto gate = publish_gate(sys, manager, options);
  if (!gate) {
    std::cerr << to_string(gate.error()) << std::endl;
    return 1;
  }
  gate->let_in();
  std::cout << "ready " << gate->port() << std::endl;
  std::string line;
  while (std::getline(std::cin, line))
    ;
  gate->stop("stdin was closed");
  caf::scoped_actor self{sys};
  ask(self.ptr(), manager, 1min, drain_all{1s})
    .receive([](const accepted&) {}, [](const caf::error&) {});
  caf::anon_send_exit(manager, caf::exit_reason::user_shutdown);
  return 0;
}
