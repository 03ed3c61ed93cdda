#include "front/front_model.hpp"
#include "support/catch_compat.hpp"

using namespace caf_pool::test;

namespace {

void require_sound(const scenario& what) {
  auto found = explore(what);
  for (auto& step : found.steps)
    UNSCOPED_INFO(step);
  REQUIRE(found.violation.empty());
  // A model that stands still proves nothing.
  CHECK(found.worlds > 10'000);
}

void require_found(const scenario& what, fault deliberate,
                   const std::string& violation) {
  auto found = explore(what, deliberate);
  CHECK(found.violation == violation);
  CHECK(!found.steps.empty());
}

} // namespace

// -- the front as it is -------------------------------------------------------

TEST_CASE(
  "no interleaving of two callers and the actor loses a connection, "
  "a caller or the order",
  "[interleaving][trap-T9][trap-T11][C06]") {
  require_sound({.callers = 2, .slots = 1, .rounds = 2});
}

TEST_CASE("no interleaving of three callers loses anything",
          "[interleaving][trap-T9][C06]") {
  require_sound({.callers = 3, .slots = 1, .rounds = 1});
  require_sound({.callers = 3, .slots = 2, .rounds = 1});
}

TEST_CASE("a recall loses nothing, whenever it comes", "[interleaving]") {
  require_sound({.callers = 2, .slots = 1, .rounds = 2, .recall = true});
}

TEST_CASE(
  "a revocation loses nothing, and nobody gets the connection before "
  "the fenced holder let go",
  "[interleaving][trap-T73]") {
  require_sound(
    {.callers = 2, .slots = 1, .rounds = 2, .recall = true, .revoke = true});
}

TEST_CASE("the death of the actor loses no connection", "[interleaving]") {
  require_sound({.callers = 2, .slots = 1, .rounds = 2, .restart = true});
  require_sound({.callers = 2,
                 .slots = 2,
                 .rounds = 1,
                 .recall = true,
                 .revoke = true,
                 .restart = true});
}

TEST_CASE("a second release changes nothing, whenever it comes",
          "[interleaving][trap-T7][C07]") {
  require_sound({.callers = 2,
                 .slots = 1,
                 .rounds = 2,
                 .revoke = true,
                 .release_twice = true});
}

TEST_CASE("closing keeps what holders use until the last one let go",
          "[interleaving][trap-T74]") {
  require_sound(
    {.callers = 2, .slots = 2, .rounds = 1, .revoke = true, .close = true});
  require_sound({.callers = 2,
                 .slots = 1,
                 .rounds = 1,
                 .revoke = true,
                 .close = true,
                 .release_twice = true});
}

// -- deliberate faults --------------------------------------------------------

TEST_CASE(
  "the exploration finds a holder that does not look at the gate "
  "after it offered",
  "[interleaving][trap-T9]") {
  require_found({}, fault::no_second_look, "a caller waits for ever");
}

TEST_CASE("the exploration finds an actor that withdraws before it shuts",
          "[interleaving][trap-T9]") {
  require_found({}, fault::withdraw_before_shut, "a caller waits for ever");
}

TEST_CASE("the exploration finds an actor that does not look after it shut",
          "[interleaving][trap-T9]") {
  require_found({}, fault::no_withdraw, "a caller waits for ever");
}

TEST_CASE("the exploration finds a holder that does not tell the actor",
          "[interleaving]") {
  require_found({}, fault::no_notice, "a caller waits for ever");
}

TEST_CASE("the exploration finds a take that is no compare-and-swap",
          "[interleaving][C06]") {
  require_found({}, fault::blind_take, "two callers hold one connection");
}

TEST_CASE("the exploration finds a release that does not look at the word",
          "[interleaving][trap-T7]") {
  require_found({.revoke = true, .release_twice = true}, fault::blind_release,
                "the actor's connection is lent behind its back");
}

TEST_CASE("the exploration finds generations that stand still",
          "[interleaving][trap-T7]") {
  require_found({.callers = 3, .release_twice = true}, fault::same_generation,
                "two callers hold one connection");
}

TEST_CASE("the exploration finds a successor that scans too early",
          "[interleaving]") {
  require_found({.callers = 3, .restart = true}, fault::scan_before_sink,
                "a connection is lost");
}

TEST_CASE("the exploration finds a holder that is marked before it is counted",
          "[interleaving][trap-T74]") {
  require_found({.close = true}, fault::mark_before_count,
                "the keep-alive is dropped twice");
}

TEST_CASE("the exploration finds that closing forgets the fenced",
          "[interleaving][trap-T74]") {
  require_found({.revoke = true, .close = true}, fault::forget_fenced,
                "a holder's connection is taken from under it");
}
