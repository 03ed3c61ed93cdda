#include "caf_pool/config/text_check.hpp"

#include "fixture.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

std::string repeated(std::string_view part, std::size_t n) {
  std::string str;
  for (std::size_t i = 0; i < n; ++i)
    str += part;
  return str;
}

std::string refused(std::string_view toml) {
  return problems_of(load_toml(toml));
}

} // namespace

// -- inputs that crash or confuse the parser ----------------------------------

TEST_CASE("inputs that abort the parser are refused in words", "[F06]") {
  CHECK_THAT(refused("[[`x]]"), ContainsSubstring("test.toml:1:3: "));
  CHECK_THAT(refused("\xc4\x8a"), ContainsSubstring("only in quotes"));
  CHECK_THAT(refused("\xef\xbb\x8d"), ContainsSubstring("only in quotes"));
}

TEST_CASE("keys and values nested without end are refused", "[F06]") {
  constexpr std::size_t many = 200'000;
  auto dots = repeated("a.", many) + "a";
  for (auto& text :
       {dots + " = 1", "[" + dots + "]", "[[" + dots + "]]", "x = {" + dots,
        "x = " + repeated("[", many), "x = " + repeated("{a=", many),
        repeated("a . ", many) + "a = 1", repeated("\"a\".", many) + "a = 1"})
    CHECK_THAT(refused(text), ContainsSubstring("too many"));
}

TEST_CASE("sixteen parts of a key are plenty", "[F06]") {
  CHECK_FALSE(detail::find_flaw(repeated("a.", 15) + "a = 1"));
  CHECK(detail::find_flaw(repeated("a.", 16) + "a = 1"));
  CHECK_FALSE(
    detail::find_flaw("a = " + repeated("[", 16) + repeated("]", 16)));
  CHECK(detail::find_flaw("a = " + repeated("[", 17) + repeated("]", 17)));
}

TEST_CASE("dots and brackets in quotes and comments are text") {
  auto dots = repeated(".", 100) + repeated("[", 100);
  for (auto& text :
       {"a = \"" + dots + "\"", "a = '" + dots + "'", "# " + dots,
        "a = \"\"\"\n" + dots + "\n\"\"\"", "a = '''\n" + dots + "\n'''",
        "a = \"\\\"" + dots + "\"", "a = \"\\\\\" # " + dots,
        "a = \"\"\"x\"\"" + dots + "\"\"\"",
        "a = \"\"\"x\"\"\"\"\"\nb = \"" + dots + "\"", "a = '\\' # " + dots})
    CHECK_FALSE(detail::find_flaw(text));
  // The quote ends before the dots.
  CHECK(detail::find_flaw("a = \"\\\\\" \n" + dots));
  CHECK(detail::find_flaw("a = \"\n" + dots));
}

TEST_CASE("a file above a mebibyte is refused", "[F06]") {
  auto text = "# " + std::string(detail::max_config_bytes, 'x');
  CHECK_THAT(refused(text), ContainsSubstring("larger than 1 MiB"));
  text.resize(detail::max_config_bytes);
  CHECK(load_toml(text));
  temp_folder folder;
  config_source source;
  source.location = folder.write("big.toml", text + "x");
  CHECK_THAT(problems_of(load(source, test_registry())),
             ContainsSubstring("is larger than 1048576 bytes"));
}

TEST_CASE("broken UTF-8 is refused with its place", "[F06]") {
  for (auto bytes : {"\xff", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                     "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\x80", "\xe2\x82",
                     "\xf5\x80\x80\x80"})
    CHECK(refused("a = 1\n# \xc3\xa9" + std::string{bytes})
          == "test.toml:2:4: this is no TOML: no valid UTF-8");
}

TEST_CASE("text of all languages is fine in quotes and comments") {
  auto toml
    = "\xef\xbb\xbf# \xe2\x82\xac \xf0\x9f\x98\x80\n"
      "[node]\nname = \"caf\xc3\xa9 \xed\x9f\xbf \xf4\x8f\xbf\xbf\"\n";
  CHECK(must_load(load_toml(toml)).node.name
        == "caf\xc3\xa9 \xed\x9f\xbf \xf4\x8f\xbf\xbf");
}

TEST_CASE("control characters are refused", "[F06]") {
  using namespace std::string_view_literals;
  for (auto text : {"a = \"\0\""sv, "# \x01"sv, "a = \"\x7f\""sv, "\x1b[31m"sv})
    CHECK_THAT(refused(text), ContainsSubstring("a control character"));
  CHECK(load_toml("# a\r\n\t# b\r\n"));
}

TEST_CASE("no file makes more problems than a person reads") {
  CHECK(load_toml(repeated("[x]\n[[y]]\n", 1)).problems().size() == 2);
  std::string toml;
  for (int i = 0; i < 20'000; ++i)
    toml += "key_number_" + std::to_string(i) + " = 1\n";
  CHECK(load_toml(toml).problems().size() == 100);
  toml.clear();
  for (int i = 0; i < 20'000; ++i)
    toml += "[pools.p" + std::to_string(i) + "]\n";
  CHECK_THAT(refused(toml), ContainsSubstring("a node has at most 56 pools"));
}

TEST_CASE("errors of the parser do not repeat what may be a password",
          "[X02][F06]") {
  // Each time somebody forgot the quotes or one of them.
  auto secret = std::string{"tS3cr3t"};
  for (auto& line : {"password = " + secret, "password = tru" + secret,
                     "password = \"" + secret, "password = '" + secret,
                     "password = 12" + secret, "password = nan" + secret,
                     "password = 0x" + secret, "password = \"x\" " + secret,
                     "password = 2020-99-" + secret, secret, "[" + secret,
                     "password = \"" + secret + "\\q\""})
    CHECK_THAT(refused("[pools.main]\n" + line + "\n"),
               !ContainsSubstring("S3cr3t"));
  CHECK_THAT(refused("password = 123456789012345678901234567890"),
             !ContainsSubstring("1234567890"));
}

// -- files --------------------------------------------------------------------

TEST_CASE("a pipe in place of a file is refused without waiting for it") {
  temp_folder folder;
  auto path = folder.path() / "pipe.toml";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  config_source source;
  source.location = path;
  CHECK_THAT(problems_of(load(source, test_registry())),
             ContainsSubstring("is no regular file"));
}

TEST_CASE("a file's name cannot forge lines of a log") {
  temp_folder folder;
  config_source source;
  source.location = folder.write("a\nERROR b.toml", "x = 1\n");
  CHECK(problems_of(load(source, test_registry()))
        == "a?ERROR b.toml:1:1: x: is no known key; known are node, remote, "
           "admin, log, defaults, pools");
}
