#include "backend/postgres/postgres_support.hpp"
#include "support/chaos_proxy.hpp"

#include <future>
#include <stop_token>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

constexpr auto lock = "SELECT pg_advisory_lock(4711)";

/// An opening that has all the time of the world, in a thread of its own.
class opening {
public:
  explicit opening(const pool_config& config)
    : end_(std::async(std::launch::async, [this, backend = make(config)] {
        auto conn = backend->open_unless(stop_.get_token(), never);
        return conn ? error{} : conn.error();
      })) {
    // nop
  }

  error call_off() {
    stop_.request_stop();
    REQUIRE(end_.wait_for(patience) == std::future_status::ready);
    return end_.get();
  }

private:
  std::stop_source stop_;
  std::future<error> end_;
};

} // namespace

TEST_CASE("an opening that is called off ends at once", "[postgres][T08]") {
  chaos_proxy net{private_postgres::shared().port()};
  auto config = tcp_config(private_postgres::shared());
  config.options["port"] = std::to_string(net.port());
  config.options["sslmode"] = "disable";
  SECTION("while it connects") {
    net.set(chaos_proxy::mode::blackhole);
    CHECK(opening{config}.call_off().code == errc::cancelled);
  }
  SECTION("while it logs in") {
    net.set(chaos_proxy::mode::stall);
    opening hanging{config};
    REQUIRE(eventually([&] { return net.connects() == 1; }));
    CHECK(hanging.call_off().code == errc::cancelled);
    // The half-made connection is gone.
    net.set(chaos_proxy::mode::pass);
    CHECK(eventually([&] { return net.open() == 0; }));
  }
  SECTION("while the session is set up") {
    auto holder = open_one();
    must(*holder, lock);
    config.options["init"] = lock;
    opening hanging{config};
    REQUIRE(runs("advisory_lock"));
    CHECK(hanging.call_off().code == errc::cancelled);
  }
  SECTION("before it begins") {
    std::stop_source stop;
    stop.request_stop();
    auto conn = make(config)->open_unless(stop.get_token(), never);
    REQUIRE_FALSE(conn);
    CHECK(conn.error().code == errc::cancelled);
    CHECK(net.connects() == 0);
  }
}
