// A cache of computed values on a Redis or Valkey server, and below it what the
// server offers: commands, pipelines, a transaction.
//
//   example_redis_cache redis://localhost/0

#if CAF_POOL_WITH_REDIS

#  include "caf_pool/redis_cache.hpp"

#  include "caf_pool/redis.hpp"

#  include <chrono>
#  include <cstdint>
#  include <iostream>
#  include <optional>
#  include <string>

using caf_pool::redis_command;
using namespace std::chrono_literals;

namespace {

// Takes long in earnest. Nothing: there is no such user.
std::optional<std::string> load_name(int id) {
  return "user " + std::to_string(id);
}

// Returns whether a name could be had, with Redis or without.
bool use_cache(caf_pool::pool<caf_pool::redis_connection>& connections) {
  caf_pool::redis_cache names{connections};
  auto policy = caf_pool::cache_policy{};
  policy.ttl = 60s;
  policy.stale_if_error = 1h; // better old than none
  auto name = names.get_or_compute("name:7", policy, [] {
    return load_name(7); // by one caller at a time, whoever else asks
  });
  if (name && *name)
    std::cout << name->value.value() << " (" << to_string(name->state) << ")\n";
  auto erased = names.erase("name:7"); // after a change
  return name && erased;
}

} // namespace

int main(int argc, char** argv) {
  const auto* url = argc > 1 ? argv[1] : "redis://localhost/0";
  caf_pool::pool cache{caf_pool::redis(url)};
  auto stored = cache.command("SET", "user:7", "Ann", "EX", 60);
  if (!stored) {
    std::cerr << stored.error().message << '\n'; // says what to do about it
    return 1;
  }
  if (!use_cache(cache))
    return 1;
  auto name = cache.command<std::optional<std::string>>("GET", "user:7");
  std::cout << name.value().value_or("nobody") << '\n';

  // One round trip for many commands; each has a reply or an error of its own.
  auto replies = cache.pipeline(
    {redis_command{"DEL", "visits"}, redis_command{"INCR", "visits"}});
  std::cout << replies.value().items[1].value().as<std::int64_t>().value()
            << '\n';

  // All of them with nobody else's in between, or none.
  auto both = cache.transaction(
    {redis_command{"INCR", "visits"}, redis_command{"PERSIST", "user:7"}});
  std::cout << both.value().items[0].value().as<std::int64_t>().value() << '\n';
}

#else

#  include <iostream>

int main() {
  std::cerr << "this build has no Redis (CAF_POOL_WITH_REDIS)\n";
  return 1;
}

#endif
