// Messages of other programs, and a queue of jobs that is waited for.
//
//   example_redis_subscriber redis://localhost/0
#if CAF_POOL_WITH_REDIS
#  include "caf_pool/redis.hpp"

#  include <iostream>
#  include <optional>
#  include <string>
#  include <utility>

void show(const caf_pool::redis_message& x) {
  std::cout << x.payload + '\n';
}

void regret(const caf_pool::redis_gap& x) {
  std::cout << "missed some: " + x.reason + '\n';
}

int main(int argc, char** argv) {
  caf_pool::pool redis{
    caf_pool::redis(argc > 1 ? argv[1] : "redis://localhost/0")};
  // Ends with `news`. Both functions run on a thread of the subscriber's.
  auto news = redis.subscribe({.channels = {"news"}, .patterns = {"news.*"}},
                              {.message = show, .gap = regret});
  if (!news) {
    std::cerr << news.error().message << '\n';
    return 1;
  }
  redis.command("PUBLISH", "news.local", "a job for you").value();
  redis.command("RPUSH", "jobs", "sweep the floor").value();
  // Waits for 5 s at most, over a connection beside the pool's.
  using job = std::optional<std::pair<std::string, std::string>>;
  auto next = redis.blocking<job>("BLPOP", "jobs", 5).value();
  std::cout << (next ? next->second : "nothing to do") + '\n';
}
#else
int main() {
}
#endif
