// Callers of one key at the same time, in a process of their own:
//
//   cache_callers SOCKET CALLERS local|shared
//
// Prints "ready", waits for a line, and prints how many computed and how many
// got the value.

#include "caf_pool/redis.hpp"
#include "caf_pool/redis_cache.hpp"

#include "support/eventually.hpp"

#include <atomic>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (argc != 4)
    return 2;
  auto callers = std::stoull(argv[2]);
  auto spec = redis("unix://" + std::string{argv[1]}).size(4);
  spec.config.acquire_timeout = 60s;
  spec.config.execute_timeout = 60s;
  spec.config.max_waiters = 10'000;
  spec.config.shed_overload = false;
  pool connections{spec};
  auto options = cache_options{};
  options.budget = 60s;
  options.lock_ttl = 5min;
  redis_cache cache{connections, options};
  auto policy = cache_policy{};
  if (argv[3] == std::string{"shared"})
    policy.lock = cache_lock::shared;
  std::cout << "ready" << std::endl;
  std::string line;
  std::getline(std::cin, line);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (auto i = 0ull; i < callers; ++i)
    threads.emplace_back([&] {
      auto got = cache.get_or_compute("k", policy, [&] {
        // Until all others wait, or have it from the other process.
        test::eventually([&] {
          auto now = cache.stats();
          return 1 + now.waiting + now.hits + now.computed >= callers;
        });
        return std::string{"value"};
      });
      good += got && got->value == "value" ? 1 : 0;
    });
  for (auto& thread : threads)
    thread.join();
  std::cout << "computed " << cache.stats().computations << " good " << good
            << std::endl;
}
