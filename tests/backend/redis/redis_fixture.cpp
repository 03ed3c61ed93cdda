#include "redis_fixture.hpp"

#include <sstream>

namespace caf_pool::test {

time_point soon() {
  return clock::now() + patience;
}

pool_config redis_config(std::uint16_t port) {
  auto result = pool_config{};
  result.backend = "redis";
  set_redis_defaults(result);
  result.options = {{"host", "127.0.0.1"}, {"port", std::to_string(port)}};
  return result;
}

pool_config redis_config(const private_redis& server) {
  return redis_config(server.port());
}

pool_config redis_tls_config(const private_redis& server) {
  auto result = redis_config(server.tls_port());
  result.options["tls"] = "true";
  result.options["tls_ca"] = server.tls().ca.string();
  result.options["tls_server_name"] = "localhost";
  return result;
}

backend_ptr redis_backend_of(const pool_config& config) {
  return make_redis(config).value();
}

result<connection_ptr> try_redis(const pool_config& config,
                                 time_point deadline) {
  return redis_backend_of(config)->open(deadline);
}

std::unique_ptr<redis_connection> open_redis(const pool_config& config) {
  auto conn = try_redis(config).value();
  return std::unique_ptr<redis_connection>{
    &dynamic_cast<redis_connection&>(*conn.release())};
}

result<redis_value> reply_of(connection& conn, redis_command command,
                             time_point deadline) {
  auto done = conn.run(work{std::move(command)}, deadline);
  if (!done)
    return done.error();
  return std::move(done->replies().items.at(0));
}

std::string text_of(connection& conn, redis_command command) {
  auto reply = reply_of(conn, std::move(command));
  return reply ? to_string(*reply) : outcome_of(reply);
}

namespace {

result<redis_replies> run_all(connection& conn, redis_commands commands,
                              time_point deadline) {
  auto done = conn.run(work{std::move(commands)}, deadline);
  if (!done)
    return done.error();
  return std::move(done->replies());
}

} // namespace

result<redis_replies> pipeline(connection& conn,
                               std::vector<redis_command> commands,
                               time_point deadline) {
  return run_all(conn, {std::move(commands), redis_commands::form::pipeline},
                 deadline);
}

result<redis_replies> transaction(connection& conn,
                                  std::vector<redis_command> commands,
                                  time_point deadline) {
  return run_all(conn, {std::move(commands), redis_commands::form::transaction},
                 deadline);
}

std::string outcome_of(const error& why) {
  auto result = std::string{to_string(why.code)};
  return why.state.empty() ? result : result + " (" + why.state + ')';
}

std::string session_of(connection& conn) {
  auto told = reply_of(conn, redis_command{"CLIENT", "INFO"});
  if (!told)
    return outcome_of(told);
  auto result = std::string{};
  auto fields = std::istringstream{std::string{told->text().value_or("")}};
  for (auto field = std::string{}; fields >> field;)
    for (auto* key :
         {"name=", "flags=", "db=", "sub=", "psub=", "ssub=", "multi=",
          "watch=", "user=", "redir=", "resp=", "lib-name=", "lib-ver="})
      if (field.starts_with(key))
        result += field + ' ';
  auto tracking = reply_of(conn, redis_command{"CLIENT", "TRACKINGINFO"});
  return result + (tracking ? to_string(*tracking) : outcome_of(tracking));
}

} // namespace caf_pool::test
