#include "support/private_postgres.hpp"

#include "support/bare_login.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/process.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <pwd.h>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace caf_pool::test {

namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;

// Returns the programs of the newest installed version.
fs::path find_programs() {
  fs::path best;
  int best_version = 0;
  std::error_code ec;
  for (auto& entry : fs::directory_iterator{"/usr/lib/postgresql", ec}) {
    auto version = std::atoi(entry.path().filename().c_str());
    if (version > best_version && fs::exists(entry.path() / "bin/initdb")) {
      best_version = version;
      best = entry.path() / "bin";
    }
  }
  if (best.empty())
    throw std::runtime_error{
      "no PostgreSQL server found below "
      "/usr/lib/postgresql: install postgresql"};
  return best;
}

// PostgreSQL refuses to run as root; Debian's package brings a user for it.
struct owner {
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;

  owner() {
    if (::geteuid() != 0)
      return;
    auto* entry = ::getpwnam("postgres");
    if (entry == nullptr)
      throw std::runtime_error{"no user \"postgres\" to run the server"};
    uid = entry->pw_uid;
    gid = entry->pw_gid;
  }

  process_options options(std::vector<std::string> command) const {
    process_options result;
    result.command = std::move(command);
    // PG* of whoever runs the tests must not lead to another server.
    for (auto* key : {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGDATA",
                      "PGOPTIONS", "PGSERVICE", "PGPASSWORD"})
      result.environment[key] = "";
    result.environment["LC_ALL"] = "C";
    result.directory = "/";
    result.uid = uid;
    result.gid = gid;
    return result;
  }

  void give(const fs::path& path) const {
    if (uid && ::chown(path.c_str(), *uid, *gid) != 0)
      throw std::system_error{errno, std::generic_category(), "chown"};
  }
};

/// Making a server is much work for a machine that is busy.
constexpr auto server_patience = 5min;

std::string run_or_throw(process_options options, std::string_view input = {}) {
  auto name = fs::path{options.command.at(0)}.filename().string();
  auto result = run(std::move(options), input, server_patience);
  if (result.status != 0)
    throw std::runtime_error{name + " failed: " + result.err + result.out};
  return result.out;
}

fs::path make_directory() {
  std::string name = (fs::temp_directory_path() / "caf_pool_pg.XXXXXX");
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  return name;
}

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream out{path, std::ios::trunc};
  out << text;
  if (!out.flush())
    throw std::runtime_error{"cannot write " + path.string()};
}

std::string read_file(const fs::path& path) {
  std::ifstream in{path};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Clears up if the test's process ends without destructors: waits for the end
// of its stdin, whose other end only that process has.
constexpr const char* watcher_script = R"(
cat > /dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
if [ -n "$pid" ]; then
  for p in /proc/[0-9]*/stat; do
    set -- "$1" $(sed 's/.*) //' "$p" 2> /dev/null)
    if [ "$3" = "$pid" ]; then n=${p#/proc/}; kill -KILL "${n%/stat}"; fi
  done
  kill -KILL "$pid"
fi
rm -rf "$1"
)";

} // namespace

// -- implementation -----------------------------------------------------------

struct private_postgres::impl {
  private_postgres_options options;
  fs::path programs = find_programs();
  owner user;
  fs::path dir = make_directory();
  std::uint16_t port = free_port();
  std::optional<process> watcher;
  std::optional<process> server;

  explicit impl(private_postgres_options x) : options(std::move(x)) {
    // nop
  }

  fs::path data() const {
    return dir / "data";
  }

  void initialize();
  void write_settings();
  void write_rules(const std::vector<std::string>& rules);
  void make_certificates();
  void start();
  bool ready() const;
};

void private_postgres::impl::initialize() {
  fs::permissions(dir, fs::perms::owner_all | fs::perms::group_exec
                         | fs::perms::others_exec);
  user.give(dir);
  watcher.emplace(process_options{
    .command = {"sh", "-c", watcher_script, "watcher", dir.string()},
    .environment = {},
    .directory = "/",
    .uid = {},
    .gid = {},
    .own_session = true,
    .detached = true});
  run_or_throw(user.options({programs / "initdb", "-D", data(), "-U",
                             "postgres", "-A", "trust", "-E", "UTF8",
                             "--locale=C", "--no-sync", "--no-instructions"}));
  if (options.tls)
    make_certificates();
  write_settings();
  write_rules({"host all guarded 127.0.0.1/32 scram-sha-256",
               "host all all 127.0.0.1/32 trust"});
}

void private_postgres::impl::write_settings() {
  std::ostringstream out;
  out << "listen_addresses = '127.0.0.1'\n"
      << "port = " << port << '\n'
      << "unix_socket_directories = '" << dir.string() << "'\n"
      << "max_connections = " << options.max_connections << '\n'
      << "superuser_reserved_connections = 3\n"
      << "shared_buffers = 32MB\n"
      << "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
      << "autovacuum = off\n"
      << "password_encryption = 'scram-sha-256'\n"
      << "log_destination = 'stderr'\nlogging_collector = off\n";
  if (options.tls)
    out << "ssl = on\nssl_cert_file = '" << (dir / "server.crt").string()
        << "'\nssl_key_file = '" << (dir / "server.key").string() << "'\n";
  for (auto& line : options.settings)
    out << line << '\n';
  write_file(data() / "postgresql.auto.conf", out.str());
  user.give(data() / "postgresql.auto.conf");
}

void private_postgres::impl::write_rules(
  const std::vector<std::string>& rules) {
  std::string text = "local all all trust\n";
  for (auto& rule : rules)
    text += rule + '\n';
  write_file(data() / "pg_hba.conf", text);
  user.give(data() / "pg_hba.conf");
}

void private_postgres::impl::make_certificates() {
  auto openssl = [this](std::vector<std::string> args) {
    args.insert(args.begin(), "openssl");
    auto opts = user.options(std::move(args));
    opts.directory = dir;
    run_or_throw(std::move(opts));
  };
  for (std::string name : {"ca", "other_ca"})
    openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=" + name, "-keyout", name + ".key", "-out",
             name + ".crt"});
  openssl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
           "-keyout", "server.key", "-out", "server.csr"});
  openssl({"x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey",
           "ca.key", "-CAcreateserial", "-days", "2", "-out", "server.crt"});
  fs::permissions(dir / "server.key", fs::perms::owner_read);
}

void private_postgres::impl::start() {
  // A detached postmaster that the watcher ends: not bound to this thread.
  auto opts = user.options({"sh", "-c", "exec \"$0\" -D \"$1\" 2>> \"$2\"",
                            programs / "postgres", data(), dir / "log"});
  opts.own_session = true;
  opts.detached = true;
  server.emplace(std::move(opts));
  if (!eventually([this] { return ready() || !server->running(); },
                  server_patience)
      || !server->running())
    throw std::runtime_error{"PostgreSQL did not start: "
                             + read_file(dir / "log")};
}

// The eighth line of the lock file says so, as for pg_ctl.
bool private_postgres::impl::ready() const {
  std::ifstream in{data() / "postmaster.pid"};
  std::string line;
  std::string first;
  for (int i = 0; i < 8 && std::getline(in, line); ++i)
    if (i == 0)
      first = line;
  return first == std::to_string(server->pid()) && line.starts_with("ready");
}

// -- private_postgres ---------------------------------------------------------

private_postgres& private_postgres::shared() {
  static private_postgres instance;
  return instance;
}

private_postgres::private_postgres(private_postgres_options options)
  : impl_(std::make_unique<impl>(std::move(options))) {
  impl_->initialize();
  impl_->start();
  query("CREATE ROLE app LOGIN", "postgres");
  query("CREATE ROLE guarded LOGIN PASSWORD '" + std::string{guarded_password}
          + '\'',
        "postgres");
  query("CREATE DATABASE app OWNER app", "postgres");
}

private_postgres::~private_postgres() {
  // The watcher removes the directory.
  if (running())
    kill9();
}

std::string private_postgres::socket_dir() const {
  return impl_->dir;
}

std::uint16_t private_postgres::port() const noexcept {
  return impl_->port;
}

std::string private_postgres::conninfo(std::string_view user,
                                       std::string_view database) const {
  std::ostringstream out;
  out << "host=" << socket_dir() << " port=" << port() << " user=" << user
      << " dbname=" << database;
  return out.str();
}

tls_files private_postgres::tls() const {
  return {impl_->dir / "ca.crt", impl_->dir / "other_ca.crt"};
}

std::string private_postgres::log() const {
  return read_file(impl_->dir / "log");
}

void private_postgres::start() {
  impl_->start();
}

void private_postgres::stop() {
  // SIGINT is a "fast" shutdown: it ends the sessions and writes a checkpoint.
  impl_->server->signal(SIGINT);
  if (!impl_->server->wait(server_patience))
    throw std::runtime_error{"PostgreSQL did not stop"};
}

void private_postgres::kill9() {
  kill_with_children(*impl_->server);
}

void private_postgres::restart() {
  stop();
  start();
}

void private_postgres::freeze() {
  // The postmaster first: it makes new processes.
  for (auto pid : with_children(*impl_->server))
    stop_process(pid);
  for (auto pid : with_children(*impl_->server))
    stop_process(pid);
}

void private_postgres::thaw() {
  for (auto pid : with_children(*impl_->server))
    ::kill(pid, SIGCONT);
}

bool private_postgres::running() const {
  return impl_->server && impl_->server->running();
}

std::string private_postgres::query(std::string_view sql,
                                    std::string_view database) const {
  auto opts = impl_->user.options(
    {impl_->programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
     "-h", socket_dir(), "-p", std::to_string(port()), "-U", "postgres", "-d",
     std::string{database}, "-f", "-"});
  auto text = run_or_throw(std::move(opts), sql);
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

std::size_t private_postgres::terminate_backends(std::string_view where) const {
  auto text = query(
    "SELECT count(pg_terminate_backend(pid, 10000)) FROM "
    "pg_stat_activity WHERE usename IN ('app', 'guarded') AND ("
    + std::string{where} + ')');
  return std::stoul(text);
}

void private_postgres::set_tcp_rules(const std::vector<std::string>& rules) {
  // A new session inherits the time from the postmaster, which reads the rules
  // when the signal arrives.
  auto loaded = [this] { return query("SELECT pg_conf_load_time()"); };
  auto before = loaded();
  impl_->write_rules(rules);
  query("SELECT pg_reload_conf()");
  if (!eventually([&] { return loaded() != before; }))
    throw std::runtime_error{"PostgreSQL did not reload its rules"};
}

std::shared_ptr<void> private_postgres::exhaust_connections(
  std::size_t limit) const {
  auto clients = std::make_shared<std::vector<bare_login>>();
  while (clients->size() < limit) {
    bare_login client{socket_dir(), port(), "app", "app"};
    if (!client.accepted())
      return clients;
    clients->push_back(std::move(client));
  }
  throw std::runtime_error{"PostgreSQL still takes connections"};
}

} // namespace caf_pool::test
