#include "support/private_redis.hpp"

#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/process.hpp"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <stdlib.h>
#include <string_view>
#include <system_error>
#include <utility>

namespace caf_pool::test {

namespace {

namespace fs = std::filesystem;

// Name and password of the user of `query`.
constexpr const char* keeper = "fixture";

using redis_clients = std::vector<private_redis_client>;

// Returns the first of these programs that is in PATH; none is empty.
std::string first_installed(std::initializer_list<const char*> names) {
  auto* path = ::getenv("PATH");
  for (auto* name : names) {
    std::istringstream folders{path == nullptr ? "/usr/bin" : path};
    for (std::string folder; std::getline(folders, folder, ':');)
      if (fs::exists(fs::path{folder} / name))
        return fs::path{folder} / name;
  }
  return {};
}

fs::path make_redis_folder() {
  auto name = (fs::temp_directory_path() / "caf_pool_redis.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  return name;
}

bool refused_for_number(const redis_reply& reply) {
  return reply.is_error()
         && reply.text.find("max number of clients") != std::string::npos;
}

// The fields of a line of CLIENT LIST: "id=3 addr=127.0.0.1:4711 name= ...".
std::map<std::string, std::string> fields_of_client(const std::string& line) {
  std::map<std::string, std::string> result;
  std::istringstream words{line};
  for (std::string word; words >> word;) {
    auto equals = word.find('=');
    if (equals != std::string::npos)
      result[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return result;
}

// Leaves its process id in the folder, as the watcher must know it.
constexpr const char* redis_script = R"(
echo $$ > "$0/pid" && exec "$@" >> "$0/log" 2>&1
)";

// Clears up if the test's process ends without destructors: waits for the end
// of its stdin, whose other end only that process has. A server that is about
// to start finds no folder for its process id, and ends.
constexpr const char* redis_watcher_script = R"(
cat > /dev/null
mv "$1" "$1.gone"
pid=$(cat "$1.gone/pid" 2> /dev/null)
if [ -n "$pid" ]; then kill -KILL "$pid" 2> /dev/null; fi
rm -rf "$1.gone"
)";

} // namespace

// -- implementation -----------------------------------------------------------

struct private_redis::impl {
  private_redis_options options;
  fs::path folder = make_redis_folder();
  std::uint16_t port = free_port();
  std::uint16_t tls_port = 0;
  redis_tls_files tls;
  std::optional<process> watcher;
  std::optional<process> server;
  bool frozen = false;
  std::mutex mtx;
  /// Those that `exhaust_connections` holds.
  std::weak_ptr<redis_clients> holders;

  explicit impl(private_redis_options x) : options(std::move(x)) {
    // nop
  }

  std::string socket_path() const {
    return folder / "socket";
  }

  void initialize();
  void write_settings() const;
  void write_tls_settings(std::ostream& out) const;
  void start();
  bool answers() const;
  std::string log() const;
  void forget_process();
  redis_reply call_as_holder(const std::vector<std::string>& command);
};

void private_redis::impl::initialize() {
  watcher.emplace(process_options{
    .command = {"sh", "-c", redis_watcher_script, "watcher", folder.string()},
    .environment = {},
    .directory = "/",
    .uid = {},
    .gid = {},
    .own_session = true,
    .detached = true});
  if (options.tls) {
    tls_port = free_port();
    tls = write_redis_tls_files(folder);
  }
  write_settings();
}

void private_redis::impl::write_settings() const {
  std::ofstream out{folder / "redis.conf"};
  out << "port " << port << "\nbind 127.0.0.1\n"
      << "unixsocket " << socket_path() << "\nunixsocketperm 700\n"
      << "dir " << folder.string() << '\n'
      << "daemonize no\nlogfile \"\"\nenable-debug-command local\n"
      << "user " << keeper << " on >" << keeper << " ~* &* +@all\n";
  if (!options.sentinel)
    out << "save \"\"\nrepl-diskless-sync-delay 0\n"
        << "maxclients " << options.max_clients << '\n'
        << "maxmemory " << options.max_memory << '\n';
  if (!options.password.empty())
    out << "requirepass \"" << options.password << "\"\nmasterauth \""
        << options.password << "\"\n";
  if (options.tls)
    write_tls_settings(out);
  for (auto& line : options.settings)
    out << line << '\n';
  if (!out.flush())
    throw std::runtime_error{"cannot write redis.conf"};
}

void private_redis::impl::write_tls_settings(std::ostream& out) const {
  out << "tls-port " << tls_port << '\n'
      << "tls-ca-cert-file " << tls.ca.string() << '\n'
      << "tls-cert-file " << tls.server.string() << '\n'
      << "tls-key-file " << tls.server_key.string() << '\n'
      << "tls-auth-clients " << (options.tls_auth_clients ? "yes" : "no")
      << '\n';
}

void private_redis::impl::start() {
  // A detached server that the watcher ends: not bound to this thread.
  process_options opts;
  opts.command = {"sh",         "-c",
                  redis_script, folder.string(),
                  program(),    (folder / "redis.conf").string()};
  if (options.sentinel)
    opts.command.push_back("--sentinel");
  opts.environment = {{"LC_ALL", "C"}};
  opts.directory = "/";
  opts.own_session = true;
  opts.detached = true;
  frozen = false;
  server.emplace(std::move(opts));
  if (!eventually([this] { return answers() || !server->running(); })
      || !server->running())
    throw std::runtime_error{"Redis did not start: " + log()};
}

// Any reply will do: it may be loading, or ask for a password.
bool private_redis::impl::answers() const {
  try {
    private_redis_client{socket_path()}.call({"PING"});
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::string private_redis::impl::log() const {
  std::ostringstream out;
  out << std::ifstream{folder / "log"}.rdbuf();
  return out.str();
}

// The watcher must not kill who gets the same process id later.
void private_redis::impl::forget_process() {
  frozen = false;
  fs::remove(folder / "pid");
}

redis_reply private_redis::impl::call_as_holder(
  const std::vector<std::string>& command) {
  std::lock_guard guard{mtx};
  auto clients = holders.lock();
  if (!clients)
    throw std::runtime_error{"Redis has too many clients"};
  auto& client = clients->front();
  client.call({"AUTH", keeper, keeper});
  return client.call(command);
}

// -- private_redis ------------------------------------------------------------

bool private_redis::available() {
  return !first_installed({"redis-server", "valkey-server"}).empty();
}

std::string private_redis::program() {
  auto result = first_installed({"redis-server", "valkey-server"});
  if (result.empty())
    throw std::runtime_error{"no Redis server found: install redis-server"};
  return result;
}

std::string private_redis::cli_program() {
  return program().ends_with("valkey-server") ? "valkey-cli" : "redis-cli";
}

std::vector<std::string> private_redis::cli_login() {
  return {"--user", keeper, "--pass", keeper, "--no-auth-warning"};
}

private_redis& private_redis::shared() {
  static private_redis instance;
  return instance;
}

private_redis::private_redis(private_redis_options options)
  : impl_(std::make_unique<impl>(std::move(options))) {
  impl_->initialize();
  impl_->start();
}

private_redis::~private_redis() {
  kill9();
  // The watcher removes the folder.
  impl_->watcher->close_input();
  impl_->watcher->wait();
}

std::uint16_t private_redis::port() const noexcept {
  return impl_->port;
}

std::string private_redis::socket_path() const {
  return impl_->socket_path();
}

std::uint16_t private_redis::tls_port() const noexcept {
  return impl_->tls_port;
}

const redis_tls_files& private_redis::tls() const {
  return impl_->tls;
}

std::string private_redis::log() const {
  return impl_->log();
}

void private_redis::start() {
  impl_->start();
}

void private_redis::stop() {
  impl_->server->signal(SIGTERM);
  if (!impl_->server->wait())
    throw std::runtime_error{"Redis did not stop"};
  impl_->forget_process();
}

void private_redis::kill9() {
  if (!running())
    return;
  kill_with_children(*impl_->server);
  impl_->forget_process();
}

void private_redis::restart() {
  stop();
  start();
}

void private_redis::freeze() {
  impl_->frozen = true;
  // The server first: it makes new processes.
  stop_process(impl_->server->pid());
  for (auto pid : with_children(*impl_->server))
    stop_process(pid);
}

void private_redis::thaw() {
  impl_->frozen = false;
  if (!running())
    return;
  for (auto pid : with_children(*impl_->server))
    ::kill(pid, SIGCONT);
}

bool private_redis::running() const {
  return impl_->server && impl_->server->running();
}

bool private_redis::answering() const {
  return running() && !impl_->frozen;
}

redis_reply private_redis::call(const std::vector<std::string>& command) const {
  private_redis_client client{socket_path()};
  auto reply = client.call({"AUTH", keeper, keeper});
  if (refused_for_number(reply))
    reply = impl_->call_as_holder(command);
  else if (!reply.is_error())
    reply = client.call(command);
  if (reply.is_error())
    throw std::runtime_error{reply.text};
  return reply;
}

std::string private_redis::query(
  const std::vector<std::string>& command) const {
  return to_string(call(command));
}

std::vector<std::map<std::string, std::string>> private_redis::client_list()
  const {
  std::vector<std::map<std::string, std::string>> result;
  std::istringstream lines{query({"CLIENT", "LIST"})};
  for (std::string line; std::getline(lines, line);) {
    auto fields = fields_of_client(line);
    if (!fields.empty() && fields["user"] != keeper)
      result.push_back(std::move(fields));
  }
  return result;
}

std::shared_ptr<void> private_redis::exhaust_connections(
  std::size_t limit) const {
  auto clients = std::make_shared<redis_clients>();
  // The server may notice late that a client before them has gone: it must
  // refuse twice, with a round of its loop in between.
  for (int refusals = 0; refusals < 2;) {
    if (clients->size() >= limit)
      throw std::runtime_error{"Redis still takes connections"};
    private_redis_client client{socket_path()};
    if (!refused_for_number(client.call({"PING"}))) {
      refusals = 0;
      clients->push_back(std::move(client));
      continue;
    }
    ++refusals;
    if (!clients->empty())
      clients->front().call({"PING"});
  }
  std::lock_guard guard{impl_->mtx};
  impl_->holders = clients;
  return clients;
}

} // namespace caf_pool::test
