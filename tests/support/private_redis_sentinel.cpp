#include "support/private_redis_sentinel.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <utility>

namespace caf_pool::test {

namespace {

using sentinel_fields = std::map<std::string, std::string>;

// Sentinels tell of a server as names and values by turns.
sentinel_fields fields_of_server(const redis_reply& reply) {
  sentinel_fields result;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2)
    result[reply.elements[i].text] = reply.elements[i + 1].text;
  return result;
}

std::vector<std::string> sentinel_command(std::string verb) {
  return {"SENTINEL", std::move(verb),
          std::string{private_redis_sentinel::master_name}};
}

std::uint16_t named_master(const private_redis& sentinel) {
  auto reply = sentinel.call(sentinel_command("GET-MASTER-ADDR-BY-NAME"));
  return static_cast<std::uint16_t>(std::stoul(reply.elements.at(1).text));
}

bool acts_as_master(const private_redis& server) {
  return server.call({"ROLE"}).elements.at(0).text == "master";
}

bool follows(const private_redis& replica, const private_redis& master) {
  auto role = replica.call({"ROLE"}).elements;
  return role.at(0).text == "slave"
         && role.at(2).text == std::to_string(master.port())
         && role.at(3).text == "connected";
}

// Waits for a condition that asks servers. A sentinel that gives a server
// another role closes the connections of that server's clients, ours too.
template <class Condition>
bool eventually_told(Condition condition, std::chrono::nanoseconds limit) {
  return eventually(
    [&] {
      try {
        return condition();
      } catch (const std::runtime_error&) {
        return false;
      }
    },
    limit);
}

private_redis_options sentinel_options(const private_redis& master,
                                       std::size_t quorum) {
  auto name = std::string{private_redis_sentinel::master_name};
  private_redis_options result;
  result.sentinel = true;
  result.settings = {
    "sentinel monitor " + name + " 127.0.0.1 " + std::to_string(master.port())
      + ' ' + std::to_string(quorum),
    "sentinel down-after-milliseconds " + name + " 1000",
    "sentinel failover-timeout " + name + " 3000",
  };
  return result;
}

} // namespace

// -- implementation -----------------------------------------------------------

struct private_redis_sentinel::impl {
  std::vector<std::unique_ptr<private_redis>> servers;
  std::vector<std::unique_ptr<private_redis>> sentinels;

  void start_servers();
  void start_sentinel(std::size_t quorum);
  private_redis& server_at(std::uint16_t port) const;
  private_redis& other_than(const private_redis& server) const;
  const private_redis& some_sentinel() const;
  std::size_t answering_sentinels() const;
  bool all_name(const private_redis& master) const;
  bool knows_all(const private_redis& sentinel) const;
  bool ok() const;
};

// Sentinels ask the master for its replicas when they start, and then every ten
// seconds.
void private_redis_sentinel::impl::start_servers() {
  servers.push_back(std::make_unique<private_redis>());
  auto& master = *servers.front();
  private_redis_options options;
  options.settings = {"replicaof 127.0.0.1 " + std::to_string(master.port())};
  servers.push_back(std::make_unique<private_redis>(std::move(options)));
  if (!eventually([&] { return follows(*servers.back(), master); }))
    throw std::runtime_error{"the replica does not follow: "
                             + servers.back()->log()};
}

void private_redis_sentinel::impl::start_sentinel(std::size_t quorum) {
  sentinels.push_back(std::make_unique<private_redis>(
    sentinel_options(*servers.front(), quorum)));
  // They find each other, and put a server that came back in its place, sooner
  // than in ten seconds. And a machine that stood still does not keep them from
  // acting for half a minute.
  sentinels.back()->query({"SENTINEL", "DEBUG", "PUBLISH-PERIOD", "250",
                           "INFO-PERIOD", "1000", "TILT-PERIOD", "1000"});
}

private_redis& private_redis_sentinel::impl::server_at(
  std::uint16_t port) const {
  for (auto& server : servers)
    if (server->port() == port)
      return *server;
  throw std::runtime_error{"no server has port " + std::to_string(port)};
}

private_redis& private_redis_sentinel::impl::other_than(
  const private_redis& server) const {
  return servers.front().get() == &server ? *servers.back() : *servers.front();
}

const private_redis& private_redis_sentinel::impl::some_sentinel() const {
  for (auto& sentinel : sentinels)
    if (sentinel->answering())
      return *sentinel;
  throw std::runtime_error{"no sentinel answers"};
}

std::size_t private_redis_sentinel::impl::answering_sentinels() const {
  return static_cast<std::size_t>(
    std::count_if(sentinels.begin(), sentinels.end(),
                  [](auto& sentinel) { return sentinel->answering(); }));
}

bool private_redis_sentinel::impl::all_name(const private_redis& master) const {
  return std::all_of(sentinels.begin(), sentinels.end(), [&](auto& sentinel) {
    return !sentinel->answering() || named_master(*sentinel) == master.port();
  });
}

// Knows the replica and the other sentinels, and finds all of them fine.
bool private_redis_sentinel::impl::knows_all(
  const private_redis& sentinel) const {
  auto main = fields_of_server(sentinel.call(sentinel_command("MASTER")));
  auto others = std::stoul(main["num-other-sentinels"]);
  if (main["flags"] != "master" || others + 1 < answering_sentinels())
    return false;
  auto replicas = sentinel.call(sentinel_command("REPLICAS")).elements;
  if (replicas.empty())
    return false;
  auto replica = fields_of_server(replicas.front());
  return replica["flags"] == "slave" && replica["master-link-status"] == "ok"
         && replica["master-port"] == main["port"];
}

bool private_redis_sentinel::impl::ok() const {
  auto& master = server_at(named_master(some_sentinel()));
  if (!all_name(master) || !master.answering() || !acts_as_master(master))
    return false;
  auto& replica = other_than(master);
  if (!replica.answering())
    return true;
  return follows(replica, master)
         && std::all_of(sentinels.begin(), sentinels.end(), [&](auto& x) {
              return !x->answering() || knows_all(*x);
            });
}

// -- private_redis_sentinel ---------------------------------------------------

private_redis_sentinel::private_redis_sentinel(std::size_t sentinels)
  : impl_(std::make_unique<impl>()) {
  impl_->start_servers();
  for (std::size_t i = 0; i < sentinels; ++i)
    impl_->start_sentinel(sentinels / 2 + 1);
  if (!wait_until_ok())
    throw std::runtime_error{"the sentinels are not ready: "
                             + impl_->some_sentinel().log()};
}

private_redis_sentinel::~private_redis_sentinel() = default;

std::vector<private_redis*> private_redis_sentinel::sentinels() const {
  std::vector<private_redis*> result;
  for (auto& sentinel : impl_->sentinels)
    result.push_back(sentinel.get());
  return result;
}

std::vector<private_redis*> private_redis_sentinel::servers() const {
  std::vector<private_redis*> result;
  for (auto& server : impl_->servers)
    result.push_back(server.get());
  return result;
}

private_redis& private_redis_sentinel::master() const {
  return impl_->server_at(named_master(impl_->some_sentinel()));
}

private_redis& private_redis_sentinel::replica() const {
  return impl_->other_than(master());
}

void private_redis_sentinel::fail_over() {
  auto& next = replica();
  impl_->some_sentinel().query(sentinel_command("FAILOVER"));
  auto promoted = [&] { return impl_->all_name(next) && acts_as_master(next); };
  if (!eventually_told(promoted, patience))
    throw std::runtime_error{"the sentinels did not promote the replica: "
                             + impl_->some_sentinel().log()};
}

bool private_redis_sentinel::wait_until_ok(
  std::chrono::nanoseconds limit) const {
  return eventually_told([this] { return impl_->ok(); }, limit);
}

} // namespace caf_pool::test
