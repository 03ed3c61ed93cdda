#include "caf_pool/net/resolve.hpp"

#include "net/net_support.hpp"

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("a lookup that is called off ends at once", "[net][T08]") {
  std::promise<void> answered;
  host_lookup lookup
    = [answer = answered.get_future().share()](
        const std::string&) -> result<std::vector<std::string>> {
    answer.wait();
    return std::vector<std::string>{"192.0.2.1"};
  };
  bell withdrawn;
  auto asked = std::async(std::launch::async, [&] {
    return resolve_host("silent.example", never, &withdrawn, lookup);
  });
  withdrawn.ring();
  auto ready = asked.wait_for(patience) == std::future_status::ready;
  answered.set_value();
  REQUIRE(ready);
  CHECK(asked.get().error().code == errc::cancelled);
}

TEST_CASE("a dead resolver costs no more than the deadline, and one thread",
          "[net][T08]") {
  // What the stuck lookup needs must outlive this test.
  struct resolver_state {
    std::mutex mtx;
    std::condition_variable answered;
    bool answer = false;
    int calls = 0;
  };
  auto state = std::make_shared<resolver_state>();
  host_lookup lookup
    = [state](const std::string&) -> result<std::vector<std::string>> {
    std::unique_lock guard{state->mtx};
    ++state->calls;
    state->answered.wait(guard, [&] { return state->answer; });
    return std::vector<std::string>{"192.0.2.1"};
  };
  for (int i = 0; i < 3; ++i) {
    std::optional<error> why;
    auto took = time_of([&] {
      auto addresses
        = resolve_host("stuck.example", soon(50ms), nullptr, lookup);
      REQUIRE_FALSE(addresses);
      why = addresses.error();
    });
    CHECK(why->code == errc::open_timeout);
    CHECK(took < no_hang);
  }
  {
    std::lock_guard guard{state->mtx};
    CHECK(state->calls == 1);
    state->answer = true;
    state->answered.notify_all();
  }
  // Later callers get an answer, and a new one each time.
  CHECK(eventually([&] {
    return resolve_host("stuck.example", soon(), nullptr, lookup).has_value()
           && state->calls >= 2;
  }));
  CHECK(resolve_host("192.0.2.7", soon(), nullptr, lookup).value()
        == std::vector<std::string>{"192.0.2.7"});
  CHECK(resolve_host("::1", soon(), nullptr, lookup).value()
        == std::vector<std::string>{"::1"});
}
