// A node whose backend never comes back from a statement, whatever is done to
// its connection: stuck_node CONFIGURATION. Its pools say backend = "stuck".

#include "caf_pool/node/node.hpp"

#include <iostream>
#include <memory>
#include <thread>
#include <utility>

using namespace caf_pool;

namespace {

class stuck_connection : public connection {
public:
  result<void> probe(time_point) override {
    return {};
  }

  result<void> reset(reset_policy, time_point) override {
    return {};
  }

  result<sql_result> execute(const sql_statement&, time_point) override {
    std::cout << "stuck" << std::endl;
    for (;;)
      std::this_thread::sleep_for(std::chrono::hours{1});
  }

  trace state() const noexcept override {
    return trace::clean;
  }

  void abort() noexcept override {
    // nop
  }

  void close(time_point) noexcept override {
    // nop
  }

  void* native_handle() noexcept override {
    return this;
  }
};

class stuck_backend : public backend {
public:
  result<connection_ptr> open(time_point) override {
    return connection_ptr{std::make_unique<stuck_connection>()};
  }

  std::string_view kind() const noexcept override {
    return "stuck";
  }

  std::string describe() const override {
    return "a backend that does not come back";
  }
};

backend_info stuck_info() {
  auto info = backend_info{};
  info.name = "stuck";
  info.make = [](const pool_config&) -> result<backend_ptr> {
    return backend_ptr{std::make_shared<stuck_backend>()};
  };
  return info;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return 64;
  auto known = backend_registry::with_defaults();
  known.add(stuck_info());
  auto source = config_source{};
  source.location = argv[1];
  source.environment = current_environment();
  auto config = load(source, known);
  if (!config) {
    std::cerr << to_string(config.error()) << '\n';
    return 78;
  }
  auto running = node::start(*std::move(config), std::move(source), known);
  if (!running) {
    std::cerr << to_string(running.error()) << '\n';
    return 1;
  }
  std::cout << (*running)->readiness_line() << std::endl;
  return (*running)->serve();
}
