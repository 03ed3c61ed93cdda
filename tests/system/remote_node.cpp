#include "remote_node.hpp"

#include "caf_pool/backend/sqlite/sqlite.hpp"
#include "caf_pool/remote/setup.hpp"

#include "support/chaos_proxy.hpp"
#include "support/eventually.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace caf_pool::test {

using namespace std::chrono_literals;

namespace {

std::string make_folder() {
  auto pattern
    = (std::filesystem::temp_directory_path() / "remote_node_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"no temporary folder"};
  return pattern;
}

struct node_system_config : caf::actor_system_config {
  explicit node_system_config(const link_options& link) {
    configure_pools(*this);
    configure_gate(*this, link);
  }
};

void write_tokens(const std::string& path) {
  std::ofstream out{path};
  out << "reader read " << reader_token << '\n'
      << "user use " << user_token << '\n'
      << "operator operate " << operator_token << '\n';
  out.close();
  std::filesystem::permissions(path, std::filesystem::perms::owner_read
                                       | std::filesystem::perms::owner_write);
}

} // namespace

struct remote_node::impl {
  impl(const remote_config& remote, const link_options& how)
    : link(how), config(how), system(config) {
    manager = spawn_manager(system, std::make_shared<backend_registry>(
                                      backend_registry::with_defaults()));
    auto options = gate_options{};
    options.remote = remote;
    options.node_name = "test-node";
    if (options.remote.token_file.empty()) {
      options.remote.token_file = folder + "/tokens";
      write_tokens(options.remote.token_file);
    }
    gate = std::make_unique<published_gate>(
      publish_gate(system, manager, options).value());
    gate->let_in();
  }

  ~impl() {
    gate->stop("the test is over");
    {
      caf::scoped_actor self{system};
      ask(self.ptr(), manager, patience, drain_all{0s})
        .receive([](const accepted&) {}, [](const caf::error&) {});
    }
    caf::anon_send_exit(manager, caf::exit_reason::user_shutdown);
    manager = nullptr;
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  template <class T, class Handle, class Message>
  T ask_for(const Handle& whom, Message x) {
    caf::scoped_actor self{system};
    std::optional<T> result;
    error problem;
    ask(self.ptr(), whom, patience, std::move(x))
      .receive([&result](T& y) { result = std::move(y); },
               [&problem](caf::error& why) { problem = from_caf(why); });
    if (!result)
      throw pool_error{problem};
    return *std::move(result);
  }

  std::string folder = make_folder();
  link_options link;
  node_system_config config;
  caf::actor_system system;
  manager_handle manager;
  std::unique_ptr<published_gate> gate;
};

remote_node::remote_node(remote_config remote, link_options link)
  : impl_(std::make_unique<impl>(remote, link)) {
  // nop
}

remote_node::~remote_node() = default;

remote_config remote_node::patient() {
  auto result = remote_config{};
  result.port = 0;
  result.heartbeat = 200ms;
  result.lease_ttl = 10min;
  result.login_timeout = 10min;
  return result;
}

link_options remote_node::patient_link() {
  // CAF drops a connection that is not made yet when its heartbeat is due.
  return {1min, patient().lease_ttl};
}

remote_config remote_node::quick() {
  auto result = patient();
  result.lease_ttl = 4s;
  return result;
}

link_options remote_node::quick_link() {
  return {quick().heartbeat, quick().lease_ttl};
}

void remote_node::add_pool(const pool_config& config, backend_ptr backend) {
  impl_->ask_for<pool_handle>(impl_->manager,
                              create_pool{config, std::move(backend)});
}

void remote_node::add_sqlite(const std::string& name, std::uint32_t max_size) {
  auto config = pool_config{};
  config.name = name;
  config.max_size = max_size;
  config.min_size = 0;
  config.options["path"] = impl_->folder + "/" + name + ".db";
  add_pool(config, nullptr);
}

std::uint16_t remote_node::port() const {
  return impl_->gate->port();
}

std::string remote_node::address() const {
  return "127.0.0.1:" + std::to_string(port());
}

remote_options remote_node::through(const chaos_proxy& proxy) const {
  auto result = options();
  result.address = "127.0.0.1:" + std::to_string(proxy.port());
  result.first_pause = 5ms;
  result.longest_pause = 50ms;
  return result;
}

remote_options remote_node::options(const char* token) const {
  auto result = remote_options{};
  result.address = address();
  result.token = secret{token};
  result.principal
    = std::string{token}.substr(0, result.token.reveal().find('-'));
  result.client = "test";
  result.limit = patience;
  result.connect_limit = patience;
  result.link = impl_->link;
  return result;
}

remote_client remote_node::client(const char* token) const {
  return remote_client::connect(options(token)).value();
}

published_gate& remote_node::gate() {
  return *impl_->gate;
}

gate_stats remote_node::stats() const {
  return impl_->gate->stats();
}

pool_snapshot remote_node::snapshot(const std::string& name) {
  return impl_->ask_for<pool_snapshot>(pool(name), get_snapshot{});
}

sql_result remote_node::execute(const std::string& name,
                                const std::string& sql) {
  auto what = caf_pool::execute{};
  what.what = sql;
  return impl_->ask_for<outcome>(pool(name), std::move(what)).results().at(0);
}

pool_handle remote_node::pool(const std::string& name) {
  return impl_->ask_for<pool_handle>(impl_->manager, find_pool{name});
}

const manager_handle& remote_node::manager() const {
  return impl_->manager;
}

caf::actor_system& remote_node::system() {
  return impl_->system;
}

const std::string& remote_node::folder() const {
  return impl_->folder;
}

} // namespace caf_pool::test
