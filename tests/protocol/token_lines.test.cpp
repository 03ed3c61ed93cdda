#include "caf_pool/protocol/token_lines.hpp"

#include "support/catch_compat.hpp"

#include <string>

using namespace caf_pool;

namespace {

const std::string hash(64, 'a');

std::string problems_of(std::string_view text) {
  auto lines = parse_token_lines(text, "/etc/tokens");
  REQUIRE(!lines);
  CHECK(lines.error().code == errc::config_invalid);
  return lines.error().message;
}

} // namespace

TEST_CASE("a line of a token file names who may log in as what") {
  auto text
    = "# a comment\n\n  \t\nshop  use\t0123456789abcdef # trailing\n"
      "ctl operate sha256:"
      + hash;
  auto lines = parse_token_lines(text, "tokens");
  REQUIRE(lines);
  REQUIRE(lines->size() == 2);
  auto& shop = lines->at(0);
  CHECK(shop.name == "shop");
  CHECK(shop.may == role::use);
  CHECK(shop.token == "0123456789abcdef");
  CHECK_FALSE(shop.hashed);
  CHECK(shop.number == 4);
  auto& ctl = lines->at(1);
  CHECK(ctl.may == role::operate);
  CHECK(ctl.token == hash);
  CHECK(ctl.hashed);
  CHECK(ctl.number == 5);
}

TEST_CASE("a token file without lines is read") {
  for (auto text : {"", "\n", "\r\n", "# nobody", "#", " \t"})
    CHECK(parse_token_lines(text, "tokens")->empty());
}

TEST_CASE("what is wrong with a token file is said for each line",
          "[security-S7]") {
  CHECK(problems_of("a use short\n# fine\nb rule 0123456789abcdef\nc\n"
                    "d use 0123456789abcdef more\ne use sha256:12\nf use sha256:"
                    + std::string(64, 'g'))
        == "/etc/tokens:1: a token has 16 characters at least\n"
           "/etc/tokens:3: \"rule\" is no role; there are read, use and "
           "operate\n"
           "/etc/tokens:4: expected name, role and token\n"
           "/etc/tokens:5: expected name, role and token\n"
           "/etc/tokens:6: after \"sha256:\" there have to be 64 hexadecimal "
           "digits\n"
           "/etc/tokens:7: after \"sha256:\" there have to be 64 hexadecimal "
           "digits");
}

TEST_CASE("a token in the wrong column of a token file is not shown",
          "[security-S7]") {
  auto token = std::string{"S3cr3tCanary0123"};
  for (auto& line : {"shop " + token + " use", token + " use shop",
                     "shop use " + token + ' ' + token, token, "x " + token})
    CHECK(problems_of(line).find("Canary") == std::string::npos);
  CHECK(problems_of("shop a\x1b[2J 0123456789abcdef").find('\x1b')
        == std::string::npos);
}

TEST_CASE("every role has a name and is found by it") {
  for (auto x : {role::read, role::use, role::operate})
    CHECK(role_from_string(to_string(x)) == x);
  CHECK_FALSE(role_from_string("Use"));
  CHECK_FALSE(role_from_string(""));
}
