#include "caf_pool/backend/redis/redis_refusal.hpp"

#include "support/catch_compat.hpp"

using namespace caf_pool;

namespace {

/// The code with which each place refuses a command: alone, in a pipeline, in a
/// transaction.
std::vector<errc> codes(const redis_command& command) {
  std::vector<errc> result;
  for (auto place :
       {redis_place::single, redis_place::pipeline, redis_place::transaction}) {
    auto why = redis_refusal(command, find_redis_command(command), place);
    result.push_back(why ? why->code : errc::none);
  }
  return result;
}

std::string text(const redis_command& command) {
  auto why = redis_refusal(command, find_redis_command(command),
                           redis_place::pipeline);
  return why ? why->message : "";
}

const std::vector<errc> nowhere{errc::not_supported, errc::invalid_argument,
                                errc::invalid_argument};
const std::vector<errc> alone{errc::none, errc::invalid_argument,
                              errc::invalid_argument};
const std::vector<errc> untied{errc::none, errc::none, errc::invalid_argument};
const std::vector<errc> everywhere{errc::none, errc::none, errc::none};

} // namespace

TEST_CASE("a pool's connection refuses what would take it away") {
  for (auto& command :
       {redis_command{"subscribe", "x"}, redis_command{"PSUBSCRIBE", "x"},
        redis_command{"SSUBSCRIBE", "x"}, redis_command{"UNSUBSCRIBE"},
        redis_command{"MONITOR"}, redis_command{"SYNC"},
        redis_command{"PSYNC", "?", -1}, redis_command{"REPLCONF", "ack", 1},
        redis_command{"client", "reply", "off"},
        redis_command{"CLIENT", "REPLY", "SKIP"}, redis_command{"QUIT"},
        redis_command{"SCRIPT", "DEBUG", "YES"}, redis_command{"BLPOP", "a", 0},
        redis_command{"WAIT", 1, 0},
        redis_command{"XREAD", "BLOCK", 0, "STREAMS", "a", "$"}}) {
    INFO(command.name());
    CHECK(codes(command) == nowhere);
  }
  CHECK_THAT(text(redis_command{"subscribe", "x"}),
             StartsWith("SUBSCRIBE ") && ContainsSubstring("redis_subscriber"));
  CHECK_THAT(text(redis_command{"BLPOP", "a", 0}),
             ContainsSubstring("blocking(...)"));
  CHECK_THAT(text(redis_command{"client", "reply", "off"}),
             StartsWith("CLIENT REPLY "));
}

TEST_CASE("what changes the session stands alone") {
  for (auto& command : {redis_command{"HELLO", 3}, redis_command{"AUTH", "x"},
                        redis_command{"SELECT", 1}, redis_command{"RESET"}})
    CHECK(codes(command) == alone);
  for (auto name : {"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"})
    CHECK(codes(redis_command{name}) == untied);
}

TEST_CASE("a pool for blocking commands takes what blocks, alone") {
  auto code = [](const redis_command& command, redis_place place) {
    auto why = redis_refusal(command, find_redis_command(command), place, true);
    return why ? why->code : errc::none;
  };
  for (auto& command :
       {redis_command{"BLPOP", "a", 0}, redis_command{"WAIT", 1, 0},
        redis_command{"XREAD", "BLOCK", 0, "STREAMS", "a", "$"}}) {
    CHECK(code(command, redis_place::single) == errc::none);
    CHECK(code(command, redis_place::pipeline) == errc::invalid_argument);
    CHECK(code(command, redis_place::transaction) == errc::invalid_argument);
  }
  for (auto& command : {redis_command{"SELECT", 1}, redis_command{"HELLO", 3},
                        redis_command{"MULTI"}, redis_command{"WATCH", "a"},
                        redis_command{"SUBSCRIBE", "a"}, redis_command{"QUIT"}})
    CHECK(code(command, redis_place::single) == errc::not_supported);
  CHECK(code(redis_command{"GET", "a"}, redis_place::pipeline) == errc::none);
}

TEST_CASE("all other commands are taken") {
  for (auto& command :
       {redis_command{"GET", "a"}, redis_command{"EVAL", "return 1", 0},
        redis_command{"XREAD", "STREAMS", "a", "0"}, redis_command{"PUBSUB"},
        redis_command{"CLIENT", "SETNAME", "x"}, redis_command{"JSON.GET", "x"},
        redis_command{"PUBLISH", "x", "y"}})
    CHECK(codes(command) == everywhere);
  auto nameless = redis_refusal(redis_command{}, nullptr, redis_place::single);
  REQUIRE(nameless);
  CHECK(nameless->code == errc::invalid_argument);
}
