#include "caf_pool/core/random.hpp"

#include "redis_fixture.hpp"
#include "support/chaos_proxy.hpp"
#include "support/free_port.hpp"
#include "support/rounds.hpp"

#include <chrono>
#include <future>
#include <stop_token>
#include <thread>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using namespace std::chrono_literals;

using command = redis_command;

pool_config with_login(pool_config config, std::string user,
                       std::string password) {
  if (!user.empty())
    config.options["user"] = std::move(user);
  config.password = secret{std::move(password)};
  return config;
}

std::string login_of(const pool_config& config, time_point deadline = soon()) {
  return outcome_of(try_redis(config, deadline));
}

/// Writes a snapshot that takes a restarted server some seconds to read.
void write_slow_snapshot(const private_redis& server) {
  server.query({"DEBUG", "POPULATE", "400", "key", "2000"});
  server.query({"SAVE"});
}

private_redis_options slow_loading() {
  private_redis_options result;
  result.settings
    = {"key-load-delay 10000", "loading-process-events-interval-bytes 1024"};
  return result;
}

} // namespace

TEST_CASE("a login tells a wrong password from a missing one") {
  NEED_REDIS();
  private_redis_options options;
  options.password = "right";
  private_redis server{options};
  auto config = redis_config(server);
  CHECK(login_of(config) == "open_refused (NOAUTH)");
  auto missing = try_redis(config);
  CHECK_THAT(missing.error().message, ContainsSubstring("password_file"));
  auto wrong = try_redis(with_login(config, "", "wrong"));
  CHECK(outcome_of(wrong) == "open_refused (WRONGPASS)");
  CHECK_THAT(wrong.error().message, ContainsSubstring("check user"));
  CHECK_THAT(wrong.error().message, !ContainsSubstring("wrong\""));
  CHECK(login_of(with_login(config, "", "right")) == "none");
  CHECK(login_of(with_login(config, "default", "right")) == "none");
  CHECK(login_of(with_login(config, "ann", "right"))
        == "open_refused (WRONGPASS)");
}

TEST_CASE("a login is that of a user, and needs few rights") {
  NEED_REDIS();
  private_redis server;
  server.query({"ACL", "SETUSER", "ann", "on", ">pw", "~*", "+get"});
  server.query({"ACL", "SETUSER", "off", "off", ">pw", "~*", "+@all"});
  auto config = redis_config(server);
  auto conn = open_redis(with_login(config, "ann", "pw"));
  CHECK(text_of(*conn, command{"GET", "a"}) == "(nil)");
  CHECK(text_of(*conn, command{"SET", "a", 1}) == "forbidden (NOPERM)");
  CHECK(conn->probe(soon()));
  CHECK(conn->state() == trace::clean);
  CHECK(login_of(with_login(config, "off", "pw"))
        == "open_refused (WRONGPASS)");
  CHECK(login_of(with_login(config, "nobody", "pw"))
        == "open_refused (WRONGPASS)");
  config.options["database"] = "1";
  CHECK(login_of(with_login(config, "ann", "pw")) == "open_refused (NOPERM)");
}

TEST_CASE("a login chooses database and name, or says why not") {
  NEED_REDIS();
  auto& server = private_redis::shared();
  auto config = redis_config(server);
  config.options["database"] = "15";
  config.options["client_name"] = "a name\nof \xc3\xa4";
  auto conn = open_redis(config);
  CHECK_THAT(session_of(*conn), ContainsSubstring("db=15"));
  CHECK_THAT(session_of(*conn), ContainsSubstring("name=a_name_of___"));
  CHECK(conn->greeting().role == "master");
  CHECK(conn->greeting().id > 0);
  CHECK_FALSE(conn->greeting().version.empty());
  config.options["database"] = "16";
  auto beyond = try_redis(config);
  CHECK(outcome_of(beyond) == "open_refused (ERR)");
  CHECK_THAT(beyond.error().message, ContainsSubstring("database 16"));
}

TEST_CASE("a server without room for clients may have some later") {
  NEED_REDIS();
  private_redis_options options;
  options.max_clients = 20;
  private_redis server{options};
  auto backend = redis_backend_of(redis_config(server));
  {
    auto all = server.exhaust_connections();
    // The server hangs up, and its last words may get lost with that.
    auto conn = backend->open(soon());
    REQUIRE_FALSE(conn);
    CHECK(conn.error().code == errc::open_failed);
    CHECK(
      outcome_of(backend->reachable(soon())).starts_with("connection_lost"));
  }
  CHECK(eventually([&] { return backend->open(soon()).has_value(); }));
  CHECK(backend->reachable(soon()));
}

TEST_CASE("a server that loads its data is not ready, and is so later") {
  NEED_REDIS();
  private_redis server{slow_loading()};
  write_slow_snapshot(server);
  server.kill9();
  server.start();
  auto backend = redis_backend_of(redis_config(server));
  auto conn = backend->open(soon());
  CHECK(outcome_of(conn) == "open_failed (LOADING)");
  CHECK_THAT(conn.error().message, ContainsSubstring("loads its data"));
  CHECK(outcome_of(backend->reachable(soon())) == "connection_lost (LOADING)");
  server.query({"CONFIG", "SET", "key-load-delay", "0"});
  CHECK(eventually([&] { return backend->open(soon()).has_value(); }));
}

TEST_CASE("a probe does not mind that the server is loading") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  server.query({"DEBUG", "POPULATE", "400", "key", "2000"});
  server.query({"CONFIG", "SET", "key-load-delay", "10000"});
  server.query(
    {"CONFIG", "SET", "loading-process-events-interval-bytes", "1024"});
  auto reload = std::async(std::launch::async, [&] {
    return server.query({"DEBUG", "RELOAD"});
  });
  CHECK(eventually([&] {
    return text_of(*conn, command{"GET", "a"}) == "server_unready (LOADING)";
  }));
  CHECK(conn->probe(soon()));
  CHECK(conn->state() == trace::clean);
  server.query({"CONFIG", "SET", "key-load-delay", "0"});
  CHECK(reload.get() == "OK");
}

TEST_CASE("where no server answers, an opening says how") {
  NEED_REDIS();
  auto& server = private_redis::shared();
  auto nobody = redis_backend_of(redis_config(free_port()));
  CHECK(outcome_of(nobody->open(soon())) == "open_failed");
  CHECK(outcome_of(nobody->reachable(soon())) == "open_failed");
  chaos_proxy net{server.port()};
  auto silent = redis_backend_of(redis_config(net.port()));
  for (auto mode : {chaos_proxy::mode::blackhole, chaos_proxy::mode::stall}) {
    net.set(mode);
    CHECK(outcome_of(silent->open(clock::now() + 100ms)) == "open_timeout");
    CHECK(outcome_of(silent->reachable(clock::now() + 100ms))
          == "open_timeout");
  }
  net.set(chaos_proxy::mode::pass);
  CHECK(eventually([&] { return silent->open(soon()).has_value(); }));
  CHECK(silent->reachable(soon()));
  auto past = clock::now() - 1s;
  CHECK(outcome_of(silent->open(past)) == "open_timeout");
}

TEST_CASE("a login that is cut anywhere is an error, and no connection") {
  NEED_REDIS();
  auto& server = private_redis::shared();
  for (std::size_t at = 0; at < 100; at += 3)
    for (auto direction : {chaos_proxy::direction::to_client,
                           chaos_proxy::direction::to_server}) {
      chaos_proxy net{server.port()};
      net.cut_after(direction, at);
      CHECK(login_of(redis_config(net.port())) == "open_failed");
    }
}

TEST_CASE("a unix socket is a place for a server") {
  NEED_REDIS();
  auto& server = private_redis::shared();
  auto config = redis_config(0);
  config.options = {{"path", server.socket_path()}};
  CHECK(text_of(*open_redis(config), command{"PING"}) == "PONG");
  CHECK(redis_backend_of(config)->reachable(soon()));
  CHECK_THAT(redis_backend_of(config)->describe(),
             ContainsSubstring(server.socket_path()));
  config.options["path"] += ".other";
  CHECK(login_of(config) == "open_failed");
  CHECK(outcome_of(redis_backend_of(config)->reachable(soon()))
        == "open_failed");
}

TEST_CASE("a login by TLS trusts whom it is told to") {
  NEED_REDIS();
  private_redis_options options;
  options.tls = true;
  private_redis server{options};
  auto config = redis_tls_config(server);
  CHECK(text_of(*open_redis(config), command{"PING"}) == "PONG");
  auto with = [&](const char* key, std::string value) {
    auto other = config;
    other.options[key] = std::move(value);
    return other;
  };
  auto other_ca = server.tls().other_ca.string();
  CHECK(login_of(with("tls_ca", other_ca)) == "open_refused");
  CHECK(login_of(with("tls_server_name", "example.org")) == "open_refused");
  auto unchecked = with("tls_verify", "false");
  unchecked.options["tls_ca"] = other_ca;
  CHECK(login_of(unchecked).starts_with("none"));
  server.query(
    {"CONFIG", "SET", "tls-cert-file", server.tls().expired.string()});
  auto expired = try_redis(config);
  CHECK(outcome_of(expired) == "open_refused");
  CHECK_THAT(expired.error().message, ContainsSubstring("expired"));
}

TEST_CASE("a server may ask for the client's certificate") {
  NEED_REDIS();
  private_redis_options options;
  options.tls = true;
  options.tls_auth_clients = true;
  private_redis server{options};
  auto config = redis_tls_config(server);
  auto without = try_redis(config);
  REQUIRE_FALSE(without);
  INFO(to_string(without.error()));
  CHECK(outcome_of(without) == "open_refused");
  config.options["tls_cert"] = server.tls().client.string();
  config.options["tls_key"] = server.tls().client_key.string();
  CHECK(text_of(*open_redis(config), command{"PING"}) == "PONG");
}

TEST_CASE("who speaks TLS to a plain port, or the reverse, is told so") {
  NEED_REDIS();
  private_redis_options options;
  options.tls = true;
  private_redis server{options};
  auto config = redis_tls_config(server);
  config.options["port"] = std::to_string(server.port());
  auto by_tls = try_redis(config, clock::now() + 200ms);
  REQUIRE_FALSE(by_tls);
  INFO(to_string(by_tls.error()));
  CHECK((by_tls.error().code == errc::open_timeout
         || by_tls.error().code == errc::open_refused
         || by_tls.error().code == errc::open_failed));
  CHECK_THAT(by_tls.error().message, ContainsSubstring("TLS"));
  auto plain = try_redis(redis_config(server.tls_port()));
  REQUIRE_FALSE(plain);
  INFO(to_string(plain.error()));
  CHECK((plain.error().code == errc::open_failed
         || plain.error().code == errc::open_refused));
}

TEST_CASE("an opening that hangs is called off") {
  NEED_REDIS();
  auto& server = private_redis::shared();
  chaos_proxy net{server.port()};
  auto backend = redis_backend_of(redis_config(net.port()));
  for (auto mode : {chaos_proxy::mode::stall, chaos_proxy::mode::blackhole}) {
    net.set(mode);
    auto stop = std::stop_source{};
    auto conn = std::async(std::launch::async, [&] {
      return outcome_of(backend->open_unless(stop.get_token(), soon()));
    });
    CHECK(conn.wait_for(50ms) == std::future_status::timeout);
    stop.request_stop();
    CHECK(conn.get() == "cancelled");
    // One that is called off before it began.
    CHECK(outcome_of(backend->open_unless(stop.get_token(), soon()))
          == "cancelled");
  }
}

TEST_CASE("an opening called off at any moment ends one way or the other") {
  NEED_REDIS();
  auto& server = private_redis::shared();
  auto backend = redis_backend_of(redis_config(server));
  auto dice = random_source{3};
  for (auto i = rounds(1'000); i > 0; --i) {
    auto stop = std::stop_source{};
    auto pause = dice.below(20'000);
    std::thread nuisance{[&] {
      for (volatile std::uint64_t n = 0; n < pause;)
        n = n + 1;
      stop.request_stop();
    }};
    auto conn = backend->open_unless(stop.get_token(), soon());
    nuisance.join();
    if (conn)
      CHECK(text_of(**conn, command{"PING"}) == "PONG");
    else
      CHECK(conn.error().code == errc::cancelled);
  }
}

TEST_CASE("options that make no sense are refused before any opening") {
  auto config = redis_config(6379);
  auto refused = [&](std::map<std::string, std::string> options) {
    auto other = config;
    other.options = std::move(options);
    return outcome_of(make_redis(other));
  };
  CHECK(refused({}) == "none");
  CHECK(refused({{"port", "0"}}) == "config_invalid");
  CHECK(refused({{"port", "65536"}}) == "config_invalid");
  CHECK(refused({{"prot", "1"}}) == "config_invalid");
  CHECK(refused({{"database", "-1"}}) == "config_invalid");
  CHECK(refused({{"database", "x"}}) == "config_invalid");
  CHECK(refused({{"host", ""}}) == "config_invalid");
  CHECK(refused({{"host", "a"}, {"path", "/b"}}) == "config_invalid");
  CHECK(refused({{"path", "/b"}, {"tls", "true"}}) == "config_invalid");
  CHECK(refused({{"tls_ca", "/b"}}) == "config_invalid");
  CHECK(refused({{"tls", "true"}, {"tls_cert", "/b"}}) == "config_invalid");
  CHECK(refused({{"user", "ann"}}) == "config_invalid");
  CHECK(refused({{"protocol", "4"}}) == "config_invalid");
  CHECK(refused({{"pipeline_max_commands", "0"}}) == "config_invalid");
  CHECK(refused({{"pipeline_max_bytes", "1023"}}) == "config_invalid");
}
