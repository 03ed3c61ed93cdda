#include "caf_pool/core/percent.hpp"

#include "support/catch_compat.hpp"

#include <string>

using namespace caf_pool;

TEST_CASE("a text without per cent signs is decoded as it is") {
  for (auto text : {"", "a", "/x?y=z&a+b", "\x01\x7f\xC3\xA4"})
    CHECK(percent_decoded(text) == text);
}

TEST_CASE("a per cent sign and two digits are a byte") {
  CHECK(percent_decoded("%41") == "A");
  CHECK(percent_decoded("a%20b%2Fc%2fd") == "a b/c/d");
  CHECK(percent_decoded("%C3%a4") == "\xC3\xA4");
  CHECK(percent_decoded("%00") == std::string(1, '\0'));
  CHECK(percent_decoded("%ff%FF") == "\xFF\xFF");
}

TEST_CASE("a text is decoded once") {
  CHECK(percent_decoded("%2541") == "%41");
  CHECK(percent_decoded("%25%34%31") == "%41");
}

TEST_CASE("a per cent sign without two digits is refused") {
  for (auto text : {"%", "%4", "a%", "a%4", "%4g", "%g4", "%%41", "%4%41",
                    "% 1", "%-1", "%0x41"})
    CHECK_FALSE(percent_decoded(text));
}

TEST_CASE("every byte has a sequence that is decoded to it") {
  for (int i = 0; i < 256; ++i) {
    auto digit = [](int x) { return "0123456789abcdef"[x]; };
    auto text = std::string{'%', digit(i / 16), digit(i % 16)};
    CHECK(percent_decoded(text) == std::string(1, static_cast<char>(i)));
  }
}
