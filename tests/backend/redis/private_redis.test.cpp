#include "support/private_redis.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

using namespace caf_pool::test;

namespace {

#define NEED_REDIS()                                                           \
  if (!private_redis::available())                                             \
  SKIP("redis-server is not installed")

pid_t pid_of(const private_redis& server) {
  auto info = server.query({"INFO", "server"});
  return static_cast<pid_t>(
    std::stol(info.substr(info.find("process_id:") + 11)));
}

std::filesystem::path folder_of(const private_redis& server) {
  return std::filesystem::path{server.socket_path()}.parent_path();
}

// Speaks TLS to the server as openssl does, and returns what that printed.
finished_process speak_tls(const private_redis& server,
                           std::vector<std::string> more) {
  process_options options;
  options.command
    = {"openssl",  "s_client",
       "-connect", "127.0.0.1:" + std::to_string(server.tls_port()),
       "-quiet",   "-verify_return_error"};
  options.command.insert(options.command.end(), more.begin(), more.end());
  return run(std::move(options), "PING\r\nQUIT\r\n");
}

// What a child of the tests tells of the server that it made.
struct told_server {
  pid_t pid = 0;
  char folder[200] = {};
};

// Makes a server, tells of it and stands still until it is killed.
[[noreturn]] void make_server_and_wait(int out) noexcept {
  private_redis server;
  told_server told;
  told.pid = pid_of(server);
  folder_of(server).string().copy(told.folder, sizeof(told.folder) - 1);
  if (::write(out, &told, sizeof(told)) != sizeof(told))
    ::_exit(1);
  for (;;)
    ::pause();
}

} // namespace

TEST_CASE("a private Redis answers on its socket and is gone with the object") {
  NEED_REDIS();
  pid_t pid = 0;
  std::filesystem::path folder;
  {
    private_redis server;
    pid = pid_of(server);
    folder = folder_of(server);
    CHECK(server.running());
    CHECK(process_alive(pid));
    CHECK(server.query({"SET", "key", "a b\r\nc"}) == "OK");
    CHECK(server.query({"GET", "key"}) == "a b\r\nc");
    CHECK(server.query({"GET", "other"}) == "(nil)");
    CHECK(server.query({"EVAL", "return {1,{'a','b'},{}}", "0"})
          == "1\n[a b]\n[]");
    CHECK(server.query({"CONFIG", "GET", "port"})
          == "port\n" + std::to_string(server.port()));
    CHECK(server.query({"DEBUG", "SLEEP", "0"}) == "OK");
    CHECK_THAT(server.log(), ContainsSubstring("eady to accept connections"));
  }
  CHECK_FALSE(process_alive(pid));
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("a private Redis is gone when its program is killed") {
  NEED_REDIS();
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0)
    make_server_and_wait(ends[1]);
  ::close(ends[1]);
  told_server told;
  CHECK(::read(ends[0], &told, sizeof(told)) == sizeof(told));
  ::close(ends[0]);
  CHECK(process_alive(told.pid));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(eventually([&] { return !process_alive(told.pid); }));
  CHECK(eventually([&] { return !std::filesystem::exists(told.folder); }));
}

TEST_CASE("a private Redis that cannot start says why") {
  NEED_REDIS();
  private_redis_options options;
  options.settings = {"no-such-setting 1"};
  CHECK_THROWS_WITH(private_redis{options},
                    ContainsSubstring("no-such-setting"));
}

TEST_CASE("a private Redis passes the server's errors on") {
  NEED_REDIS();
  auto& server = private_redis::shared();
  CHECK_THROWS_WITH(server.query({"NO_SUCH_COMMAND"}),
                    ContainsSubstring("ERR unknown command"));
}

TEST_CASE("a private Redis comes back after a stop, a kill and a restart") {
  NEED_REDIS();
  private_redis server;
  auto first = pid_of(server);
  server.query({"SET", "key", "value"});
  server.kill9();
  CHECK_FALSE(server.running());
  CHECK_FALSE(process_alive(first));
  CHECK_THROWS(server.query({"PING"}));
  server.start();
  CHECK(server.query({"DBSIZE"}) == "0");
  server.stop();
  CHECK_FALSE(server.running());
  server.start();
  auto port = server.port();
  server.restart();
  CHECK(server.port() == port);
  CHECK(server.query({"PING"}) == "PONG");
  CHECK(pid_of(server) != first);
}

TEST_CASE("a private Redis that is told to keeps its data") {
  NEED_REDIS();
  private_redis_options options;
  options.settings = {"appendonly yes", "appendfsync always"};
  private_redis server{options};
  server.query({"SET", "key", "value"});
  server.kill9();
  server.start();
  CHECK(eventually([&] {
    return server.query({"INFO", "persistence"}).find("\nloading:0")
           != std::string::npos;
  }));
  CHECK(server.query({"GET", "key"}) == "value");
}

TEST_CASE("a frozen private Redis answers when it is thawed") {
  NEED_REDIS();
  private_redis server;
  std::future<std::string> answer;
  {
    frozen now{server};
    CHECK(server.running());
    CHECK_FALSE(server.answering());
    answer
      = std::async(std::launch::async, [&] { return server.query({"PING"}); });
    CHECK(answer.wait_for(std::chrono::milliseconds{200})
          == std::future_status::timeout);
  }
  CHECK(server.answering());
  CHECK(answer.get() == "PONG");
}

TEST_CASE("a private Redis has the limits and the password it is given") {
  NEED_REDIS();
  private_redis_options options;
  options.password = "S3cr3t";
  options.max_memory = 3'000'000;
  options.max_clients = 40;
  options.settings = {"maxmemory-policy allkeys-lru"};
  private_redis server{options};
  private_redis_client client{server.socket_path()};
  CHECK_THAT(client.call({"PING"}).text, StartsWith("NOAUTH"));
  CHECK(client.call({"AUTH", "wrong"}).is_error());
  CHECK(client.call({"AUTH", "S3cr3t"}).text == "OK");
  CHECK(server.query({"CONFIG", "GET", "maxmemory"}) == "maxmemory\n3000000");
  CHECK(server.query({"CONFIG", "GET", "maxclients"}) == "maxclients\n40");
  CHECK(server.query({"CONFIG", "GET", "maxmemory-policy"})
        == "maxmemory-policy\nallkeys-lru");
}

TEST_CASE("a private Redis obeys its fixture whatever its users may do") {
  NEED_REDIS();
  private_redis server;
  server.query({"ACL", "SETUSER", "default", "off", "nopass", "-@all"});
  private_redis_client client{server.socket_path()};
  CHECK(client.call({"PING"}).is_error());
  CHECK(server.query({"SET", "key", "value"}) == "OK");
}

TEST_CASE("a private Redis lists its clients but not its fixture's") {
  NEED_REDIS();
  private_redis server;
  CHECK(server.client_list().empty());
  private_redis_client client{server.socket_path()};
  client.call({"CLIENT", "SETNAME", "somebody"});
  client.call({"SELECT", "3"});
  auto clients = server.client_list();
  REQUIRE(clients.size() == 1);
  CHECK(clients.front().at("name") == "somebody");
  CHECK(clients.front().at("db") == "3");
}

TEST_CASE("a private Redis without a free place refuses all but its fixture") {
  NEED_REDIS();
  private_redis_options options;
  options.max_clients = 20;
  private_redis server{options};
  {
    auto holders = server.exhaust_connections();
    private_redis_client client{server.socket_path()};
    CHECK(client.call({"PING"}).text == "ERR max number of clients reached");
    CHECK_THAT(server.query({"INFO", "clients"}),
               ContainsSubstring("connected_clients:20"));
  }
  CHECK(eventually([&] { return server.client_list().empty(); }));
  private_redis_client client{server.socket_path()};
  CHECK(client.call({"PING"}).text == "PONG");
  CHECK_THROWS_WITH(server.exhaust_connections(5),
                    ContainsSubstring("still takes"));
}

TEST_CASE("a private Redis speaks TLS with the certificates it was given") {
  NEED_REDIS();
  private_redis_options options;
  options.tls = true;
  private_redis server{options};
  auto& files = server.tls();
  auto good = speak_tls(
    server, {"-CAfile", files.ca.string(), "-verify_hostname", "localhost"});
  CHECK_THAT(good.out, ContainsSubstring("+PONG"));
  auto other_name = speak_tls(
    server, {"-CAfile", files.ca.string(), "-verify_hostname", "elsewhere"});
  CHECK_THAT(other_name.out, !ContainsSubstring("+PONG"));
  CHECK_THAT(other_name.err, ContainsSubstring("ostname mismatch"));
  auto unsigned_by = speak_tls(server, {"-CAfile", files.other_ca.string()});
  CHECK_THAT(unsigned_by.out, !ContainsSubstring("+PONG"));
  server.query({"CONFIG", "SET", "tls-cert-file", files.expired.string()});
  auto expired = speak_tls(server, {"-CAfile", files.ca.string()});
  CHECK_THAT(expired.out, !ContainsSubstring("+PONG"));
  CHECK_THAT(expired.err, ContainsSubstring("certificate has expired"));
}

TEST_CASE("a private Redis asks TLS clients for a certificate if it shall") {
  NEED_REDIS();
  private_redis_options options;
  options.tls = true;
  options.tls_auth_clients = true;
  private_redis server{options};
  auto& files = server.tls();
  auto without = speak_tls(server, {"-CAfile", files.ca.string()});
  CHECK_THAT(without.out, !ContainsSubstring("+PONG"));
  auto with = speak_tls(server, {"-CAfile", files.ca.string(), "-cert",
                                 files.client.string(), "-key",
                                 files.client_key.string()});
  CHECK_THAT(with.out, ContainsSubstring("+PONG"));
}
