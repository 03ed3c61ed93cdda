#include "caf_pool/backend/redis/redis_options.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/backend/redis/redis_compat.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace caf_pool {

namespace {

constexpr std::string_view protocol_names[] = {"auto", "2", "3"};

/// Servers have 16 databases by default, and may be told to have more.
constexpr std::uint32_t last_database = 1'000'000;
constexpr duration shortest_attempt = std::chrono::milliseconds{1};
constexpr duration longest_attempt = std::chrono::hours{24};
constexpr std::uint32_t most_blocking = 10'000;
constexpr std::uint32_t max_window_commands = 1'000'000;
constexpr std::uint32_t max_shared = 64;
constexpr std::size_t max_window_bytes = std::size_t{1} << 30;

/// A server refuses names with anything but these: blanks and line ends would
/// break its lists.
std::string cleaned(std::string name) {
  std::replace_if(
    name.begin(), name.end(), [](char c) { return c < '!' || c > '~'; }, '_');
  return name;
}

void read_tls(option_reader& in, const pool_config& config,
              redis_options& out) {
  out.tls = in.flag("tls");
  auto& files = out.certificates;
  files.ca_file = in.text("tls_ca");
  files.cert_file = in.text("tls_cert");
  files.key_file = in.text("tls_key");
  files.server_name = in.text("tls_server_name");
  files.verify = in.flag("tls_verify");
  if (out.tls && !out.where.path.empty())
    in.refuse("tls", "a unix socket needs no TLS");
  if (files.cert_file.empty() != files.key_file.empty())
    in.refuse(files.cert_file.empty() ? "tls_cert" : "tls_key",
              "a client's certificate and its key are needed both");
  if (out.tls)
    return;
  for (auto* key :
       {"tls_ca", "tls_cert", "tls_key", "tls_server_name", "tls_verify"})
    if (config.options.count(key) != 0)
      in.refuse(key, "has no effect without tls = true");
}

void read_where(option_reader& in, const pool_config& config,
                redis_options& out) {
  auto& where = out.where;
  where.host = in.text("host");
  where.port = in.number<std::uint16_t>("port", 1, 65535);
  where.path = in.text("path");
  where.keep_alive = in.flag("tcp_keepalive");
  if (where.path.empty() && where.host.empty())
    in.refuse("host", "must name the server; or set path for a unix socket");
  if (!where.path.empty() && config.options.count("host") != 0)
    in.refuse("path", "host names another server; keep one of the two");
}

/// Says why options of a cluster do not suit a server.
void refuse_cluster(option_reader& in, const pool_config& config) {
  if (in.flag("cluster"))
    in.refuse("cluster", "a program asks for a cluster by redis_cluster(url)");
  for (auto* key : {"endpoints", "cluster_split"})
    if (config.options.count(key) != 0)
      in.refuse(key, "has no effect without cluster = true");
}

void read_sharing(option_reader& in, const pool_config& config,
                  redis_options& out) {
  auto wanted = in.text("shared_connections");
  auto count = parse_number<std::uint32_t>(wanted);
  if (wanted == "auto")
    out.shared_connections = config.max_size < 4 ? 1 : 2;
  else if (count && *count <= max_shared)
    out.shared_connections = *count;
  else
    in.refuse("shared_connections",
              "must be auto or from 0 to " + std::to_string(max_shared));
  if (!in.flag("multiplexed"))
    out.shared_connections = 0;
  out.max_in_flight
    = in.number<std::uint32_t>("max_in_flight", 1, max_window_commands);
}

using option_rows = std::vector<backend_option>;

/// Where the server is, and how to log in.
option_rows rows_of_place() {
  return {
    {"host", "localhost", "Name or address of the server."},
    {"port", "6379", "TCP port."},
    {"path", "", "The server's unix socket, instead of host and port."},
    {"cluster", "false",
     "The server is a node of a cluster; the pool serves all of its nodes."},
    {"endpoints", "",
     "Nodes of the cluster to ask first, such as \"h1:7000, h2:7001\"; empty "
     "means host and port."},
    {"cluster_split", "false",
     "Cut MGET, MSET, DEL, UNLINK, EXISTS and TOUCH by slot; they are not "
     "atomic then."},
    {"database", "0", "Number of the database."},
    {"user", "", "User to log in as (ACL); empty means default."},
    {"client_name", "",
     "Shown in CLIENT LIST; empty means caf_pool/ and the pool's name."},
    {"protocol", "auto",
     "Version of RESP: 2, 3, or auto for the newest that the client library "
     "reads."},
    {"tcp_keepalive",
     "true",
     "Notice after some 25 seconds of silence that the server's machine is "
     "gone.",
     {"socket_keepalive"}},
    {"tls", "false", "Encrypt the connection (TLS 1.2 or newer)."},
    {"tls_ca", "",
     "File with the authorities that may sign the server's certificate; empty "
     "means the system's."},
    {"tls_cert", "", "File with the client's certificate; empty means none."},
    {"tls_key", "", "File with the client's key; empty means none."},
    {"tls_server_name", "",
     "Name that the server's certificate must have; empty means the host."},
    {"tls_verify", "true",
     "Check the server's certificate; false lets anybody read along."},
  };
}

/// How calls are carried out.
option_rows rows_of_calls() {
  return {
    {"retry_on_timeout", "true",
     "Try once more, on another connection, what was lost with its own and "
     "only reads, was not sent, or was said to be idempotent."},
    {"attempt_timeout", "1s",
     "How long the first try of what may be tried again takes at most; never "
     "more than half of what its caller allows."},
    {"pipeline_max_commands", "1000",
     "How many commands of a pipeline may wait for their replies at once."},
    {"pipeline_max_bytes", "1048576",
     "How many bytes of requests may be under way at once."},
    {"blocking", "false",
     "Take commands that block (BLPOP, XREAD with BLOCK, WAIT), and none that "
     "change the session; execute_timeout bounds how long they wait."},
    {"blocking_connections", "8",
     "How many connections a pool in a program opens beside its own, on "
     "demand, for commands that block; 0 means none."},
    {"multiplexed", "true",
     "In a program: when there are more callers than connections, commands that "
     "leave nothing behind go together over few shared ones."},
    {"shared_connections", "auto",
     "How many connections are shared: a number, 0 for none, or auto for 2, or "
     "1 below a max_size of 4."},
    {"max_in_flight", "1000",
     "How many commands may be under way on a shared connection."},
  };
}

} // namespace

std::span<const std::string_view> names_of(redis_protocol) {
  return protocol_names;
}

std::vector<backend_option> redis_option_table() {
  auto all = rows_of_place();
  auto calls = rows_of_calls();
  all.insert(all.end(), std::make_move_iterator(calls.begin()),
             std::make_move_iterator(calls.end()));
  return all;
}

std::string redis_options::place() const {
  return where.path.empty() ? where.host + ':' + std::to_string(where.port)
                            : where.path;
}

redis_options redis_options::from(const pool_config& config,
                                  std::vector<config_problem>& problems) {
  auto result = redis_options{};
  option_reader in{config, redis_option_table(), problems};
  read_where(in, config, result);
  read_tls(in, config, result);
  refuse_cluster(in, config);
  result.user = in.text("user");
  result.password = config.password;
  if (!result.user.empty() && result.password.empty())
    in.refuse("user",
              "needs a password; set the pool's password or "
              "password_file");
  result.database = in.number<std::uint32_t>("database", 0, last_database);
  result.client_name = in.text("client_name");
  if (result.client_name.empty())
    result.client_name = "caf_pool/" + config.name;
  result.client_name = cleaned(std::move(result.client_name));
  result.protocol = in.choice<redis_protocol>("protocol");
  if (result.protocol == redis_protocol::resp3 && !redis_reads_resp3)
    in.refuse("protocol",
              "this build's hiredis reads RESP2 only; write auto, "
              "or build with hiredis 1.0 or newer");
  result.window.commands
    = in.number<std::size_t>("pipeline_max_commands", 1, max_window_commands);
  result.window.bytes
    = in.number<std::size_t>("pipeline_max_bytes", 1024, max_window_bytes);
  result.retry_on_timeout = in.flag("retry_on_timeout");
  result.attempt_timeout
    = in.time("attempt_timeout", shortest_attempt, longest_attempt);
  if (result.attempt_timeout == duration::zero())
    in.refuse(
      "attempt_timeout",
      "must be a time; write retry_on_timeout = false to try only once");
  result.blocking = in.flag("blocking");
  result.blocking_connections
    = in.number<std::uint32_t>("blocking_connections", 0, most_blocking);
  read_sharing(in, config, result);
  if (result.blocking)
    result.shared_connections = 0; // each command has its connection alone
  result.max_result_bytes = config.max_result_bytes;
  return result;
}

} // namespace caf_pool
