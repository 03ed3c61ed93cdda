#include "caf_pool/admin/http/target.hpp"

#include "support/catch_compat.hpp"

#include <string>

using namespace caf_pool;

TEST_CASE("a target is a path and a query") {
  auto x = parse_target("/readyz?verbose&a=b");
  REQUIRE(x);
  CHECK(x->path == "/readyz");
  CHECK(x->query == "verbose&a=b");
  CHECK(parse_target("/")->query.empty());
}

TEST_CASE("a path is decoded once") {
  CHECK(parse_target("/a%20b")->path == "/a b");
  CHECK(parse_target("/%2561")->path == "/%61");
  CHECK(parse_target("/%C3%a4")->path == "/\xC3\xA4");
}

TEST_CASE("a target that is no path is refused", "[A01]") {
  for (auto text : {"", "*", "readyz", "http://localhost/", "?x", "/%", "/%4",
                    "/%zz", "/%4g", "/%00", "/%0a", "/%7f", "/a\tb"})
    CHECK_FALSE(parse_target(text));
  CHECK_FALSE(parse_target(std::string{"/a\0b", 4}));
}

TEST_CASE("a flag is there unless it says no") {
  auto has = [](const char* query) {
    return parse_target("/x" + std::string{query})->has_flag("verbose");
  };
  CHECK(has("?verbose"));
  CHECK(has("?verbose="));
  CHECK(has("?verbose=1"));
  CHECK(has("?a=b&verbose=true&c"));
  CHECK_FALSE(has(""));
  CHECK_FALSE(has("?"));
  CHECK_FALSE(has("?verbose=0"));
  CHECK_FALSE(has("?verbose=false"));
  CHECK_FALSE(has("?verbosely"));
  CHECK_FALSE(has("?quiet=verbose"));
  CHECK_FALSE(has("?&&"));
}
