#include "caf_pool/backend/postgres/pg_prober.hpp"

#include "caf_pool/backend/postgres/pg_open.hpp"
#include "caf_pool/net/bell.hpp"
#include "caf_pool/net/poll_socket.hpp"

#include <map>
#include <string>
#include <system_error>
#include <utility>

namespace caf_pool {

namespace {

struct prober_table {
  std::mutex mtx;
  std::map<std::string, std::weak_ptr<pg_prober>> probers;
};

// Never destroyed: pools of static storage may still look for their own.
prober_table& known_probers() {
  static auto* instance = new prober_table;
  return *instance;
}

std::string key_of(const pg_options& options) {
  std::string result;
  for (auto& host : options.hosts)
    result += host + ' ' + options.sslmode_for(host) + ',';
  return result + '\n' + std::to_string(options.port) + '\n' + options.database
         + '\n' + options.target_session_attrs + '\n' + options.sslrootcert
         + '\n' + options.sslcert;
}

/// Tells whether a server answered. Who hears nothing may just have been too
/// impatient, or on the wrong side of a network.
bool has_spoken(const result<void>& x) {
  return x || x.error().code == errc::connection_lost;
}

} // namespace

struct pg_prober::shared_look {
  bell done;
  /// Set before the bell rings; none if whoever looked gave up.
  std::optional<result<void>> value;
};

std::shared_ptr<pg_prober> pg_prober::of(const pg_options& options) {
  std::lock_guard guard{known_probers().mtx};
  auto& probers = known_probers().probers;
  std::erase_if(probers, [](auto& entry) { return entry.second.expired(); });
  auto& known = probers[key_of(options)];
  auto result = known.lock();
  if (!result)
    known = result = std::make_shared<pg_prober>();
  return result;
}

result<void> pg_prober::look(const pg_options& options, time_point deadline) {
  try {
    return share(options, deadline);
  } catch (const std::system_error& x) {
    return error{errc::open_failed,
                 std::string{"cannot look for a server: "} + x.what(),
                 {}};
  }
}

result<void> pg_prober::share(const pg_options& options, time_point deadline) {
  for (;;) {
    std::shared_ptr<shared_look> theirs;
    std::shared_ptr<shared_look> mine;
    {
      std::lock_guard guard{mtx_};
      if (said_ && clock::now() < said_at_ + moment)
        return *said_;
      theirs = current_;
      if (!theirs)
        current_ = mine = std::make_shared<shared_look>();
    }
    if (mine)
      return lead(mine, options, deadline);
    if (poll_socket(theirs->done.descriptor(), POLLIN, deadline) == 0)
      return error{errc::open_timeout,
                   "another pool of the process looks for the same server, "
                   "and has no answer yet",
                   {}};
    std::lock_guard guard{mtx_};
    if (theirs->value)
      return *theirs->value;
  }
}

result<void> pg_prober::lead(const std::shared_ptr<shared_look>& mine,
                             const pg_options& options, time_point deadline) {
  struct finisher {
    pg_prober& owner;
    shared_look& look;

    ~finisher() {
      std::lock_guard guard{owner.mtx_};
      owner.current_ = nullptr;
      look.done.ring();
    }
  };
  auto finally = finisher{*this, *mine};
  auto value = pg_look(options, deadline);
  std::lock_guard guard{mtx_};
  if (has_spoken(value)) {
    said_ = value;
    said_at_ = clock::now();
  }
  // Those who joined may have more time.
  if (value || value.error().code != errc::open_timeout)
    mine->value = value;
  return value;
}

} // namespace caf_pool
