// Who is to hear of what, without a server.

#include "caf_pool/redis/subscription_book.hpp"

#include "support/catch_compat.hpp"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;

namespace {

redis_value said(std::initializer_list<const char*> words) {
  auto xs = redis_array{};
  for (auto* word : words)
    xs.items.emplace_back(redis_value::variant{std::string{word}});
  return redis_value{std::move(xs)};
}

redis_value confirmed(const char* verb, const char* name) {
  auto xs = redis_array{};
  xs.items.emplace_back(redis_value::variant{std::string{verb}});
  xs.items.emplace_back(redis_value::variant{std::string{name}});
  xs.items.emplace_back(redis_value::variant{std::int64_t{1}});
  return redis_value{std::move(xs)};
}

redis_value failed(const char* text) {
  return redis_value{redis_failure{text}};
}

struct book_and_talk {
  subscription_book book;
  std::vector<subscription_book::delivery> told;
  time_point now{};

  subscription_book::entry_ptr add(std::vector<std::string> channels) {
    return book.add({.channels = std::move(channels)},
                    {[](const redis_message&) {}, {}});
  }

  /// Returns what has to be said, a command a line.
  std::string orders() {
    std::string result;
    for (auto& command : book.orders()) {
      for (auto word : command)
        (result += word) += ' ';
      result.back() = '\n';
    }
    return result;
  }

  std::string take(const redis_value& x) {
    now += std::chrono::seconds{1};
    return book.take(x, 7, now, told);
  }

  /// Says what was told: "a:x" is a message, "gap" a gap.
  std::string news() {
    std::string result;
    for (auto& x : std::exchange(told, {})) {
      if (auto* message = std::get_if<redis_message>(&x.what))
        result += message->channel + ':' + message->payload + ' ';
      else
        result += "gap ";
    }
    return result;
  }
};

} // namespace

TEST_CASE("each topic is ordered once, and given up by the last who goes") {
  book_and_talk x;
  auto one = x.add({"a", "b"});
  auto two = x.add({"b"});
  CHECK(x.orders() == "subscribe a\nsubscribe b\n");
  CHECK(x.orders().empty());
  CHECK(x.take(confirmed("subscribe", "a")).empty());
  CHECK_FALSE(one->established);
  CHECK(x.take(confirmed("subscribe", "b")).empty());
  CHECK(one->established);
  CHECK(two->established);
  CHECK(x.add({"a"})->established);
  x.book.remove(one);
  CHECK(x.orders().empty());
  x.book.remove(two);
  CHECK(x.orders() == "unsubscribe b\n");
  CHECK(x.take(confirmed("unsubscribe", "b")).empty());
  CHECK_FALSE(x.book.expects());
}

TEST_CASE("who comes back before the server answered waits for its own order") {
  book_and_talk x;
  x.book.remove(x.add({"a"}));
  CHECK(x.orders().empty());
  auto gone = x.add({"a"});
  CHECK(x.orders() == "subscribe a\n");
  x.book.remove(gone);
  CHECK(x.orders() == "unsubscribe a\n");
  auto back = x.add({"a"});
  CHECK(x.orders() == "subscribe a\n");
  CHECK(x.take(confirmed("subscribe", "a")).empty());
  CHECK_FALSE(back->established);
  CHECK(x.take(confirmed("unsubscribe", "a")).empty());
  CHECK_FALSE(back->established);
  CHECK(x.take(confirmed("subscribe", "a")).empty());
  CHECK(back->established);
}

TEST_CASE("a refusal belongs to its topic") {
  book_and_talk x;
  auto both = x.add({"a", "b"});
  auto other = x.add({"a"});
  x.orders();
  CHECK(x.take(confirmed("subscribe", "a")).empty());
  CHECK(x.take(failed("NOPERM no")).empty());
  CHECK(other->established);
  CHECK(both->failure.code == errc::forbidden);
  CHECK(x.book.last_refusal().code == errc::forbidden);
  // Who asks for it again has it asked again.
  x.book.remove(both);
  x.add({"b"});
  CHECK(x.orders() == "subscribe b\n");
}

TEST_CASE("a gap is told before the messages that follow it") {
  book_and_talk x;
  auto both = x.add({"a", "b"});
  auto late = x.add({"c"});
  x.orders();
  x.take(confirmed("subscribe", "a"));
  x.take(confirmed("subscribe", "b"));
  x.take(said({"message", "a", "1"}));
  CHECK(x.news() == "a:1 ");
  x.book.lost(x.now, "gone");
  x.book.lost(x.now, "gone again");
  CHECK_FALSE(x.book.expects());
  CHECK(x.orders() == "subscribe a\nsubscribe b\nsubscribe c\n");
  x.take(confirmed("subscribe", "a"));
  CHECK(x.news().empty());
  SECTION("at the end of the confirmations") {
    x.take(confirmed("subscribe", "b"));
    REQUIRE(x.told.size() == 1);
    auto& gap = std::get<redis_gap>(x.told.front().what);
    CHECK(gap.reason == "gone");
    CHECK(gap.generation == 7);
    CHECK(gap.until > gap.since);
    x.told.clear();
    x.take(said({"message", "b", "2"}));
    CHECK(x.news() == "b:2 ");
  }
  SECTION("or with the first message, and for the rest once more") {
    x.take(said({"message", "a", "2"}));
    x.take(said({"message", "a", "3"}));
    CHECK(x.news() == "gap a:2 gap a:3 ");
    x.take(confirmed("subscribe", "b"));
    CHECK(x.news() == "gap ");
  }
  // Who had nothing yet missed nothing.
  x.take(confirmed("subscribe", "c"));
  CHECK(late->established);
  CHECK(x.news().find("gap gap") == std::string::npos);
}

TEST_CASE("what nobody asked for ends the conversation") {
  book_and_talk x;
  x.add({"a"});
  CHECK_FALSE(x.take(said({"pong", ""})).empty());
  CHECK_FALSE(x.take(redis_value{redis_status{"PONG"}}).empty());
  CHECK_FALSE(x.take(said({"message"})).empty());
  x.orders();
  CHECK_FALSE(x.take(confirmed("subscribe", "b")).empty());
  x.book.lost(x.now, "");
  x.orders();
  x.take(confirmed("subscribe", "a"));
  // A slot that moved: the server ends it by itself.
  CHECK_FALSE(x.take(confirmed("sunsubscribe", "a")).empty());
  x.book.ping();
  CHECK(x.book.expects());
  CHECK(x.take(said({"pong", ""})).empty());
  x.book.ping();
  CHECK(x.take(redis_value{redis_status{"PONG"}}).empty());
  CHECK_FALSE(x.book.expects());
}
